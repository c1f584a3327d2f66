import { CodedError } from '@portline/wire/errors.ts'
import type { PortalContext } from '../../context.ts'
import type { Connector } from '../../world/state.ts'
import type { Chat, Message } from '../../world/open-lines.ts'
import { isWorking } from '../connectors.ts'
import type { Hit, Raised } from '../raise-event.ts'
import { bothRaised, NOTHING_RAISED, portalHit, raiseEvent } from '../raise-event.ts'
import { ensureSession, finishSession } from './dialog.ts'
import { flagsOf } from './flags.ts'

/** What an operator does in a chat of an open line. `userId` 0: the line itself, an automatic message. */
export interface OperatorAction {
  readonly chat: Chat
  readonly connector: Connector
  readonly userId: number
}

/**
 * A message of an operator, or with `userId` 0 one of the line's own: ONIMCONNECTORMESSAGEADD to the connector's app, and a
 * new session when the last one was closed. BAD_REQUEST when the connector isn't working on the line, as a portal refuses.
 */
export function answer(
  context: PortalContext, { chat, connector, userId }: OperatorAction, text: string,
): { message: Message; raised: Raised } {
  if (!isWorking(context.world.lineConnector(chat.line, chat.connector))) {
    throw new CodedError('BAD_REQUEST', 'The connector is not working on the line: see imconnector.status')
  }
  const hit = portalHit(userId)
  const { raised: started } = ensureSession(context, hit, connector, chat)
  const message = context.world.openLines.addMessage({
    chatId: chat.id, from: userId === 0 ? 'system' : 'operator', userId, text, files: [], externalIds: [], delivered: false,
    date: new Date(context.clock.now()).toISOString(),
  })
  const silent = userId === 0 && !flagsOf(connector).NEED_SYSTEM_MESSAGES
  const sent = silent ? NOTHING_RAISED : raiseAdded(context, hit, connector, chat, message)
  return { message, raised: bothRaised(started, sent) }
}

function raiseAdded(context: PortalContext, hit: Hit, connector: Connector, chat: Chat, message: Message): Raised {
  const im = { chat_id: chat.id, message_id: message.id }
  const text = signed(context, connector, message, '[/b] [br]')
  const own = { im, message: { user_id: message.userId, text }, chat: { id: chat.externalId } }
  return bothRaised(
    raiseMessages(context, hit, 'ONIMCONNECTORMESSAGEADD', connector, chat, [own]),
    raiseEvent(context, hit, { event: 'ONOPENLINEMESSAGEADD', data: { DATA: [watched(chat, message)] } }),
  )
}

/** ONIMCONNECTORMESSAGEUPDATE, if the app has told the message's external id and takes edits. */
export function edit(context: PortalContext, action: OperatorAction, message: Message, text: string): Raised {
  const { chat, connector, userId } = action
  context.world.openLines.changeMessage(message, { text })
  if (message.externalIds.length === 0) return NOTHING_RAISED
  const seen = raiseWatched(context, portalHit(userId), 'ONOPENLINEMESSAGEUPDATE', chat, message)
  if (!flagsOf(connector).EDIT_INTERNAL_MESSAGES) return seen
  const im = { chat_id: chat.id, message_id: message.id }
  const changed = { id: [...message.externalIds], text: signed(context, connector, message, '[/b][br] ') }
  const element = { im, message: changed, chat: { id: chat.externalId } }
  return bothRaised(raiseMessages(context, portalHit(userId), 'ONIMCONNECTORMESSAGEUPDATE', connector, chat, [element]), seen)
}

/** ONIMCONNECTORMESSAGEDELETE with one element per external id, if the app has told any and takes deletions. */
export function erase(context: PortalContext, { chat, connector, userId }: OperatorAction, message: Message): Raised {
  context.world.openLines.removeMessage(message.id)
  if (message.externalIds.length === 0) return NOTHING_RAISED
  const seen = raiseWatched(context, portalHit(userId), 'ONOPENLINEMESSAGEDELETE', chat, message)
  if (!flagsOf(connector).DEL_INTERNAL_MESSAGES) return seen
  const im = { chat_id: chat.id, message_id: message.id }
  const elements = message.externalIds.map((id) => ({ im, message: { id }, chat: { id: chat.externalId } }))
  return bothRaised(raiseMessages(context, portalHit(userId), 'ONIMCONNECTORMESSAGEDELETE', connector, chat, elements), seen)
}

/** BAD_REQUEST when no session is open. */
export function close(context: PortalContext, { chat, connector, userId }: OperatorAction): Raised {
  const { session } = chat
  if (session === undefined || session.closed) throw new CodedError('BAD_REQUEST', 'The chat has no open session')
  return finishSession(context, portalHit(userId), connector, chat, session)
}

function raiseMessages(
  context: PortalContext, hit: Hit, event: string, connector: Connector, chat: Chat, MESSAGES: readonly MessageElement[],
): Raised {
  const channel = { CONNECTOR: connector.id, LINE: chat.line }
  return raiseEvent(context, hit, { event, data: { ...channel, MESSAGES }, onlyFor: connector.clientId })
}

/** To any app with the scope, whoever owns the connector. */
function raiseWatched(context: PortalContext, hit: Hit, event: string, chat: Chat, { id }: Message): Raised {
  const element = { im: { chat_id: chat.id, message_id: id }, message: { id }, chat: { id: chat.id } }
  return raiseEvent(context, hit, { event, data: { CONNECTOR: chat.connector, LINE: chat.line, DATA: [element] } })
}

type MessageElement = Readonly<Record<string, Readonly<Record<string, string | number | readonly string[]>>>>

/** The operator's name in bold before the text, unless the connector was registered without NEED_SIGNATURE. */
function signed(context: PortalContext, connector: Connector, message: Message, after: string): string {
  const user = message.userId === 0 ? undefined : context.world.user(message.userId)
  if (user === undefined || !flagsOf(connector).NEED_SIGNATURE) return message.text
  return `[b]${user.name} ${user.lastName}:${after}${message.text}`
}

/** An element of ONOPENLINEMESSAGEADD, which any app with the scope may watch. */
export function watched(chat: Chat, message: Message) {
  return {
    connector: { connector_id: chat.connector, line_id: chat.line, chat_id: chat.externalId, user_id: chat.visitorId },
    chat: { id: chat.id },
    message: {
      id: message.id, date: '', text: message.text, files: [], attach: '', system: message.from === 'system' ? 'Y' : 'N',
      user_id: message.userId,
    },
    ref: [],
    extra: { EXTRA_URL: '' },
  }
}
