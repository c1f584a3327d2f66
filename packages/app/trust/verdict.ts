import type { ErrorCode } from '@portline/wire/errors.ts'
import type { Proof } from '../store/port.ts'

/**
 * What is thought of an event before anything of it is believed.
 * `held`: kept apart until its portal is proven; `provable` says that the event itself brings something to ask the
 * authorization server about. `doubted`: an uninstall that seems to be of a former installation; it waits for the authorization
 * server's word, and not for long. `settled`: proven, but there is nothing left to do.
 */
export type Verdict =
  | { readonly kind: 'proven'; readonly proof: Proof }
  | { readonly kind: 'held'; readonly provable: boolean }
  | { readonly kind: 'doubted' }
  | { readonly kind: 'settled'; readonly proof: Proof; readonly reason: ErrorCode }
  | { readonly kind: 'refused'; readonly code: ErrorCode }
