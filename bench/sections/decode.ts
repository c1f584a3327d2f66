import { fileURLToPath } from 'node:url'
import type { Bench } from '../lib/bench.ts'
import { guarded } from '../lib/bench.ts'
import { outputOf } from '../lib/processes.ts'
import { median } from '../lib/statistics.ts'
import { count, ratio, table } from '../lib/table.ts'

/** Decoding alone, in one process, the decoders taking turns: microseconds per body. The first race is over an event. */
interface Race {
  readonly body: string
  readonly bytes: number
  readonly decoders: readonly { readonly name: string; readonly usPerBody: readonly number[] }[]
}

const PROGRAM = fileURLToPath(new URL('../contenders/decode-race.mjs', import.meta.url))

export async function measureDecoding(bench: Bench): Promise<string> {
  bench.say('decoding')
  const { rounds, measureS } = bench.extent
  const race = await guarded(bench, 'decoding', async () => outputOf(process.execPath, [PROGRAM, String(rounds), String(measureS * 100)]))
  if (race === undefined) return ''
  const [event, ...others] = JSON.parse(race) as [Race, ...Race[]]
  bench.figures.decoding = { timesAsFastAsQs: usOf(event, 'qs.parse') / usOf(event, 'Portline decodeForm') }
  return [event, ...others].map(report).join('\n\n')
}

function usOf({ decoders }: Race, decoder: string): number {
  return median(decoders.find(({ name }) => name === decoder)?.usPerBody ?? [])
}

function report({ body, bytes, decoders }: Race): string {
  const reference = median(decoders[0]?.usPerBody ?? [])
  const rows = decoders.map(({ name, usPerBody }) => {
    const us = median(usPerBody)
    return [name, us.toPrecision(3), count(1e6 / us), ratio(reference, us)]
  })
  return `${body}, ${count(bytes)} bytes:\n\n${table(['decoder', 'µs per body', 'bodies/s', 'speed to Portline'], rows)}`
}
