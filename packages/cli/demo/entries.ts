/** What the demo reports, in the order it was seen: the lines of `--json`, and what the timeline is printed from. */
export type DemoEntry = StartedEntry | StepEntry | EventEntry | CheckEntry | ResultEntry

interface Timed {
  /** Milliseconds since the demo began. */
  readonly atMs: number
}

export interface StartedEntry extends Timed {
  readonly kind: 'started'
  readonly portal: string
  readonly memberId: string
  readonly oauthServer: string
  readonly appSide: string
  readonly store: string
}

/** Something done to the portal. */
export interface StepEntry extends Timed {
  readonly kind: 'step'
  readonly step: string
  readonly title: string
  /** How the app's page answered, when one was opened. */
  readonly page?: { readonly url: string; readonly status: number | null }
}

/** One delivery of the portal's queue server and what became of it at the app side. */
export interface EventEntry extends Timed {
  readonly kind: 'event'
  readonly step: string
  readonly event: string
  readonly sent: {
    readonly handlerRow: string | null
    readonly queue: string
    readonly bytes: number
    /** Which of them the auth block carries; never what they are. */
    readonly tokens: readonly string[]
    readonly answer: number | string | null
    readonly durationMs: number | null
  }
  /** null: the app side did not name an event that it kept. */
  readonly stored: null | {
    readonly id: string
    readonly receivedAt: string | null
    readonly state: string
    readonly reason: string | null
  }
  readonly verdict: { readonly kind: string; readonly proof: string | null } | null
  readonly attempts: readonly {
    readonly n: number
    readonly outcome: string
    readonly durationMs: number
    readonly error?: string
    readonly notes: readonly string[]
    readonly calls: readonly { readonly method: string; readonly durationMs: number; readonly error?: string }[]
  }[]
}

export interface CheckEntry extends Timed {
  readonly kind: 'check'
  readonly step: string
  readonly check: string
  readonly ok: boolean
  /** What was there instead. */
  readonly seen?: string
}

export interface ResultEntry extends Timed {
  readonly kind: 'result'
  readonly ok: boolean
  readonly checks: number
  readonly missing: readonly string[]
}
