/**
 * What the sections hand over to be held against the aims: of “Portline, handlers running”, unless it says otherwise. Medians where
 * there are rounds. What was not measured is not there; NaN where the machine does not tell.
 */
export interface Figures {
  receiving?: { readonly answeredPerS: number; readonly handledPerS: number; readonly lost: number }
  /** Of bare node:http, which reads the body and keeps nothing. */
  httpPerS?: number
  /** The same, which decodes the body as well. */
  decodingPerS?: number
  steady?: SteadyFigure
  /** For an event. */
  decoding?: { readonly timesAsFastAsQs: number }
  lanes?: BacklogFigure
  besideFailing?: BacklogFigure & { readonly parked: number }
  /** From answered to the beginning of the handler; below 0 where the handler began first. */
  idle?: { readonly p50Ms: number; readonly p99Ms: number }
  /** From sent to the beginning of the handler; Infinity for one that has not begun. */
  fairness?: { readonly queued: number; readonly longestMs: number; readonly leftAtEnd: number }
  coldStarts: readonly ColdStartFigure[]
  memory?: MemoryFigure
}

export interface SteadyFigure {
  readonly rate: number
  readonly answeredPerS: number
  readonly p99Ms: number
}

export interface BacklogFigure {
  readonly lanes: number
  readonly handledPerS: number
  /** Handled, and not so in the store. */
  readonly unsettled: number
}

export interface ColdStartFigure {
  readonly portals: number
  readonly events: number
  readonly tookMs: number
}

export interface MemoryFigure {
  readonly rate: number
  readonly answeredPerS: number
  readonly lastedS: number
  readonly mostBytes: number
}
