import type { TraitsOf } from './traits.ts'

/** A post in the news feed (api-reference/log/events). */
export interface OnLiveFeedPostData {
  FIELDS: { POST_ID: string }
}

export interface LogEvents {
  ONLIVEFEEDPOSTADD: OnLiveFeedPostData
  ONLIVEFEEDPOSTUPDATE: OnLiveFeedPostData
  ONLIVEFEEDPOSTDELETE: OnLiveFeedPostData
}

const log = { scope: 'log', queue: 'default', sendAuth: true, sendRefreshToken: false } as const

export const LOG_TRAITS: TraitsOf<LogEvents> = {
  ONLIVEFEEDPOSTADD: log,
  ONLIVEFEEDPOSTUPDATE: log,
  ONLIVEFEEDPOSTDELETE: log,
}
