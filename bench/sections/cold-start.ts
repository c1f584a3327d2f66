import { statSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { REFERENCE } from '../contenders/contenders.ts'
import type { Bench, StoreSize } from '../lib/bench.ts'
import { guarded } from '../lib/bench.ts'
import { Round } from '../lib/contender.ts'
import { median } from '../lib/statistics.ts'
import { count, duration, mebibytes, table } from '../lib/table.ts'
import { peakBytes } from '../lib/usage.ts'
import { startCommand, storeFolder } from '../portline/command.ts'

/** `portline start` from its launch until it has answered 200 to an event, on stores of several sizes. */
export async function measureColdStarts(bench: Bench): Promise<string> {
  const rows: string[][] = []
  for (const store of bench.chosen([REFERENCE]).length === 0 ? [] : bench.extent.stores) {
    const row = await guarded(bench, `cold start with ${count(store.events)} events`, () => measureStore(bench, store))
    if (row !== undefined) rows.push(row)
  }
  if (rows.length === 0) return ''
  const head = ['portals', 'events in the store', 'store, MiB', 'launch to first answer', 'most memory until then, MiB']
  const how = `Median of ${bench.extent.starts}, the store's file in the system's cache.`
  return [how, table(head, rows)].join('\n\n')
}

async function measureStore(bench: Bench, { portals, events }: StoreSize): Promise<string[]> {
  bench.say(`cold start with ${count(events)} events in the store: filling it`)
  const backlog = events === 0 ? [] : [{ from: 0, lanes: portals, perLane: events / portals, state: 'done' as const }]
  const round = await Round.open(REFERENCE, bench.folder, { portals, backlog })
  try {
    const folder = storeFolder(round)
    bench.say(`cold start with ${count(events)} events in the store`)
    const starts: { tookMs: number; bytes: number }[] = []
    for (let n = 0; n < bench.extent.starts; n++) starts.push(await startOnce(folder, n + 1))
    const bytes = (await readdir(folder)).reduce((sum, file) => sum + statSync(join(folder, file)).size, 0)
    const [tookMs, mostBytes] = [median(starts.map((start) => start.tookMs)), median(starts.map((start) => start.bytes))]
    bench.figures.coldStarts = [...bench.figures.coldStarts, { portals, events, tookMs }]
    return [count(portals), count(events), mebibytes(bytes), duration(tookMs), mebibytes(mostBytes)]
  } finally {
    await round.close()
  }
}

async function startOnce(folder: string, dealId: number): Promise<{ tookMs: number; bytes: number }> {
  const running = await startCommand(folder, dealId)
  const { tookMs, pid } = running
  const bytes = peakBytes(pid)
  await running.end()
  return { tookMs, bytes }
}
