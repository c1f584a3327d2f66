import type { BacklogFigure, Figures } from './figures.ts'
import { count, duration, facts, mebibytes, ratio, sinceAnswered } from './table.ts'

/**
 * What Portline set out to reach, beside what the run has measured. A verdict is given only at the size that the aim names: a smaller
 * run tells its figure and no more.
 */
interface Aim {
  readonly aim: string
  /** undefined: there is no figure. */
  held(figures: Figures): Held | undefined
}

interface Held {
  readonly figure: string
  /** At the size that the aim names. */
  readonly isMeasured: boolean
  readonly isReached: boolean
}

const DURABLE_PER_S = 40_000
const STEADY = { rate: 10_000, p99Ms: 10 } as const
/** A sender that is answered less often than it sends waits longer and longer: a percentile of what came back would hide it. */
const ANSWERED_SHARE = 0.99
const TIMES_QS = 3
const LANES = 1_000
const HANDLED_PER_S = 20_000
const BESIDE_FAILING = { handledPerS: 15_000, parked: 100_000 } as const
const IDLE = { p50Ms: 1, p99Ms: 5 } as const
const FAIRNESS = { queued: 100_000, longestMs: 50 } as const
const EMPTY_STORE_MS = 150
const FULL_STORE = { events: 10_000_000, ms: 2_000 } as const
const MEMORY = { rate: 2_000, lastsS: 600, bytes: 200e6 } as const

const AIMS: readonly Aim[] = [
  {
    aim: `${count(DURABLE_PER_S)} durable events a second, handlers running`,
    held: ({ receiving }) => receiving && {
      figure: `${count(receiving.answeredPerS)} answered/s, ${count(receiving.handledPerS)} handled/s${receiving.lost > 0 ? `, ${count(receiving.lost)} LOST` : ''}`,
      isMeasured: Number.isFinite(receiving.answeredPerS),
      isReached: receiving.answeredPerS >= DURABLE_PER_S && receiving.lost === 0,
    },
  },
  {
    aim: `${count(STEADY.rate)} a second, handlers running: p99 under ${STEADY.p99Ms} ms, and ${ANSWERED_SHARE * 100} % of the rate answered`,
    held: ({ steady }) => steady && {
      figure: `p99 ${duration(steady.p99Ms)}, ${count(steady.answeredPerS)} answered/s`,
      isMeasured: steady.rate === STEADY.rate,
      isReached: steady.p99Ms < STEADY.p99Ms && keepsUp(steady),
    },
  },
  {
    aim: `decoding an event at least ${TIMES_QS} times as fast as qs`,
    held: ({ decoding }) => decoding && {
      figure: ratio(decoding.timesAsFastAsQs, 1),
      isMeasured: Number.isFinite(decoding.timesAsFastAsQs),
      isReached: decoding.timesAsFastAsQs >= TIMES_QS,
    },
  },
  {
    aim: `${count(HANDLED_PER_S)} handled a second over ${count(LANES)} lanes`,
    held: ({ lanes }) => lanes && {
      figure: `${handledPhrase(lanes)} over ${count(lanes.lanes)} lanes`,
      isMeasured: lanes.lanes >= LANES,
      isReached: isHandled(lanes, HANDLED_PER_S),
    },
  },
  {
    aim: `${count(BESIDE_FAILING.handledPerS)} handled a second beside ${count(LANES)} failing lanes with ${count(BESIDE_FAILING.parked)} parked`,
    held: ({ besideFailing: beside }) => beside && {
      figure: `${handledPhrase(beside)} beside ${count(beside.lanes)} failing lanes with ${count(beside.parked)} parked`,
      isMeasured: beside.lanes >= LANES && beside.parked >= BESIDE_FAILING.parked,
      isReached: isHandled(beside, BESIDE_FAILING.handledPerS),
    },
  },
  {
    aim: `answered to the beginning of the handler when idle: p50 under ${IDLE.p50Ms} ms, p99 under ${IDLE.p99Ms} ms`,
    held: ({ idle }) => idle && {
      figure: `p50 ${sinceAnswered(idle.p50Ms)}, p99 ${sinceAnswered(idle.p99Ms)}`,
      isMeasured: !Number.isNaN(idle.p50Ms) && !Number.isNaN(idle.p99Ms),
      isReached: idle.p50Ms < IDLE.p50Ms && idle.p99Ms < IDLE.p99Ms,
    },
  },
  {
    aim: `another portal's event beside ${count(FAIRNESS.queued)} queued: delayed by no more than ${FAIRNESS.longestMs} ms`,
    held: ({ fairness }) => fairness && {
      figure: `longest ${fairness.longestMs === Number.POSITIVE_INFINITY ? 'without an end' : duration(fairness.longestMs)} beside ${count(fairness.queued)}`
        + (fairness.leftAtEnd > 0 ? '' : ', which ended before'),
      isMeasured: fairness.queued >= FAIRNESS.queued && fairness.leftAtEnd > 0 && !Number.isNaN(fairness.longestMs),
      isReached: fairness.longestMs <= FAIRNESS.longestMs,
    },
  },
  {
    aim: `launch to the first accepted event, empty store: under ${EMPTY_STORE_MS} ms`,
    held: ({ coldStarts }) => {
      // One portal: whose event is the first.
      const start = coldStarts.find(({ portals, events }) => portals <= 1 && events === 0)
      return start && { figure: duration(start.tookMs), isMeasured: Number.isFinite(start.tookMs), isReached: start.tookMs < EMPTY_STORE_MS }
    },
  },
  {
    aim: `the same with ${count(FULL_STORE.events)} events in the store: under ${FULL_STORE.ms / 1_000} s`,
    held: ({ coldStarts }) => {
      const start = coldStarts.toSorted((one, other) => other.events - one.events)[0]
      return start && {
        figure: `${duration(start.tookMs)} with ${count(start.events)}`,
        isMeasured: start.events >= FULL_STORE.events && Number.isFinite(start.tookMs),
        isReached: start.tookMs < FULL_STORE.ms,
      }
    },
  },
  {
    aim: `memory in ${MEMORY.lastsS / 60} minutes at ${count(MEMORY.rate)} a second: under ${MEMORY.bytes / 1e6} MB (${mebibytes(MEMORY.bytes)} MiB)`,
    held: ({ memory }) => memory && {
      figure: `${mebibytes(memory.mostBytes)} MiB at most in ${count(memory.lastedS)} s${keepsUp(memory) ? '' : `, ${count(memory.answeredPerS)} answered/s`}`,
      isMeasured: memory.lastedS >= MEMORY.lastsS && memory.rate === MEMORY.rate && Number.isFinite(memory.mostBytes),
      isReached: memory.mostBytes < MEMORY.bytes && keepsUp(memory),
    },
  },
]

