import type { AuthBlock } from '../envelope.ts'
import type { FormValue } from '../form/value.ts'
import type { YesNo } from './lifecycle.ts'
import type { TraitsOf } from './traits.ts'

/** Chat bots of the first generation (api-reference/chat-bots/outdated), outdated but at work. */

/** A bot the event is for, with its own tokens: flat, and once more as AUTH. */
export interface BotEntry extends BotAuth {
  AUTH: BotAuth
  BOT_ID: string
  BOT_CODE: string
}

export interface BotAuth extends AuthBlock {
  readonly client_id?: string
}

/** api-reference/chat-bots/outdated/commands/events/on-im-command-add.md */
export interface CommandEntry extends BotEntry {
  /** Without its slash. */
  COMMAND: string
  COMMAND_ID: string
  COMMAND_PARAMS?: string
  COMMAND_CONTEXT: 'TEXTAREA' | 'KEYBOARD'
  /** The message to answer. */
  MESSAGE_ID: string
}

/** P private, C group, O open, L open line, S system, N channel, J open channel, T comments, A copilot, B collab, X external. */
export type ChatType = 'P' | 'C' | 'O' | 'L' | 'S' | 'N' | 'J' | 'T' | 'A' | 'B' | 'X'

/** Of the chat the message is in; of a private one hardly anything comes. */
export interface BotChatParams {
  CHAT_ID?: string
  CHAT_TITLE?: string
  CHAT_AUTHOR_ID?: string
  CHAT_AVATAR?: string
  CHAT_COLOR?: string
  CHAT_ENTITY_TYPE?: string
  CHAT_ENTITY_ID?: string
  CHAT_ENTITY_DATA_1?: string
  CHAT_ENTITY_DATA_2?: string
  CHAT_ENTITY_DATA_3?: string
  CHAT_EXTRANET?: YesNo
  CHAT_PARENT_ID?: string
  CHAT_PARENT_MID?: string
  CHAT_PREV_MESSAGE_ID?: string
  CHAT_CAN_POST?: string
  CHAT_USER_COUNT?: string
  RID?: string
  IS_MANAGER?: YesNo
}

/** How the message was sent; a bot rarely needs any of it. */
export interface BotSendingParams {
  TEMPLATE_ID?: string
  TO_CHAT_ID?: string
  SYSTEM?: YesNo
  SKIP_USER_CHECK?: YesNo
  PUSH?: YesNo
  PUSH_IMPORTANT?: YesNo
  RECENT_ADD?: YesNo
  RECENT_SKIP_AUTHOR?: YesNo
  CONVERT?: YesNo
  SKIP_COMMAND?: YesNo
  SKIP_COUNTER_INCREMENTS?: YesNo
  SILENT_CONNECTOR?: YesNo
  SKIP_CONNECTOR?: YesNo
  IMPORTANT_CONNECTOR?: YesNo
  NO_SESSION_OL?: YesNo
  FAKE_RELATION?: string
  SKIP_URL_INDEX?: YesNo
  COMMAND_CONTEXT?: string
  PLATFORM_CONTEXT?: string
}

/** api-reference/chat-bots/outdated/messages/events/* */
export interface BotMessageParams extends BotChatParams, BotSendingParams {
  /** Only of a changed or deleted message; the same as MESSAGE_ID. */
  ID?: string
  MESSAGE_ID: string
  MESSAGE: string
  /** With its BB code, where a mention was cut out of MESSAGE. */
  MESSAGE_ORIGINAL?: string
  MESSAGE_TYPE: ChatType
  CHAT_TYPE: ChatType
  AUTHOR_ID: string
  /** Absent when a message of a group was changed or deleted. */
  FROM_USER_ID?: string
  TO_USER_ID?: string
  /** `chat1157`, or the other user's id in a private dialog. */
  DIALOG_ID: string
  /** By id. */
  MENTIONED_LIST?: FormValue
  /** By id. */
  BOT_IN_CHAT?: FormValue
  /** The portal's. */
  LANGUAGE: string
}

/** Who wrote, or brought the bot in. */
export interface BotUser {
  ID: string
  NAME: string
  FIRST_NAME?: string
  LAST_NAME?: string
  WORK_POSITION?: string
  GENDER?: string
  IS_BOT?: YesNo
  IS_CONNECTOR?: YesNo
  IS_NETWORK?: YesNo
  IS_EXTRANET?: YesNo
}

export interface OnImBotMessageData {
  /** By the bot's id. */
  BOT: Record<string, BotEntry>
  PARAMS: BotMessageParams
  /** Absent for the system, and when a message of a group was changed or deleted. */
  USER?: BotUser
}

/** api-reference/chat-bots/outdated/chats/events/on-imbot-join-chat.md */
export interface BotJoinParams {
  CHAT_TYPE: ChatType
  MESSAGE_TYPE: ChatType
  BOT_ID: string
  USER_ID: string
  /** Only in a private dialog, as FROM_USER_ID. */
  TO_USER_ID?: string
  FROM_USER_ID?: string
  /** Only in a group, as the four below. */
  CHAT_ID?: string
  CHAT_AUTHOR_ID?: string
  CHAT_ENTITY_TYPE?: string
  CHAT_ENTITY_ID?: string
  ACCESS_HISTORY?: '0' | '1'
  SILENT_JOIN?: YesNo
  DIALOG_ID: string
  LANGUAGE: string
}

export interface OnImBotJoinChatData {
  /** By the bot's id. */
  BOT: Record<string, BotEntry>
  PARAMS: BotJoinParams
  USER?: BotUser
}

/** Named in the migration table only (chat-bots-v2/migration.md); its data is inferred from its neighbours. */
export interface OnImBotContextGetData {
  BOT: Record<string, BotEntry>
  PARAMS: BotJoinParams & { CONTEXT?: FormValue }
  USER?: BotUser
}

export interface OnImCommandAddData {
  /** By the command's id. */
  COMMAND: Record<string, CommandEntry>
  PARAMS: BotMessageParams
  USER?: BotUser
}

export interface ImBotEvents {
  ONIMBOTMESSAGEADD: OnImBotMessageData
  ONIMBOTMESSAGEUPDATE: OnImBotMessageData
  ONIMBOTMESSAGEDELETE: OnImBotMessageData
  ONIMCOMMANDADD: OnImCommandAddData
  ONIMBOTCONTEXTGET: OnImBotContextGetData
  ONIMBOTJOINCHAT: OnImBotJoinChatData
  /** api-reference/chat-bots/outdated/events/on-imbot-delete.md */
  ONIMBOTDELETE: { BOT_ID: string; BOT_CODE: string }
}

const bot = { scope: 'imbot', queue: 'bot', sendAuth: true, sendRefreshToken: true } as const
const withoutRefreshToken = { ...bot, sendRefreshToken: false }

export const IMBOT_TRAITS: TraitsOf<ImBotEvents> = {
  ONIMBOTMESSAGEADD: bot,
  ONIMBOTMESSAGEUPDATE: bot,
  ONIMBOTMESSAGEDELETE: bot,
  ONIMCOMMANDADD: bot,
  ONIMBOTCONTEXTGET: bot,
  ONIMBOTJOINCHAT: withoutRefreshToken,
  ONIMBOTDELETE: withoutRefreshToken,
}
