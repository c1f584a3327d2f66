import type { PhpMap } from '@portline/wire/form/value.ts'
import type { App, User } from '../world/state.ts'

/** What sample data may be made of: the portal as it is at the moment. */
export interface SampleFacts {
  /** Who is on the hit; the administrator when nobody is. */
  readonly user: User
  /** Somebody else, where the portal has somebody else. */
  readonly colleague: User
  /** Who came to the portal last. */
  readonly newcomer: User
  /** The app the event is about; undefined when it is about none. */
  readonly app: App | undefined
  /** Of that app or of any; a made-up one when none is registered. */
  readonly connector: string
  readonly line: number
  readonly chat: SampleChat
  /** An id that exists on the portal, the newest of its kind, or else the one given. */
  id(kind: RecordKind, otherwise: number): number
  /** Milliseconds; the portal's clock. */
  readonly nowMs: number
  /** Auth block for calls as a bot, who is the colleague: the portal has no users who are bots. */
  botAuth(): PhpMap
}

/** The connector's newest conversation on the portal, or a plausible one. */
export interface SampleChat {
  readonly id: number
  readonly messageId: number
  readonly sessionId: number
  readonly parentSessionId: number
  /** The last three: ids of the external system. */
  readonly externalId: string
  readonly externalMessageId: string
  readonly externalUserId: string
}

export type RecordKind = 'lead' | 'deal' | 'contact' | 'company' | 'task'

/**
 * Data that fits a type of the wire, as the portal has it before PHP flattens it: numbers and booleans for texts, and null
 * where the wire may have nothing.
 */
export type Sample<Data> =
  Data extends undefined ? null
  : Data extends string ? SampleScalar<Data>
  : Data extends readonly (infer Item)[] ? readonly Sample<Item>[]
  : { readonly [Key in keyof Data]: Sample<Data[Key]> | (object extends Pick<Data, Key> ? null : never) }

type SampleScalar<Text extends string> =
  string extends Text ? string | number | boolean
  : Text | (Text extends `${infer Value extends number}` ? Value : never) | (Text extends '0' | '1' ? boolean : never)

/** One sample for each code, made when it is asked for where it depends on the portal. */
export type SamplesOf<Events> = {
  readonly [Code in keyof Events]: Sample<Events[Code]> | ((facts: SampleFacts) => Sample<Events[Code]>)
}

export function fullName({ name, lastName }: User): string {
  return `${name} ${lastName}`
}

/** ISO 8601 without milliseconds, as PHP's `c`; the portal lives in UTC. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, '+00:00')
}
