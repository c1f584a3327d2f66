import { CONTENDERS, REFERENCE } from '../contenders/contenders.ts'
import type { Bench } from '../lib/bench.ts'
import { guarded } from '../lib/bench.ts'
import type { Handled } from '../lib/contender-side.ts'
import { Round } from '../lib/contender.ts'
import type { Contender } from '../lib/contender.ts'
import { EVENTS_PATH } from '../lib/events.ts'
import { diskSyncs } from '../lib/machine.ts'
import { median } from '../lib/statistics.ts'
import { count, duration, mebibytes, notMeasured, ratio, table } from '../lib/table.ts'
import { peakBytes } from '../lib/usage.ts'
import { FIRST_ID, runWrk, WRK_CONNECTIONS } from '../load/wrk.ts'

/** Closed-loop receiving: how many events a second are answered 200, by whom, at what price, and whether they are really there. */
interface Sample {
  readonly perS: number
  readonly p50: number
  readonly p99: number
  readonly handledPerS: number
  readonly appCpuUs: number
  readonly serverCpuUs: number
  readonly appBytes: number
  readonly serverBytes: number
  readonly syncsPerS: number
  readonly lost: number
  readonly refused: number
}

/** Of the contenders those that show what there is to be had at all. */
const BARE_HTTP = 'http'
const DECODING_HTTP = 'decode'
const HEAD = ['contender', 'answered/s', 'to Portline', 'p50', 'p99', 'handled/s', 'CPU µs per event', 'memory MiB', 'disk syncs/s', 'kept']

export async function measureReceiving(bench: Bench): Promise<string> {
  const samples = new Map<Contender, Sample[]>()
  const contenders = bench.chosen(CONTENDERS)
  for (let n = 1; n <= bench.extent.rounds; n++) {
    for (const contender of contenders) {
      bench.say(`receiving, round ${n} of ${bench.extent.rounds}: ${contender.label}`)
      const sample = await guarded(bench, `receiving, ${contender.label}`, () => measureOnce(bench, contender))
      if (sample !== undefined) samples.set(contender, [...(samples.get(contender) ?? []), sample])
    }
  }
  return report(bench, contenders, samples)
}

async function measureOnce(bench: Bench, contender: Contender): Promise<Sample> {
  const round = await Round.open(contender, bench.folder)
  try {
    const running = await round.serve()
    const url = `${running.url}${EVENTS_PATH}`
    const warmUp = await runWrk(url, bench.bodiesFile, bench.extent.warmUpS, FIRST_ID.warmUp)
    const [usedBefore, handledBefore, syncsBefore] = [running.usage(), await handledBy(running), diskSyncs(bench.folder)]
    const result = await runWrk(url, bench.bodiesFile, bench.extent.measureS, FIRST_ID.measured)
    const [used, handled, syncs] = [running.usage(), await handledBy(running), diskSyncs(bench.folder)]
    const appBytes = peakBytes(running.pid)
    await running.kill()
    const kept = contender.durable ? await round.count() : Number.NaN
    const answered = warmUp.requests + result.requests - warmUp.failed - result.failed
    const handledAtAll = contender.forgetsHandled === true ? handled.count : 0
    const perEventUs = (before: number, after: number): number => ((after - before) / result.requests) * 1e6
    return {
      perS: (result.requests - result.failed) / result.durationS, p50: result.p50, p99: result.p99,
      handledPerS: contender.handlers === 'noop' ? (handled.count - handledBefore.count) / result.durationS : Number.NaN,
      appCpuUs: perEventUs(usedBefore.app.cpuS, used.app.cpuS),
      serverCpuUs: perEventUs(usedBefore.server?.cpuS ?? Number.NaN, used.server?.cpuS ?? Number.NaN),
      appBytes, serverBytes: used.server?.memoryBytes ?? Number.NaN,
      syncsPerS: (syncs - syncsBefore) / result.durationS,
      lost: Math.max(0, answered - kept - handledAtAll), refused: result.failed + result.broken,
    }
  } finally {
    await round.close()
  }
}

async function handledBy(running: Awaited<ReturnType<Round['serve']>>): Promise<Handled> {
  return (await running.ask('handled')) as Handled
}

function report({ extent, figures }: Bench, contenders: readonly Contender[], samples: ReadonlyMap<Contender, readonly Sample[]>): string {
  const of = (contender: Contender, key: keyof Sample): number => median((samples.get(contender) ?? []).map((sample) => sample[key]))
  const measured = (wanted: string): Contender | undefined => contenders.find((each) => each.name === wanted && samples.has(each))
  const [http, decoding] = [measured(BARE_HTTP), measured(DECODING_HTTP)]
  if (http !== undefined) figures.httpPerS = of(http, 'perS')
  if (decoding !== undefined) figures.decodingPerS = of(decoding, 'perS')
  const own = samples.get(REFERENCE)
  if (own !== undefined) {
    figures.receiving = { answeredPerS: of(REFERENCE, 'perS'), handledPerS: of(REFERENCE, 'handledPerS'), lost: sumOf(own, 'lost') }
  }
  const reference = of(REFERENCE, 'perS')
  const rows = contenders.map((contender) => {
    const all = samples.get(contender)
    if (all === undefined) return notMeasured(contender.label, HEAD.length)
    const figure = (key: keyof Sample): number => of(contender, key)
    const spread = all.map(({ perS }) => perS)
    return [
      contender.label,
      spread.length === 1 ? count(figure('perS')) : `${count(figure('perS'))} (${count(Math.min(...spread))} to ${count(Math.max(...spread))})`,
      ratio(figure('perS'), reference),
      duration(figure('p50')), duration(figure('p99')), count(figure('handledPerS')),
      pair(count, figure('appCpuUs'), figure('serverCpuUs')),
      pair(mebibytes, figure('appBytes'), figure('serverBytes')),
      count(figure('syncsPerS')),
      keptOf(contender, all),
    ]
  })
  return [
    `${WRK_CONNECTIONS} connections, each sending its next event when the last was answered (wrk); ${extent.warmUpS} s to warm up, `
    + `${extent.measureS} s measured, median of ${extent.rounds} round${extent.rounds === 1 ? '' : 's'}, in which the contenders take turns.`,
    '',
    table(HEAD, rows),
  ].join('\n')
}

/** The contender's own and, where it has one, its server's. */
function pair(show: (value: number) => string, app: number, server: number): string {
  return Number.isFinite(server) ? `${show(app)} + ${show(server)}` : show(app)
}

function keptOf(contender: Contender, samples: readonly Sample[]): string {
  const [lost, refused] = [sumOf(samples, 'lost'), sumOf(samples, 'refused')]
  const refusedPhrase = refused > 0 ? `${count(refused)} NOT ANSWERED 200` : undefined
  if (!contender.durable) return refusedPhrase ?? 'nothing'
  return [lost > 0 ? `${count(lost)} LOST` : 'all', refusedPhrase].filter((text) => text !== undefined).join(', ')
}

function sumOf(samples: readonly Sample[], key: 'lost' | 'refused'): number {
  return samples.reduce((total, sample) => total + sample[key], 0)
}
