import type { PortalKey } from './port.ts'

export interface AccountKey extends PortalKey {
  readonly userId: string
}

/** One user's tokens on one portal (Bitrix24Account of the SDKs). */
export interface Account extends AccountKey {
  readonly master: boolean
  readonly state: 'live' | 'dead'
  /** Sealed token pair. */
  readonly tokens: Uint8Array
  /** By which a pair is told from others without opening it: its seal may be made anew with another key. */
  readonly pairId?: string
  /** The pair that this one was renewed from, sealed, until this one has proved itself. */
  readonly formerTokens?: Uint8Array
  readonly expiresAtMs: number
  readonly obtainedAtMs: number
  readonly deadAtMs?: number
  /** What the authorization server or the portal said. */
  readonly deadReason?: string
}

export type AccountPair = AccountKey & Pick<Account, 'pairId'>

export interface AgingAccount extends AccountKey {
  readonly obtainedAtMs: number
}

export interface AccountDeath {
  readonly atMs: number
  readonly reason: string
}

export interface RenewalClaim {
  readonly owner: string
  readonly nowMs: number
  readonly forMs: number
}

/** `changed`: the account holds another pair, is dead or gone. */
export type RenewalAnswer = { readonly kind: 'claimed' | 'changed' } | { readonly kind: 'taken'; readonly untilMs: number }
