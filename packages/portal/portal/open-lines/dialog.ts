import type { PortalContext } from '../../context.ts'
import type { Connector } from '../../world/state.ts'
import type { Chat, Session } from '../../world/open-lines.ts'
import type { Hit, Raised } from '../raise-event.ts'
import { bothRaised, raiseEvent } from '../raise-event.ts'

/** Minutes a closed dialog could still be taken up again; the figure of the documentation's example. */
const CLOSE_TERM_MINUTES = 10

/** The chat's open session, or a new one with its event. @returns what was raised, too */
export function ensureSession(
  context: PortalContext, hit: Hit, connector: Connector, chat: Chat,
): { session: Session; raised: Raised } {
  if (chat.session !== undefined && !chat.session.closed) return { session: chat.session, raised: { queued: 0, skipped: [] } }
  const session = context.world.openLines.openSession(chat)
  return { session, raised: raiseDialog(context, hit, connector, chat, session, ['ONIMCONNECTORDIALOGSTART', 'ONSESSIONSTART']) }
}

export function finishSession(context: PortalContext, hit: Hit, connector: Connector, chat: Chat, session: Session): Raised {
  context.world.openLines.closeSession(session)
  return raiseDialog(context, hit, connector, chat, session, ['ONIMCONNECTORDIALOGFINISH', 'ONSESSIONFINISH'])
}

/** One event for the app of the connector, one for everybody who watches open lines. */
function raiseDialog(
  context: PortalContext, hit: Hit, connector: Connector, chat: Chat, session: Session, codes: readonly [string, string],
): Raised {
  const DATA = [dialogData(context, chat, session)]
  const own = { event: codes[0], data: { CONNECTOR: connector.id, LINE: chat.line, DATA }, onlyFor: connector.clientId }
  return bothRaised(raiseEvent(context, hit, own), raiseEvent(context, hit, { event: codes[1], data: { DATA } }))
}

/** chat.id and user.id are the external system's; connector.user_id is the visitor's own here, 0 in a group chat. */
function dialogData(context: PortalContext, chat: Chat, session: Session) {
  const visitor = context.world.openLines.visitor(chat.visitorId)
  return {
    connector: { connector_id: chat.connector, line_id: chat.line, chat_id: chat.externalId, user_id: chat.visitorId },
    session: { id: session.id, closed: session.closed ? 'Y' : 'N', parent_id: session.parentId, close_term: CLOSE_TERM_MINUTES },
    chat: { id: chat.externalId },
    user: { id: visitor?.externalId ?? 0 },
  }
}
