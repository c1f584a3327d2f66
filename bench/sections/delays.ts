import { CONTENDERS, REFERENCE } from '../contenders/contenders.ts'
import type { Bench } from '../lib/bench.ts'
import { guarded } from '../lib/bench.ts'
import type { Handled } from '../lib/contender-side.ts'
import { Round } from '../lib/contender.ts'
import type { Contender, RunningContender } from '../lib/contender.ts'
import { latenciesOf } from '../lib/statistics.ts'
import { count, duration, sinceAnswered, table } from '../lib/table.ts'
import { sendSteadily } from './steady.ts'

/** How long an event waits for its handler: when idle, and beside a portal with many queued. */
const IDLE_RATE = 50
const IDLE_EVENTS = 250
const FAIRNESS_RATE = 20
/** In the first second the code that handlers need is loaded, and whoever sends then waits for that, queue or none. */
const FAIRNESS_WARM_UP_EVENTS = FAIRNESS_RATE
const FAIRNESS_EVENTS = 60

export function withWorkers(bench: Bench): Contender[] {
  return bench.chosen(CONTENDERS).filter(({ handlers }) => handlers === 'noop')
}

interface Delays {
  /** Milliseconds from an event's sending to the beginning of its handler. */
  readonly fromSent: number[]
  readonly fromAnswered: number[]
}

interface Followed {
  readonly rate: number
  readonly events: number
  readonly firstPortal: number
  readonly portals: number
  readonly warmUpEvents: number
}

/** Infinity for a handler that has not begun in the time there was. */
async function follow(running: RunningContender, plan: Followed, maxS: number): Promise<Delays> {
  const { times } = await sendSteadily({ url: running.url, connections: 16, ...plan })
  const giveUpAtMs = performance.now() + maxS * 1_000
  for (;;) {
    const began = new Map((await running.ask('times')) as [number, number][])
    if (times.every(([id]) => began.has(id)) || performance.now() > giveUpAtMs) {
      return {
        fromSent: times.map(([id, sentAtMs]) => (began.get(id) ?? Number.POSITIVE_INFINITY) - sentAtMs),
        fromAnswered: times.map(([id, , answeredAtMs]) => (began.get(id) ?? Number.POSITIVE_INFINITY) - answeredAtMs),
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

export async function idleLatency(bench: Bench): Promise<string> {
  const rows: string[][] = []
  for (const contender of withWorkers(bench)) {
    bench.say(`from sending to the handler when idle: ${contender.label}`)
    const delays = await guarded(bench, `idle, ${contender.label}`, async () => {
      const round = await Round.open(contender, bench.folder)
      try {
        const running = await round.serve()
        const plan = { rate: IDLE_RATE, events: IDLE_EVENTS, firstPortal: 0, portals: 100, warmUpEvents: IDLE_RATE }
        const followed = await follow(running, plan, bench.extent.handlingMaxS)
        await running.kill()
        return followed
      } finally {
        await round.close()
      }
    })
    if (delays === undefined) continue
    const [sent, answered] = [latenciesOf(delays.fromSent), latenciesOf(delays.fromAnswered)]
    if (contender === REFERENCE) bench.figures.idle = { p50Ms: answered.p50, p99Ms: answered.p99 }
    rows.push([contender.label, duration(sent.p50), duration(sent.p99), sinceAnswered(answered.p50), sinceAnswered(answered.p99)])
  }
  if (rows.length === 0) return ''
  const head = ['', 'sent to handler begins, p50', 'p99', 'answered to handler begins, p50', 'p99']
  return [`### Idle, ${IDLE_RATE} events a second over 100 portals`, table(head, rows)].join('\n\n')
}

export async function fairness(bench: Bench): Promise<string> {
  const { queued } = bench.extent
  const rows: string[][] = []
  for (const contender of withWorkers(bench).filter(({ takesBacklog }) => takesBacklog === true)) {
    bench.say(`one portal with ${count(queued)} queued, another's event: ${contender.label}`)
    const outcome = await guarded(bench, `fairness, ${contender.label}`, () => besideBacklog(bench, contender, queued))
    if (outcome === undefined) continue
    const { p50, p99, max } = latenciesOf(outcome.delays.fromSent)
    if (contender === REFERENCE) bench.figures.fairness = { queued, longestMs: max, leftAtEnd: outcome.leftAtEnd }
    const shown = [p50, p99, max].map((ms) => (ms === Number.POSITIVE_INFINITY ? `more than ${bench.extent.handlingMaxS} s` : duration(ms)))
    rows.push([contender.label, ...shown, outcome.leftAtEnd > 0 ? 'yes' : 'no, it had ended'])
  }
  if (rows.length === 0) return ''
  return [
    `### Portal A has ${count(queued)} events queued, portal B sends one now and then`,
    table(["", "B's event: sent to handler begins, p50", 'p99', 'longest', "A's backlog lasted through it"], rows),
  ].join('\n\n')
}

async function besideBacklog(bench: Bench, contender: Contender, queued: number): Promise<{ delays: Delays; leftAtEnd: number }> {
  const round = await Round.open(contender, bench.folder, { portals: 2, backlog: [{ from: 0, lanes: 1, perLane: queued, state: 'pending' }] })
  try {
    const running = await round.serve()
    const plan = { rate: FAIRNESS_RATE, events: FAIRNESS_EVENTS, firstPortal: 1, portals: 1, warmUpEvents: FAIRNESS_WARM_UP_EVENTS }
    const delays = await follow(running, plan, bench.extent.handlingMaxS)
    const { count: handled } = (await running.ask('handled')) as Handled
    await running.kill()
    return { delays, leftAtEnd: queued + FAIRNESS_EVENTS - handled }
  } finally {
    await round.close()
  }
}
