import type { FormValue } from '../form/value.ts'

/**
 * The objects of chat events of the second generation (api-reference/chat-bots/chat-bots-v2/entities.md), as they travel:
 * true and false are 1 and 0, what is null or empty is absent.
 */

export type Flag = '0' | '1'

export interface ImMessage {
  id: string
  chatId: string
  /** 0: the system. */
  authorId: string
  /** ISO 8601. */
  date?: string
  /** Cut at 20,000 characters. */
  text: string
  isSystem: Flag
  uuid?: string
  forward?: { id: string; userId: string; chatId: string; date?: string }
  /** Attachments, keyboards, files … */
  params?: FormValue
  viewedByOthers: Flag
}

/** Events show less of a chat than methods do, and events of bots less than those of user apps. */
export interface ImChat {
  id: string
  /** `chat5` for a group, the other user's id for a private one. */
  dialogId: string
  name: string
  /** `chat`, `open`, `channel`, `private` … */
  type: string
  owner: string
  color?: string
  avatar?: string
  /** `LINES` for open lines. */
  entityType?: string
  messageType?: string
  description?: string
  extranet?: Flag
  containsCollaber?: Flag
  entityId?: string
  entityData1?: string
  entityData2?: string
  entityData3?: string
  entityLink?: FormValue
  diskFolderId?: string
  permissions?: FormValue
  parentChatId?: string
  parentMessageId?: string
  isNew?: Flag
  textFieldEnabled?: 'Y' | 'N'
  backgroundId?: string
}

export interface ImUser {
  id: string
  active: Flag
  name: string
  firstName?: string
  lastName?: string
  workPosition?: string
  color?: string
  avatar?: string
  gender?: string
  birthday?: string
  extranet: Flag
  bot: Flag
  /** A customer of an open line. */
  connector: Flag
  externalAuthId?: string
  status?: string
  /** ISO 8601, or 0; so are the four below. */
  idle?: string
  lastActivityDate?: string
  mobileLastDate?: string
  desktopLastDate?: string
  absent?: string
  departments?: string[]
  /** 0 when there are none. */
  phones?: FormValue
  website?: string
  email?: string
  /** `employee`, `extranet`, `email`, `collaber`, `bot`. */
  type: string
}

/** What every event about a chat has. */
export interface InChat {
  chat: ImChat
  /** Who wrote, joined, reacted. */
  user: ImUser
  /** The portal's: `en`, `de` … */
  language: string
}

export interface ImMessageData extends InChat {
  message: ImMessage
}

/** The message itself is gone. */
export interface ImMessageDeleteData extends InChat {
  messageId: string
}

export interface ImReactionData extends ImMessageData {
  /** `like` … */
  reaction: string
  action: 'add' | 'delete'
}

export interface ImJoinChatData extends InChat {
  dialogId: string
}
