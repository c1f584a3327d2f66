import type { AuthBlock } from '../envelope.ts'
import type { FormValue } from '../form/value.ts'
import type { ImJoinChatData, ImMessageData, ImMessageDeleteData, ImReactionData, InChat } from './im-objects.ts'
import type { TraitsOf } from './traits.ts'

/**
 * Chat bots of the second generation (api-reference/chat-bots/chat-bots-v2/imbot.v2/events/events.md), posted to bots
 * registered with eventMode webhook. The page prints what polling returns; a post has only this of the bot.
 */
export interface WithBot {
  bot: {
    id: string
    code: string
    /** For calls as the bot. What proves the event is the envelope's own auth block, never this one. */
    auth: AuthBlock
  }
}

export interface OnImBotV2CommandData extends WithBot, ImMessageData {
  command: {
    id: string
    /** With its slash. */
    command: string
    params?: string
    context: 'textarea' | 'keyboard' | 'menu'
  }
}

export interface OnImBotV2ContextData extends WithBot, InChat {
  dialogId: string
  /** Whatever the link that opened the dialog had. */
  context?: FormValue
}

export interface ImBotV2Events {
  ONIMBOTV2MESSAGEADD: WithBot & ImMessageData
  ONIMBOTV2MESSAGEUPDATE: WithBot & ImMessageData
  ONIMBOTV2MESSAGEDELETE: WithBot & ImMessageDeleteData
  ONIMBOTV2REACTIONCHANGE: WithBot & ImReactionData
  ONIMBOTV2COMMANDADD: OnImBotV2CommandData
  ONIMBOTV2CONTEXTGET: OnImBotV2ContextData
  ONIMBOTV2JOINCHAT: WithBot & ImJoinChatData
  /** The last event the bot gets. */
  ONIMBOTV2DELETE: WithBot
}

const bot = { scope: 'imbot', queue: 'bot', sendAuth: true, sendRefreshToken: true } as const
const withoutRefreshToken = { ...bot, sendRefreshToken: false }

export const IMBOT_V2_TRAITS: TraitsOf<ImBotV2Events> = {
  ONIMBOTV2MESSAGEADD: bot,
  ONIMBOTV2MESSAGEUPDATE: bot,
  ONIMBOTV2MESSAGEDELETE: bot,
  ONIMBOTV2REACTIONCHANGE: bot,
  ONIMBOTV2COMMANDADD: bot,
  ONIMBOTV2CONTEXTGET: bot,
  ONIMBOTV2JOINCHAT: withoutRefreshToken,
  ONIMBOTV2DELETE: withoutRefreshToken,
}
