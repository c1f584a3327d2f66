import { flagsOf } from '../../../portal/open-lines/flags.ts'
import { IMCONNECTOR_SCOPE, ownConnector, requireText } from '../../connector-params.ts'
import { argumentMissing, RestError } from '../../errors.ts'
import type { RestCall, RestMethod } from '../../method.ts'
import { plainText } from '../../params.ts'
import { PHP_OBJECT } from '../../php-json.ts'
import type { Channel } from './channel.ts'
import { requireActive, requireProvider } from './channel.ts'
import { externalIdsOf, looseElements, requireMessages } from './elements.ts'

interface Accepted {
  readonly SUCCESS: true
  readonly DATA: readonly never[]
}

const ACCEPTED: Accepted = { SUCCESS: true, DATA: [] }

/**
 * imconnector-send-status-delivery.md: an operator's message has arrived. Its external ids are kept, without which an edit
 * or a deletion of it would not be told. An element that fits no message changes nothing, and is no error.
 */
const delivery: RestMethod = { name: 'imconnector.send.status.delivery', scopes: IMCONNECTOR_SCOPE, run: confirmDelivery }

function confirmDelivery(call: RestCall): Accepted {
  const { connector, line, elements } = readStatuses(call)
  const { openLines } = call.context.world
  for (const { im, message } of elements) {
    const [chatId, messageId] = [Number(plainText(im['chat_id'])), Number(plainText(im['message_id']))]
    const chat = openLines.chat(chatId)
    const sent = openLines.message(messageId)
    if (chat?.connector !== connector.id || chat.line !== line || sent?.chatId !== chatId || sent.from === 'visitor') continue
    const externalIds = [...new Set([...sent.externalIds, ...externalIdsOf(message['id'])])]
    openLines.changeMessage(sent, { delivered: true, externalIds })
  }
  return ACCEPTED
}

/** imconnector-send-status-reading.md; the source's handler is a stub, so it is taken and nothing changes. */
const reading: RestMethod = {
  name: 'imconnector.send.status.reading',
  scopes: IMCONNECTOR_SCOPE,
  run: (call) => {
    readStatuses(call)
    return ACCEPTED
  },
}

function readStatuses(call: RestCall): Channel & { elements: ReturnType<typeof looseElements> } {
  requireText(call.params, 'CONNECTOR')
  requireText(call.params, 'LINE')
  const messages = requireMessages(call.params)
  return { ...requireProvider(call), elements: looseElements(messages) }
}

/** Undocumented: the app reports that the connector is out of order on the line. It stops working there, without an event. */
const setError: RestMethod = {
  name: 'imconnector.set.error',
  scopes: IMCONNECTOR_SCOPE,
  run: (call) => {
    const { connector, line } = requireProvider(call)
    const { world } = call.context
    if (world.lineConnector(line, connector.id) !== undefined) {
      world.changeLineConnector(line, connector.id, { active: false, error: true })
    }
    return ACCEPTED
  },
}

/** imconnector-chat-name-set.md. USER_ID is needed unless the connector was registered with CHAT_GROUP. */
const chatNameSet: RestMethod = { name: 'imconnector.chat.name.set', scopes: IMCONNECTOR_SCOPE, run: setChatName }

function setChatName(call: RestCall): object {
  const { params, context } = call
  for (const name of ['CONNECTOR', 'LINE', 'CHAT_ID', 'NAME']) requireFilled(call, name)
  const own = ownConnector(call)
  const isGroup = own !== undefined && flagsOf(own).CHAT_GROUP
  if (!isGroup) requireFilled(call, 'USER_ID')
  const channel = requireProvider(call)
  requireActive(call, channel)
  const { openLines } = context.world
  const userId = params.text('USER_ID') ?? ''
  const visitorId = isGroup ? 0 : openLines.findVisitor(channel.connector.id, userId)?.id ?? Number(userId)
  const externalId = params.text('CHAT_ID') ?? ''
  const chat = openLines.findChat({ connector: channel.connector.id, line: channel.line, externalId, visitorId })
  if (chat === undefined) throw new RestError('CHAT_RENAMING_FAILED')
  openLines.renameChat(chat, params.text('NAME') ?? '')
  return { SUCCESS: true, DATA: { RESULT: PHP_OBJECT } }
}

/** PHP's empty(): '0' is empty, too. */
function requireFilled({ params }: RestCall, name: string): void {
  const text = params.text(name)
  if (text === undefined || text === '0') throw argumentMissing(name)
}

export const connectorStatusMethods = [delivery, reading, setError, chatNameSet]
