import type { PortalContext } from '../../context.ts'
import type { Connector } from '../../world/state.ts'
import type { Chat, Message, Session, Visitor } from '../../world/open-lines.ts'
import type { Hit } from '../raise-event.ts'
import { raiseEvent } from '../raise-event.ts'
import { ensureSession } from './dialog.ts'
import { flagsOf } from './flags.ts'
import { watched } from './operator.ts'

/** A visitor's message as the app passes it on, checked: texts only, user.id and chat.id not empty. */
export interface IncomingMessage {
  readonly user: Readonly<Record<string, string>>
  readonly chat: Readonly<Record<string, string>>
  readonly message: {
    readonly id: string
    readonly text: string
    readonly files: readonly Readonly<Record<string, string>>[]
    /** message.user_id: an employee who writes in the visitor's place. */
    readonly employeeId: number | undefined
  }
}

type Sender = Pick<IncomingMessage, 'user' | 'chat'>

/** Characters of a visitor's name and last name. */
const NAME_CHARS = 25

/** Creates visitor, chat and session as needed, ONIMCONNECTORDIALOGSTART with the session, and keeps the message. */
export function receive(
  context: PortalContext, hit: Hit, connector: Connector, line: number, incoming: IncomingMessage,
): { visitor: Visitor; chat: Chat; session: Session } {
  const lines = context.world.openLines
  const visitor = lines.putVisitor(connector.id, incoming.user['id'] ?? '', visitorFields(incoming.user))
  const chat = findChat(context, connector, line, incoming, visitor) ?? lines.addChat({
    ...chatKey(connector, line, incoming, visitor), name: incoming.chat['name'] ?? chatName(context, line, visitor),
  })
  const { session } = ensureSession(context, hit, connector, chat)
  const message = lines.addMessage({
    chatId: chat.id, from: 'visitor', userId: incoming.message.employeeId ?? visitor.id, text: incoming.message.text,
    files: incoming.message.files, externalIds: [incoming.message.id], delivered: true,
    date: new Date(context.clock.now()).toISOString(),
  })
  raiseEvent(context, hit, { event: 'ONOPENLINEMESSAGEADD', data: { DATA: [watched(chat, message)] } })
  return { visitor, chat, session }
}

/** The visitor's message that has the external id; undefined when there is none in his chat. */
export function findReceived(
  context: PortalContext, connector: Connector, line: number, incoming: Sender, externalId: string,
): { visitor: Visitor; message: Message | undefined } | undefined {
  const visitor = context.world.openLines.findVisitor(connector.id, incoming.user['id'] ?? '')
  if (visitor === undefined) return undefined
  const chat = findChat(context, connector, line, incoming, visitor)
  const messages = chat === undefined ? [] : context.world.openLines.messages(chat.id)
  return { visitor, message: messages.find((message) => message.from === 'visitor' && message.externalIds.includes(externalId)) }
}

function findChat(
  context: PortalContext, connector: Connector, line: number, incoming: Pick<IncomingMessage, 'chat'>, visitor: Visitor,
): Chat | undefined {
  return context.world.openLines.findChat(chatKey(connector, line, incoming, visitor))
}

function chatKey(connector: Connector, line: number, incoming: Pick<IncomingMessage, 'chat'>, visitor: Visitor) {
  const visitorId = flagsOf(connector).CHAT_GROUP ? 0 : visitor.id
  return { connector: connector.id, line, externalId: incoming.chat['id'] ?? '', visitorId }
}

function chatName(context: PortalContext, line: number, visitor: Visitor): string {
  const name = [visitor.fields['name'], visitor.fields['last_name']].filter(Boolean).join(' ')
  return `${name} - ${context.world.line(line)?.name ?? ''}`
}

/** A name of two words without a last name is taken apart first (module source), then each is cut. */
function visitorFields(user: Readonly<Record<string, string>>): Record<string, string> {
  const words = (user['name'] ?? '').split(' ')
  const isFullName = (user['last_name'] ?? '') === '' && words.length === 2
  const [name, lastName] = isFullName ? words : [user['name'], user['last_name']]
  const shown = (name ?? '') === '' && (lastName ?? '') === '' ? GUEST : name
  return { ...user, name: cut(shown), last_name: cut(lastName) }
}

const GUEST = 'Guest'

function cut(text: string | undefined): string {
  return Array.from(text ?? '').slice(0, NAME_CHARS).join('')
}
