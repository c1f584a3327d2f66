import { REFERENCE } from '../contenders/contenders.ts'
import type { Bench } from '../lib/bench.ts'
import { guarded } from '../lib/bench.ts'
import type { Backlog, Handled } from '../lib/contender-side.ts'
import { Round } from '../lib/contender.ts'
import type { Contender, RunningContender } from '../lib/contender.ts'
import type { BacklogFigure } from '../lib/figures.ts'
import { median } from '../lib/statistics.ts'
import { count, notMeasured, ratio, table } from '../lib/table.ts'
import { fairness, idleLatency, withWorkers } from './delays.ts'

/** From the disk through the handlers: throughput over many lanes; and the delays of delays.ts. */
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
  const beside = `Portline, besides ${count(lanes)} lanes that fail with ${count(queued)} parked behind them`
  const cases = [
    ...withWorkers(bench).filter((contender) => contender.lanes === true).map((contender) => ({
      contender, label: contender.label, settings: { portals: lanes, backlog: [free] },
    })),
    ...bench.chosen([REFERENCE]).map((contender) => ({
      contender, label: beside, settings: { portals: 2 * lanes, backlog: [blocked, free], failFrom: lanes },
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
  const handedOver = (label: string): BacklogFigure => ({ lanes, handledPerS: figure(label, 'perS'), unsettled: figure(label, 'unsettled') })
  if (results.has(REFERENCE.label)) bench.figures.lanes = handedOver(REFERENCE.label)
  if (results.has(beside)) bench.figures.besideFailing = { ...handedOver(beside), parked: queued }
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
