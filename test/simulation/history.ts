import { createHash } from 'node:crypto'

/** What happened in a run, in its order: all that the checker knows. Plain values, so that two runs can be compared byte by byte. */
export type Item =
  | Sent
  | Answered
  | { readonly kind: 'rows'; readonly process: number; readonly rows: readonly RowChange[] }
  | ({ readonly kind: 'installations'; readonly process: number } & Omit<Committed, 'events'>)
  | Snapshot
  | Started
  | Ended
  | { readonly kind: 'up'; readonly process: number }
  /** Nothing of the process runs after it. */
  | { readonly kind: 'down'; readonly process: number; readonly cause: 'kill' | 'power' | 'stop' | 'failed to start' }
  | { readonly kind: 'replayed'; readonly id: string }
  | PortalFact
  | TokenUse
  /** The server has given this pair and does not know it any more: it takes the one before again. */
  | ({ readonly kind: 'forgotten'; readonly refresh: string } & Lane)
  | PairAtEnd
  | { readonly kind: 'weather'; readonly what: string }
  /** A time of trouble begins; before the first there is none, and none after `calm`. */
  | { readonly kind: 'spell'; readonly of: 'disk' | 'network'; readonly forMs: number; readonly what: string }
  | { readonly kind: 'rules'; readonly duplicates: Readonly<Record<string, string>>; /** A refresh token that was used is spent. */ readonly singleUse: boolean; readonly tokensLiveS: number }
  | { readonly kind: 'unhandled'; readonly process: number; readonly error: string }
  /** From here on nothing fails any more. */
  | { readonly kind: 'calm' }
  /** All that was due had its time. */
  | { readonly kind: 'end'; readonly waitedMs: number }
/** `at` counts milliseconds of the run; `wall` is the hour, which may jump. */
export type HistoryItem = Item & { readonly at: number; readonly wall: number }

export interface Lane {
  readonly app: string
  readonly memberId: string
}

export interface Sent extends Lane {
  readonly kind: 'sent'
  readonly delivery: number
  /** Absent when nobody was there to take it. */
  readonly process?: number
  /** Names the event; its copies have the same. */
  readonly mark: string
  readonly code: string
  readonly data: unknown
  /** When it happened at the portal, in milliseconds of the run: it may be sent much later. */
  readonly raisedAt: number
  readonly userId?: string
  /** false: nobody who may speak for the portal sent it. */
  readonly genuine: boolean
  /** Stands for the application_token. */
  readonly token: string
  readonly clean?: true
  /** Stands for the refresh token in it. */
  readonly refresh?: string
}

export interface Answered {
  readonly kind: 'answered'
  readonly process: number
  readonly delivery: number
  readonly status: number
  readonly code?: string
  readonly id?: string
  readonly state?: string
}

export interface Row extends Lane {
  readonly seq: number
  readonly id: string
  readonly code: string
  readonly state: string
  readonly reason: string | null
  readonly proof: string | null
  readonly attempts: number
  readonly dueAt: number | null
  readonly parked: number
  readonly generation: number
  readonly receivedAt: number
  readonly mark: string
}

/** Of the event table, durable by now. */
export interface RowChange extends Row {
  readonly change: 'insert' | 'update' | 'delete'
}

/** What one transaction has changed, durable by now. */
export interface Committed {
  readonly events: readonly RowChange[]
  readonly installations: readonly InstallationState[]
  readonly accounts: readonly AccountState[]
  readonly audited: readonly AuditNote[]
}

export interface AccountState extends Lane {
  readonly userId: string
  readonly state: string
  /** Another one for each pair. */
  readonly pairId: string | null
  /** When the server issued it, in milliseconds of the run. */
  readonly issuedAt: number
}

export interface InstallationState extends Lane {
  readonly status: string
  readonly generation: number
}

/** A record of the audit trail. */
export interface AuditNote extends Lane {
  readonly seq: number
  readonly generation: number
  readonly verb: string
}

export interface AuditLink extends AuditNote {
  readonly previous: string
  readonly hash: string
  /** Of all that is in the record. */
  readonly digest: string
}

export interface Snapshot {
  readonly kind: 'snapshot'
  readonly process: number
  readonly rows: readonly Row[]
  readonly installations: readonly InstallationState[]
  readonly audit: readonly AuditLink[]
  /** Rows of portals in the tables beside those of events and installations, without what came after an uninstall. */
  readonly leftovers: readonly (Lane & { readonly table: string; readonly count: number })[]
  /** `id` is null where the event is gone. */
  readonly attempts: readonly { readonly id: string | null; readonly n: number; readonly outcome: string; readonly startedAt: number; readonly durationMs: number }[]
}

/** An attempt of a handler, at one event or several. */
export interface Started extends Lane {
  readonly kind: 'started'
  readonly process: number
  readonly run: number
  readonly code: string
  readonly events: readonly { readonly id: string; readonly mark: string; readonly data: unknown; readonly attempt: number; readonly userId?: string }[]
}

/** What a handler's end comes to by its options: tried again with its lane blocked or going on, or never again. */
export type Outcome = 'done' | 'blocks' | 'parks' | 'final'

export interface Ended {
  readonly kind: 'ended'
  readonly process: number
  readonly run: number
  readonly outcome: Outcome
  /** Of several events, how many were taken before the failure. */
  readonly delivered: number
  /** A handler that left with a code that nobody planned. */
  readonly error?: string
}

export interface PortalFact extends Lane {
  readonly kind: 'portal'
  readonly fact: 'installed' | 'updated' | 'uninstalled'
  readonly token: string
  /** From when on the authorization server knows of it; at once when absent. */
  readonly knownAt?: number
  readonly clean?: true
}

export interface TokenUse extends Lane {
  readonly kind: 'renewal'
  readonly process: number
  /** Stands for the refresh token. */
  readonly refresh: string
  /** Stands for the refresh token that was issued. */
  readonly next?: string
  readonly user: number
  readonly result: 'issued' | 'refused'
  /** When it was asked, in milliseconds of the run: a slow request may arrive behind one that was asked later. */
  readonly askedAt: number
  /** Whether the answer was on its way when the request ended: lost ones may be asked for again. */
  readonly answer: 'came' | 'lost'
}

/** What the token keeper hands out when all is over. */
export interface PairAtEnd extends Lane {
  readonly kind: 'pair'
  /** What the portal and its authorization server say. */
  readonly installed: boolean
  readonly installedHere: boolean
  readonly result: 'accepted' | 'rejected' | string
}

export class History {
  readonly items: HistoryItem[] = []
  readonly #now: () => { at: number; wall: number }
  readonly #watchers: ((item: HistoryItem) => void)[] = []

  constructor(now: () => { at: number; wall: number }) {
    this.#now = now
  }

  add(item: Item): void {
    const dated = { ...this.#now(), ...item }
    this.items.push(dated)
    for (const watcher of this.#watchers) watcher(dated)
  }

  /** Told of each item as it happens: for what lies in wait for it. */
  watch(watcher: (item: HistoryItem) => void): void {
    this.#watchers.push(watcher)
  }

  /** The same for the same history, and for no other. */
  digest(): string {
    const hash = createHash('sha256')
    for (const item of this.items) hash.update(JSON.stringify(item)).update('\n')
    return hash.digest('hex')
  }
}
