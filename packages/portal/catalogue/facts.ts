import { AUTH_KEY_ORDER } from '@portline/wire/envelope.ts'
import type { EventTraits } from '@portline/wire/events/catalogue.ts'
import type { PhpMap } from '@portline/wire/form/value.ts'
import type { PortalContext } from '../context.ts'
import { authBlock } from '../portal/auth-block.ts'
import type { Hit } from '../portal/raise-event.ts'
import { ADMIN_ID, FIRST_LINE_ID } from '../world/default-world.ts'
import type { Chat } from '../world/open-lines.ts'
import type { App, User } from '../world/state.ts'
import type { SampleChat, SampleFacts } from './sample.ts'

/** What the portal has that sample data can be about. `app`: the one the event is about, if it is about one. */
export function sampleFacts(context: PortalContext, hit: Hit, app: App | undefined): SampleFacts {
  const { world, clock } = context
  const user = world.user(hit.userId) ?? world.user(ADMIN_ID) ?? NOBODY
  const colleague = world.users().find(({ id, active }) => id !== user.id && active) ?? user
  const connector = connectorFor(context, app)
  const chat = world.openLines.chats().findLast((row) => row.connector === connector)
  return {
    user,
    colleague,
    newcomer: world.users().at(-1) ?? user,
    app,
    connector,
    line: chat?.line ?? world.lines()[0]?.id ?? FIRST_LINE_ID,
    chat: chat === undefined ? MADE_UP_CHAT : chatFacts(context, chat),
    id: (kind, otherwise) => world.records.ids(kind).at(-1) ?? otherwise,
    nowMs: clock.now(),
    botAuth: () => (app?.active === true ? botAuth(context, app, colleague.id, hit.session) : UNMINTED),
  }
}

const NOBODY: User = { id: ADMIN_ID, name: '', lastName: '', email: '', admin: true, active: true, registered: '2024-01-15' }

/** Nobody has registered it, so its events are nobody's. */
const MADE_UP_CONNECTOR = 'myconnector'

function connectorFor({ world }: PortalContext, app: App | undefined): string {
  const registered = world.connectors().filter(({ clientId }) => app === undefined || clientId === app.clientId)
  const onLine = registered.find(({ id }) => world.lineConnectors().some((row) => row.connector === id && row.active))
  return (onLine ?? registered[0])?.id ?? MADE_UP_CONNECTOR
}

const MADE_UP_CHAT: SampleChat = {
  id: 1_807, messageId: 86_497, sessionId: 3_282, parentSessionId: 0, externalId: 'channel-123', externalMessageId: 'ext-msg-005',
  externalUserId: 'visitor-8',
}

function chatFacts({ world: { openLines } }: PortalContext, chat: Chat): SampleChat {
  const messages = openLines.messages(chat.id)
  return {
    id: chat.id,
    messageId: messages.at(-1)?.id ?? MADE_UP_CHAT.messageId,
    sessionId: chat.session?.id ?? MADE_UP_CHAT.sessionId,
    parentSessionId: chat.session?.parentId ?? 0,
    externalId: chat.externalId,
    externalMessageId: messages.at(-1)?.externalIds[0] ?? MADE_UP_CHAT.externalMessageId,
    externalUserId: openLines.visitor(chat.visitorId)?.externalId ?? '0',
  }
}

const BOT_TRAITS: EventTraits = { scope: 'imbot', queue: 'bot', sendAuth: true, sendRefreshToken: true }

function botAuth(context: PortalContext, app: App, userId: number, session: number): PhpMap {
  return { ...authBlock(context, app, userId, session, BOT_TRAITS) }
}

/** Shown in the catalogue, where no app is there to mint tokens for. */
const UNMINTED = Object.fromEntries(
  AUTH_KEY_ORDER.filter((key) => key !== 'date_finish').map((key) => [key, `(${key} of the bot)`]),
)
