import type { ImBotV2Events } from '@portline/wire/events/imbot-v2.ts'
import type { ImEvents } from '@portline/wire/events/im.ts'
import type { SampleFacts, SamplesOf } from '../sample.ts'
import { fullName, isoTime } from '../sample.ts'

const CHAT_ID = 5
const DIALOG_ID = `chat${CHAT_ID}`
const MESSAGE_ID = 5_012
const LANGUAGE = 'en'

/** [] and {} are left out: they never reach the wire. */
const message = ({ user, nowMs }: SampleFacts, text: string) => ({
  id: MESSAGE_ID, chatId: CHAT_ID, authorId: user.id, date: isoTime(nowMs), text, isSystem: false, uuid: '',
  forward: null, viewedByOthers: false,
})

const chat = ({ user }: SampleFacts) => ({
  id: CHAT_ID, dialogId: DIALOG_ID, type: 'chat', name: 'Support', entityType: '', owner: user.id, avatar: '', color: '#ab7761',
})

/** User apps are told more of a chat than bots. */
const wholeChat = (facts: SampleFacts) => ({
  ...chat(facts), messageType: 'C', description: '', extranet: false, containsCollaber: false, entityId: '', entityData1: '',
  entityData2: '', entityData3: '', diskFolderId: 42, parentChatId: 0, parentMessageId: 0, isNew: false, textFieldEnabled: 'Y',
  backgroundId: null,
} as const)

const author = ({ user, nowMs }: SampleFacts) => ({
  id: user.id, active: true, name: fullName(user), firstName: user.name, lastName: user.lastName, workPosition: 'Manager',
  color: '#df532d', avatar: '', gender: 'F', birthday: '', extranet: false, bot: false, connector: false,
  externalAuthId: 'default', status: 'online', idle: false, lastActivityDate: isoTime(nowMs - 60_000), absent: false,
  departments: [1], phones: false, type: 'employee',
})

/** As user apps are told of somebody: never when he was last seen. */
const wholeAuthor = (facts: SampleFacts) => ({
  ...author(facts), lastActivityDate: false, mobileLastDate: false, desktopLastDate: false, website: '', email: facts.user.email,
})

const inWholeChat = (facts: SampleFacts) => ({ chat: wholeChat(facts), user: wholeAuthor(facts), language: LANGUAGE })

export const IM_SAMPLES: SamplesOf<ImEvents> = {
  ONIMV2MESSAGEADD: (facts) => ({ message: message(facts, 'Hello everyone!'), ...inWholeChat(facts) }),
  ONIMV2MESSAGEUPDATE: (facts) => ({ message: message(facts, 'Hello to everyone!'), ...inWholeChat(facts) }),
  ONIMV2MESSAGEDELETE: (facts) => ({ messageId: MESSAGE_ID, ...inWholeChat(facts) }),
  ONIMV2REACTIONCHANGE: (facts) => ({
    reaction: 'like', action: 'add', message: message(facts, 'Hello everyone!'), ...inWholeChat(facts),
  }),
  ONIMV2JOINCHAT: (facts) => ({ dialogId: DIALOG_ID, ...inWholeChat(facts) }),
}

/** In a post the bot is no more than this; what the page prints is the form of polling. */
const toBot = ({ colleague, botAuth }: SampleFacts) => ({ bot: { id: colleague.id, code: 'support_bot', auth: botAuth() } })
const inChat = (facts: SampleFacts) => ({ chat: chat(facts), user: author(facts), language: LANGUAGE })

export const IMBOT_V2_SAMPLES: SamplesOf<ImBotV2Events> = {
  ONIMBOTV2MESSAGEADD: (facts) => ({ ...toBot(facts), message: message(facts, 'Hello bot!'), ...inChat(facts) }),
  ONIMBOTV2MESSAGEUPDATE: (facts) => ({ ...toBot(facts), message: message(facts, 'Hello, bot!'), ...inChat(facts) }),
  ONIMBOTV2MESSAGEDELETE: (facts) => ({ ...toBot(facts), messageId: MESSAGE_ID, ...inChat(facts) }),
  ONIMBOTV2REACTIONCHANGE: (facts) => ({
    ...toBot(facts), reaction: 'like', action: 'add',
    message: { ...message(facts, 'How can I help?'), authorId: facts.colleague.id, viewedByOthers: true }, ...inChat(facts),
  }),
  ONIMBOTV2COMMANDADD: (facts) => ({
    ...toBot(facts), command: { id: 78, command: '/help', params: 'topic', context: 'textarea' },
    message: message(facts, '/help topic'), ...inChat(facts),
  }),
  ONIMBOTV2CONTEXTGET: (facts) => ({
    ...toBot(facts), dialogId: String(facts.user.id), context: { entityId: 164, entityType: 'task', source: 'link' },
    ...inChat(facts),
  }),
  ONIMBOTV2JOINCHAT: (facts) => ({ ...toBot(facts), dialogId: DIALOG_ID, ...inChat(facts) }),
  ONIMBOTV2DELETE: (facts) => toBot(facts),
}
