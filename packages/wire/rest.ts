/** Shapes of the portal's REST (settings/how-to-call-rest-api/*). */

export interface RestTime {
  readonly start: number
  readonly finish: number
  readonly duration: number
  readonly processing: number
  /** ISO 8601. */
  readonly date_start: string
  readonly date_finish: string
  /** Unix seconds; cloud only. */
  readonly operating_reset_at?: number
  /** Seconds; cloud only. */
  readonly operating?: number
}

export interface RestSuccess<Result = unknown> {
  readonly result: Result
  readonly next?: number
  readonly total?: number
  readonly time: RestTime
}

export interface RestFailure {
  readonly error: string
  readonly error_description: string
  readonly argument?: string
}

/** Scopes that are always granted; `basic` in the documentation. */
export const BASIC_SCOPE = 'basic'
export const BATCH_MAX_COMMANDS = 50
