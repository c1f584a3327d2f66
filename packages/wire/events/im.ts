import type { ImJoinChatData, ImMessageData, ImMessageDeleteData, ImReactionData } from './im-objects.ts'
import type { TraitsOf } from './traits.ts'

/**
 * Chats as a user's app sees them (api-reference/chat-bots/chat-bots-v2/im.v2/events/events.md). The page describes them as
 * im.v2.Event.get returns them and only mentions that they can be posted too.
 */
export interface ImEvents {
  ONIMV2MESSAGEADD: ImMessageData
  ONIMV2MESSAGEUPDATE: ImMessageData
  ONIMV2MESSAGEDELETE: ImMessageDeleteData
  ONIMV2REACTIONCHANGE: ImReactionData
  ONIMV2JOINCHAT: ImJoinChatData
}

/** No source has their registration, so they are taken for ordinary events: default queue, tokens, no refresh_token. */
const im = { scope: 'im', queue: 'default', sendAuth: true, sendRefreshToken: false } as const

export const IM_TRAITS: TraitsOf<ImEvents> = {
  ONIMV2MESSAGEADD: im,
  ONIMV2MESSAGEUPDATE: im,
  ONIMV2MESSAGEDELETE: im,
  ONIMV2REACTIONCHANGE: im,
  ONIMV2JOINCHAT: im,
}
