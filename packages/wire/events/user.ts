import type { TraitsOf } from './traits.ts'

/** The new user's fields, as far as the app's scope lets it see them (api-reference/common/events/on-user-add.md). */
export interface OnUserAddData {
  ID: string
  /** Documented as Y or N; the module source has a boolean, which travels as 1 or 0. */
  ACTIVE: 'Y' | 'N' | '1' | '0'
  EMAIL?: string
  NAME?: string
  LAST_NAME?: string
  PERSONAL_GENDER?: string
  /** YYYY-MM-DD. */
  PERSONAL_BIRTHDAY?: string
  /** Ids of departments; absent for extranet users. */
  UF_DEPARTMENT?: string[]
  /** ISO 8601. */
  DATE_REGISTER?: string
  WORK_POSITION?: string
  /** YYYY-MM-DD. */
  UF_EMPLOYMENT_DATE?: string
}

export interface UserEvents {
  /** The invited user has signed in for the first time, not: was invited. */
  ONUSERADD: OnUserAddData
}

export const USER_TRAITS: TraitsOf<UserEvents> = {
  ONUSERADD: { scope: 'user', alsoIn: ['user_brief', 'user_basic'], queue: 'default', sendAuth: true, sendRefreshToken: false },
}
