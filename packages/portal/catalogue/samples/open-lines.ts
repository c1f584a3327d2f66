import type { ImConnectorEvents } from '@portline/wire/events/imconnector.ts'
import type { ImOpenLinesEvents } from '@portline/wire/events/imopenlines.ts'
import type { SampleFacts, SamplesOf } from '../sample.ts'
import { fullName } from '../sample.ts'

const messages = <Message>({ connector, line, chat }: SampleFacts, message: Message) => ({
  CONNECTOR: connector, LINE: line,
  MESSAGES: [{ im: { chat_id: chat.id, message_id: chat.messageId }, message, chat: { id: chat.externalId } }],
})

/** Operators' names go before what they write, in BB code. */
const signed = ({ user }: SampleFacts, text: string): string => `[b]${fullName(user)}:[/b] [br]${text}`

const dialog = ({ connector, line, chat }: SampleFacts, closed: 'Y' | 'N') => ({
  connector: { connector_id: connector, line_id: line, chat_id: chat.externalId, user_id: chat.externalUserId },
  session: { id: chat.sessionId, closed, parent_id: chat.parentSessionId, close_term: 10 },
  chat: { id: chat.externalId },
  user: { id: chat.externalUserId },
})

const dialogs = (facts: SampleFacts, closed: 'Y' | 'N') => ({
  CONNECTOR: facts.connector, LINE: facts.line, DATA: [dialog(facts, closed)],
})

export const IMCONNECTOR_SAMPLES: SamplesOf<ImConnectorEvents> = {
  ONIMCONNECTORMESSAGEADD: (facts) => messages(facts, { user_id: facts.user.id, text: signed(facts, 'Good morning!') }),
  ONIMCONNECTORMESSAGEUPDATE: (facts) =>
    messages(facts, { id: [facts.chat.externalMessageId], text: signed(facts, 'Good morning, how can I help?') }),
  ONIMCONNECTORMESSAGEDELETE: (facts) => messages(facts, { id: facts.chat.externalMessageId }),
  ONIMCONNECTORDIALOGSTART: (facts) => dialogs(facts, 'N'),
  ONIMCONNECTORDIALOGFINISH: (facts) => dialogs(facts, 'Y'),
  ONIMCONNECTORSTATUSDELETE: ({ connector, line }) => ({ connector, line }),
  ONIMCONNECTORLINEDELETE: ({ line }) => line,
}

/** Here ids are the portal's own, for any app may watch. */
const change = ({ connector, line, chat }: SampleFacts) => ({
  CONNECTOR: connector, LINE: line,
  DATA: [{ im: { chat_id: chat.id, message_id: chat.messageId }, message: { id: chat.messageId }, chat: { id: chat.id } }],
})

export const IMOPENLINES_SAMPLES: SamplesOf<ImOpenLinesEvents> = {
  ONOPENLINEMESSAGEADD: ({ connector, line, chat, user }) => ({
    DATA: [{
      connector: { connector_id: connector, line_id: line, chat_id: chat.externalId, user_id: chat.externalUserId },
      chat: { id: chat.id },
      message: { id: chat.messageId, date: '', text: 'Good morning!', attach: '', system: 'N', user_id: user.id },
      extra: { EXTRA_URL: '' },
    }],
  }),
  ONOPENLINEMESSAGEUPDATE: change,
  ONOPENLINEMESSAGEDELETE: change,
  ONSESSIONSTART: (facts) => ({ DATA: [dialog(facts, 'N')] }),
  ONSESSIONFINISH: (facts) => ({ DATA: [dialog(facts, 'Y')] }),
}
