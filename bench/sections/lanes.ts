import { CONTENDERS, REFERENCE } from '../contenders/contenders.ts'
import type { Bench } from '../lib/bench.ts'
import { guarded } from '../lib/bench.ts'
import type { Backlog, Handled } from '../lib/contender-side.ts'
import { Round } from '../lib/contender.ts'
import type { Contender, RunningContender } from '../lib/contender.ts'
import { latenciesOf, median } from '../lib/statistics.ts'
import { count, duration, notMeasured, ratio, table } from '../lib/table.ts'
import { sendSteadily } from './steady.ts'

/** From the disk through the handlers: throughput over many lanes, latency when idle, and what a busy portal costs the others. */
const IDLE_RATE = 50
const IDLE_EVENTS = 250
const FAIRNESS_RATE = 20
/** In the first second the code that handlers need is loaded, and whoever sends then waits for that, queue or none. */
const FAIRNESS_WARM_UP_EVENTS = FAIRNESS_RATE
const FAIRNESS_EVENTS = 60

const withWorkers = (bench: Bench): Contender[] => bench.chosen(CONTENDERS).filter(({ handlers }) => handlers === 'noop')
const lanesOnly = (bench: Bench): Contender[] => withWorkers(bench).filter(({ lanes }) => lanes === true)

export async function measureLanes(bench: Bench): Promise<string> {
  const parts = [await throughput(bench), await idleLatency(bench), await fairness(bench)]
  return parts.filter((part) => part !== '').join('\n\n')
}

interface Throughput {
  readonly perS: number
  readonly cpuUs: number
  /** Not handled in the time there was. */
  readonly left: number
  /** Handled, and yet not settled in the store after an orderly stop. */
  readonly unsettled: number
}

async function throughput(bench: Bench): Promise<string> {
  const { lanes, perLane, queued, rounds } = bench.extent
  const free: Backlog = { from: 0, lanes, perLane, state: 'pending' }
  // The head of each lane that fails, and what waits behind it.
  const blocked: Backlog = { from: lanes, lanes, perLane: Math.ceil(queued / lanes) + 1, state: 'pending' }
  const cases = [
    ...lanesOnly(bench).map((contender) => ({ contender, label: contender.label, settings: { portals: lanes, backlog: [free] } })),
    ...bench.chosen([REFERENCE]).map((contender) => ({
      contender,
      label: `Portline, besides ${count(lanes)} lanes that fail with ${count(queued)} parked behind them`,
      settings: { portals: 2 * lanes, backlog: [blocked, free], failFrom: lanes },
    })),
  ]
  const results = new Map<string, Throughput[]>()
  for (let n = 1; n <= rounds; n++) {
    for (const { contender, label, settings } of cases) {
      bench.say(`a backlog through the handlers, round ${n} of ${rounds}: ${label}`)
      const handled = await guarded(bench, `backlog, ${label}`, () => handleBacklog(bench, contender, settings, lanes * perLane))
      if (handled !== undefined) results.set(label, [...(results.get(label) ?? []), handled])
    }
  }
  const figure = (label: string, key: keyof Throughput): number => median((results.get(label) ?? []).map((result) => result[key]))
  const head = ['', 'handled/s', 'to Portline', 'CPU µs per event', `done in ${bench.extent.handlingMaxS} s`, 'settled after the stop']
  const rows = cases.map(({ label }) => {
    if (!results.has(label)) return notMeasured(label, head.length)
    const [left, unsettled] = [figure(label, 'left'), figure(label, 'unsettled')]
    return [
      label, count(figure(label, 'perS')), ratio(figure(label, 'perS'), figure(REFERENCE.label, 'perS')), count(figure(label, 'cpuUs')),
      left > 0 ? `no, ${count(left)} left` : 'yes', unsettled > 0 ? `${count(unsettled)} NOT SETTLED` : left > 0 ? '–' : 'all',
    ]
  })
  if (rows.length === 0) return ''
  return [
    `### ${count(lanes * perLane)} events in ${count(lanes)} lanes`,
    `A lane is one portal's events, one at a time and in order. They are stored before the start; the handler does nothing.`,
    table(head, rows),
  ].join('\n\n')
}

type Settings = Parameters<typeof Round.open>[2]

async function handleBacklog(bench: Bench, contender: Contender, settings: Settings, events: number): Promise<Throughput> {
  const round = await Round.open(contender, bench.folder, settings)
  try {
    const running = await round.serve()
    const handled = await untilHandled(running, events, bench.extent.handlingMaxS)
    const { app, server } = running.usage()
    await running.stop()
    const left = Math.max(0, events - handled.count)
    const tookS = (handled.lastAtMs - handled.firstAtMs) / 1_000
    return {
      perS: (handled.count - 1) / tookS, cpuUs: ((app.cpuS + (server?.cpuS ?? 0)) / handled.count) * 1e6, left,
      unsettled: left > 0 ? Number.NaN : await unsettledOf(round, events),
    }
  } finally {
    await round.close()
  }
}

/** Portline keeps what is done; the others forget it, so that nothing must be left. */
async function unsettledOf(round: Round, events: number): Promise<number> {
  return round.contender.forgetsHandled === true ? round.count() : Math.max(0, events - (await round.count('done')))
}

async function untilHandled(running: RunningContender, events: number, maxS: number): Promise<Handled> {
  const giveUpAtMs = performance.now() + maxS * 1_000
  for (;;) {
    const handled = (await running.ask('handled')) as Handled
    if (handled.count >= events || performance.now() > giveUpAtMs) return handled
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
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

async function idleLatency(bench: Bench): Promise<string> {
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
    rows.push([contender.label, duration(sent.p50), duration(sent.p99), sincePhrase(answered.p50), sincePhrase(answered.p99)])
  }
  if (rows.length === 0) return ''
  const head = ['', 'sent to handler begins, p50', 'p99', 'answered to handler begins, p50', 'p99']
  return [`### Idle, ${IDLE_RATE} events a second over 100 portals`, table(head, rows)].join('\n\n')
}

/** A handler may begin before its sender has read the answer. */
function sincePhrase(ms: number): string {
  return ms < 0 ? `${duration(-ms)} before` : duration(ms)
}

async function fairness(bench: Bench): Promise<string> {
  const { queued } = bench.extent
  const rows: string[][] = []
  for (const contender of withWorkers(bench).filter(({ takesBacklog }) => takesBacklog === true)) {
    bench.say(`one portal with ${count(queued)} queued, another's event: ${contender.label}`)
    const outcome = await guarded(bench, `fairness, ${contender.label}`, () => besideBacklog(bench, contender, queued))
    if (outcome === undefined) continue
    const { p50, p99, max } = latenciesOf(outcome.delays.fromSent)
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
