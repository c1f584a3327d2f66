import type { Installation, PortalKey } from './port.ts'

/** What a page of installations is asked by, and where it goes on. All conditions that are given hold. */
export interface InstallationPage {
  readonly app?: string
  readonly memberId?: string
  /** Those that are deleted are left out. */
  readonly live?: true
  /** `portal`: by app and member_id, code point by code point; no change moves one. `changed`: the last changed first; a change moves it there. */
  readonly order: 'portal' | 'changed'
  /** `next` of the page before. */
  readonly after?: InstallationPlace
  readonly limit: number
}

export type InstallationPlace = PortalKey & Pick<Installation, 'updatedAtMs'>

export interface InstallationList {
  readonly installations: Installation[]
  /** Absent when there are no more. */
  readonly next?: InstallationPlace
}
