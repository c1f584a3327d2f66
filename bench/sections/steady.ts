import { fileURLToPath } from 'node:url'
import { CONTENDERS, REFERENCE } from '../contenders/contenders.ts'
import type { Bench } from '../lib/bench.ts'
import { guarded, PORTALS } from '../lib/bench.ts'
import { Round } from '../lib/contender.ts'
import type { Contender } from '../lib/contender.ts'
import type { SteadyFigure } from '../lib/figures.ts'
import { outputOf } from '../lib/processes.ts'
import { median } from '../lib/statistics.ts'
import { count, duration, percent, table } from '../lib/table.ts'
import type { SteadyPlan, SteadyResult } from '../load/steady.ts'

/** Open-loop receiving: how long an answer takes when events come at their own pace. */
const RATES = [1_000, 10_000] as const
/** Only these are asked for the higher rates; the others answer fewer at their best. */
const QUICK_CONTENDERS = ['file', 'portline', 'portline-absent', 'portline-receive']
const CONNECTIONS = 128
const SENDER = fileURLToPath(new URL('../load/steady.ts', import.meta.url))

export async function sendSteadily(plan: Partial<SteadyPlan> & Pick<SteadyPlan, 'url' | 'rate' | 'events'>): Promise<SteadyResult> {
  const full: SteadyPlan = { connections: CONNECTIONS, firstPortal: 0, portals: PORTALS, warmUpEvents: 0, ...plan }
  return JSON.parse(await outputOf(process.execPath, [SENDER, JSON.stringify(full)])) as SteadyResult
}

export async function measureSteadily(bench: Bench): Promise<string> {
  const parts: string[] = []
  for (const rate of RATES) {
    const contenders = bench.chosen(CONTENDERS).filter(({ name, durable }) => durable && (rate === RATES[0] || QUICK_CONTENDERS.includes(name)))
    const results = new Map<Contender, SteadyResult[]>()
    for (let n = 1; n <= bench.extent.rounds; n++) {
      for (const contender of contenders) {
        bench.say(`${count(rate)} a second, round ${n} of ${bench.extent.rounds}: ${contender.label}`)
        const result = await guarded(bench, `${count(rate)} events/s, ${contender.label}`, () => measureOnce(bench, contender, rate))
        if (result !== undefined) results.set(contender, [...(results.get(contender) ?? []), result])
      }
    }
    if (results.size > 0) parts.push(`### ${count(rate)} events a second`, report(results, rate))
    const own = results.get(REFERENCE)
    // The highest rate comes last.
    if (own !== undefined) bench.figures.steady = figureOf(own, rate)
  }
  return parts.join('\n\n')
}

async function measureOnce(bench: Bench, contender: Contender, rate: number): Promise<SteadyResult> {
  const round = await Round.open(contender, bench.folder)
  try {
    const running = await round.serve()
    const { warmUpS, measureS } = bench.extent
    const result = await sendSteadily({ url: running.url, rate, events: rate * (warmUpS + measureS), warmUpEvents: rate * warmUpS })
    await running.kill()
    return result
  } finally {
    await round.close()
  }
}

function figureOf(results: readonly SteadyResult[], rate: number): SteadyFigure {
  return { rate, answeredPerS: median(results.map(answeredPerS)), p99Ms: median(results.map(({ latencies }) => latencies.p99)) }
}

function answeredPerS({ answered, durationS }: SteadyResult): number {
  return answered / durationS
}

function report(results: ReadonlyMap<Contender, readonly SteadyResult[]>, rate: number): string {
  const rows = [...results].map(([contender, all]) => {
    const figure = (read: (result: SteadyResult) => number): number => median(all.map(read))
    const failed = all.reduce((sum, result) => sum + result.failed, 0)
    return [
      contender.label,
      `${count(figure(answeredPerS))}${failed > 0 ? `, ${count(failed)} NOT ANSWERED 200` : ''}`,
      ...(['p50', 'p99', 'p999', 'max'] as const).map((key) => duration(figure(({ latencies }) => latencies[key]))),
      duration(figure(({ lagP99 }) => lagP99)),
      percent(figure(({ cpuS, durationS }) => cpuS / durationS)),
    ]
  })
  const head = ['contender', `answered/s of ${count(rate)}`, 'p50', 'p99', 'p99.9', 'longest', 'sender late, p99', "sender's CPU, of one core"]
  return table(head, rows)
}