function keepsUp({ rate, answeredPerS }: { readonly rate: number; readonly answeredPerS: number }): boolean {
  return answeredPerS >= rate * ANSWERED_SHARE
}

function isHandled({ handledPerS, unsettled }: BacklogFigure, perS: number): boolean {
  return handledPerS >= perS && !(unsettled > 0)
}

function handledPhrase({ handledPerS, unsettled }: BacklogFigure): string {
  return `${count(handledPerS)} handled/s${unsettled > 0 ? `, ${count(unsettled)} NOT SETTLED,` : ''}`
}

export function aimsTable(figures: Figures): string {
  const rows = AIMS.map(({ aim, held }): readonly [string, string, string] => {
    const outcome = held(figures)
    return [aim, outcome?.figure ?? '–', verdict(outcome)]
  })
  return [facts(['aim', 'in this run', ''], rows), ...besideHttp(figures)].join('\n\n')
}

function verdict(outcome: Held | undefined): string {
  if (outcome === undefined || !outcome.isMeasured) return 'not measured in this run'
  return outcome.isReached ? 'reached' : 'not reached'
}

/**
 * Where the run has measured it beside Portline: what one process of Node's that keeps nothing can answer here is the most that Portline's
 * can. Portline has to decode a body, too, so the stricter limit is that of a process that does.
 */
function besideHttp({ httpPerS, decodingPerS, receiving }: Figures): string[] {
  if (receiving === undefined) return []
  const sentences = [
    ...limitOf('Bare node:http, which reads the body, keeps nothing and answers,', httpPerS),
    ...limitOf('Where node:http decodes the body as well and keeps nothing, it', decodingPerS),
  ]
  return sentences.length === 0 ? [] : [sentences.join(' ')]
}

function limitOf(who: string, perS: number | undefined): string[] {
  if (perS === undefined || !Number.isFinite(perS)) return []
  const side = DURABLE_PER_S > perS ? 'above' : 'below'
  return [`${who} reached ${count(perS)} a second on this machine in this run: the ${count(DURABLE_PER_S)} are ${side} that.`]
}
