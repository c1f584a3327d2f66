import type { IncomingMessage } from '../../../portal/open-lines/incoming.ts'
import { findReceived, receive } from '../../../portal/open-lines/incoming.ts'
import { flagsOf } from '../../../portal/open-lines/flags.ts'
import { IMCONNECTOR_SCOPE, requireText } from '../../connector-params.ts'
import type { RestCall, RestMethod } from '../../method.ts'
import { PHP_OBJECT } from '../../php-json.ts'
import type { Channel } from './channel.ts'
import { requireActive, requireProvider } from './channel.ts'
import type { Element } from './elements.ts'
import { filesOf, looseElements, requireMessages, requireStructure, textsOf } from './elements.ts'

/** One failed element doesn't fail the call: it has SUCCESS false and ERRORS, a list of texts. */
interface ElementResult {
  readonly user: unknown
  readonly message?: unknown
  readonly chat?: unknown
  readonly extra?: unknown
  readonly SUCCESS: boolean
  readonly ERRORS?: readonly string[]
  readonly session?: { readonly ID: string; readonly CHAT_ID: string }
}

interface MessagesAnswer {
  readonly SUCCESS: true
  readonly DATA: { readonly RESULT: readonly ElementResult[] }
}

const NOT_ALL_DATA = 'Not all the required data is specified'

function methodFor(command: keyof typeof COMMANDS): RestMethod {
  return { name: `imconnector.${command}.messages`, scopes: IMCONNECTOR_SCOPE, run: (call) => handle(call, command) }
}

/** imconnector-send-messages.md and its two neighbours. Arguments first, then the connector, then the line. */
function handle(call: RestCall, command: keyof typeof COMMANDS): MessagesAnswer {
  requireText(call.params, 'CONNECTOR')
  requireText(call.params, 'LINE')
  const messages = requireMessages(call.params)
  const elements = command === 'send' ? requireStructure(messages) : looseElements(messages)
  const channel = requireProvider(call)
  requireActive(call, channel)
  return { SUCCESS: true, DATA: { RESULT: elements.map((element) => COMMANDS[command](call, channel, element)) } }
}

const COMMANDS = { send: sendOne, update: updateOne, delete: deleteOne } as const

function sendOne(call: RestCall, { connector, line }: Channel, element: Element): ElementResult {
  const incoming = readIncoming(element)
  if (incoming === undefined || isEmpty(incoming)) return failed(element)
  const { visitor, chat, session } = receive(call.context, call.hit, connector, line, incoming)
  const ids = { ID: String(session.id), CHAT_ID: String(chat.id) }
  return { user: String(visitor.id), ...processed(element, incoming), SUCCESS: true, session: ids }
}

/** A message that isn't there is no failure: the module reports what it understood, not what it found. */
function updateOne(call: RestCall, channel: Channel, element: Element): ElementResult {
  const incoming = readIncoming(element)
  if (incoming === undefined || isEmpty(incoming)) return failed(element)
  const found = findReceived(call.context, channel.connector, channel.line, incoming, incoming.message.id)
  const { text, files } = incoming.message
  if (found?.message !== undefined) call.context.world.openLines.changeMessage(found.message, { text, files })
  return { user: visitorId(call, channel, incoming, found), ...processed(element, incoming), SUCCESS: true }
}

/** Without DEL_EXTERNAL_MESSAGES the message stays. */
function deleteOne(call: RestCall, channel: Channel, element: Element): ElementResult {
  const incoming = readIncoming(element)
  if (incoming === undefined) return failed(element)
  const found = findReceived(call.context, channel.connector, channel.line, incoming, incoming.message.id)
  const mayDelete = flagsOf(channel.connector).DEL_EXTERNAL_MESSAGES
  if (mayDelete && found?.message !== undefined) call.context.world.openLines.removeMessage(found.message.id)
  const user = visitorId(call, channel, incoming, found)
  return { user, message: element.message, chat: describedChat(incoming), SUCCESS: true }
}

/** Somebody not seen before gets his number here too. */
function visitorId(
  { context }: RestCall, { connector }: Channel, { user }: IncomingMessage, found: ReturnType<typeof findReceived>,
): string {
  const visitor = found?.visitor ?? context.world.openLines.putVisitor(connector.id, user['id'] ?? '', { ...user })
  return String(visitor.id)
}

/** undefined without user.id or chat.id. */
function readIncoming({ user, message, chat }: Element): IncomingMessage | undefined {
  const [userTexts, chatTexts, texts] = [textsOf(user), textsOf(chat), textsOf(message)]
  if (userTexts['id'] === undefined || chatTexts['id'] === undefined) return undefined
  const employeeId = texts['user_id'] === undefined ? undefined : Number(texts['user_id'])
  const { id = '', text = '' } = texts
  return { user: userTexts, chat: chatTexts, message: { id, text, files: filesOf(message['files']), employeeId } }
}

function isEmpty({ message }: IncomingMessage): boolean {
  return message.text === '' && message.files.length === 0
}

function failed({ user, message, chat }: Element): ElementResult {
  return { user, message, chat, SUCCESS: false, ERRORS: [NOT_ALL_DATA] }
}

/** Dates come back as empty objects, disable_crm and skip_phone_validate as `extra`. */
function processed({ user, message }: Element, incoming: IncomingMessage): Record<string, unknown> {
  const { disable_crm: disableCrm, ...rest } = message
  const extra = {
    ...(user['skip_phone_validate'] === 'Y' ? { skip_phone_validate: 'Y' } : {}),
    ...(disableCrm === 'Y' ? { disable_tracker: 'Y' } : {}),
  }
  return {
    message: { ...rest, ...(incoming.message.files.length === 0 ? {} : { files: incoming.message.files }), ...dateOf(message) },
    chat: describedChat(incoming),
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  }
}

function dateOf(message: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return textsOf(message)['date'] === undefined ? {} : { date: PHP_OBJECT }
}

function describedChat({ chat }: IncomingMessage): Record<string, string> {
  const { url, ...rest } = chat
  return url === undefined ? rest : { ...rest, description: `Link to the original post: ${url}` }
}

export const connectorMessageMethods = [methodFor('send'), methodFor('update'), methodFor('delete')]
