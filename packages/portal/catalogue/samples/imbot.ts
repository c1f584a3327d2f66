import type { ImBotEvents } from '@portline/wire/events/imbot.ts'
import type { SampleFacts, SamplesOf } from '../sample.ts'
import { fullName } from '../sample.ts'

const BOT_CODE = 'support_bot'
const CHAT_ID = 1_407
const MESSAGE_ID = 84_331
const COMMAND_ID = 103
const LANGUAGE = 'en'

const botEntry = ({ colleague, app, botAuth }: SampleFacts) => {
  const auth = { ...botAuth(), client_id: app?.clientId ?? '' }
  return { ...auth, AUTH: auth, BOT_ID: colleague.id, BOT_CODE }
}

const toBot = (facts: SampleFacts) => ({ [facts.colleague.id]: botEntry(facts) })

const named = ({ user }: SampleFacts) => ({
  ID: user.id, NAME: fullName(user), FIRST_NAME: user.name, LAST_NAME: user.lastName, GENDER: 'F',
})
const author = (facts: SampleFacts) => ({ ...named(facts), WORK_POSITION: '' })
const writer = (facts: SampleFacts) =>
  ({ ...author(facts), IS_BOT: 'N', IS_CONNECTOR: 'N', IS_NETWORK: 'N', IS_EXTRANET: 'N' }) as const

/** A private dialog: its id is that of the user. */
const privateDialog = ({ user, colleague }: SampleFacts) => ({
  MESSAGE_ID, MESSAGE_TYPE: 'P', CHAT_TYPE: 'P', AUTHOR_ID: user.id, FROM_USER_ID: user.id, TO_USER_ID: colleague.id,
  DIALOG_ID: user.id, LANGUAGE,
} as const)

const sending = {
  TEMPLATE_ID: '796c45aa-70e5-45aa-930c-c7fb32710c62', TO_CHAT_ID: CHAT_ID, SYSTEM: 'N', PUSH: 'Y', PUSH_IMPORTANT: 'N',
  RECENT_SKIP_AUTHOR: 'N', CONVERT: 'N', SKIP_COMMAND: 'N', SKIP_COUNTER_INCREMENTS: 'N', SILENT_CONNECTOR: 'N',
  SKIP_CONNECTOR: 'N', IMPORTANT_CONNECTOR: 'N', NO_SESSION_OL: 'N', FAKE_RELATION: 0, SKIP_URL_INDEX: 'N',
} as const

const changed = (facts: SampleFacts, text: string) => ({
  ...privateDialog(facts), ID: MESSAGE_ID, CHAT_ID, MESSAGE: text, CHAT_AUTHOR_ID: facts.colleague.id, CHAT_ENTITY_ID: '',
  CHAT_ENTITY_DATA_1: '', CHAT_ENTITY_DATA_2: '', CHAT_ENTITY_DATA_3: '',
})

const joined = ({ user, colleague }: SampleFacts) => ({
  CHAT_TYPE: 'P', MESSAGE_TYPE: 'P', BOT_ID: colleague.id, USER_ID: user.id, TO_USER_ID: user.id, FROM_USER_ID: colleague.id,
  DIALOG_ID: user.id, LANGUAGE,
} as const)

export const IMBOT_SAMPLES: SamplesOf<ImBotEvents> = {
  ONIMBOTMESSAGEADD: (facts) => ({
    BOT: toBot(facts),
    PARAMS: {
      ...privateDialog(facts), ...sending, MESSAGE: 'Hello', COMMAND_CONTEXT: 'TEXTAREA', CHAT_USER_COUNT: 2,
      PLATFORM_CONTEXT: 'web',
    },
    USER: writer(facts),
  }),
  ONIMBOTMESSAGEUPDATE: (facts) => ({
    BOT: toBot(facts),
    PARAMS: { ...changed(facts, 'How do I add an observer?'), CHAT_USER_COUNT: 2, PLATFORM_CONTEXT: 'web' },
    USER: writer(facts),
  }),
  ONIMBOTMESSAGEDELETE: (facts) => ({
    BOT: toBot(facts), PARAMS: changed(facts, 'This message was deleted'), USER: writer(facts),
  }),
  ONIMCOMMANDADD: (facts) => ({
    COMMAND: {
      [COMMAND_ID]: {
        ...botEntry(facts), COMMAND: 'echo', COMMAND_ID, COMMAND_PARAMS: 'test', COMMAND_CONTEXT: 'TEXTAREA', MESSAGE_ID,
      },
    },
    PARAMS: { ...privateDialog(facts), ...sending, MESSAGE: '/echo test', SKIP_USER_CHECK: 'Y', RECENT_ADD: 'Y' },
    USER: named(facts),
  }),
  ONIMBOTCONTEXTGET: (facts) => ({
    BOT: toBot(facts),
    PARAMS: { ...joined(facts), CONTEXT: { entityId: 164, entityType: 'task', source: 'link' } },
    USER: author(facts),
  }),
  ONIMBOTJOINCHAT: (facts) => ({ BOT: toBot(facts), PARAMS: joined(facts), USER: author(facts) }),
  ONIMBOTDELETE: ({ colleague }) => ({ BOT_ID: colleague.id, BOT_CODE }),
}
