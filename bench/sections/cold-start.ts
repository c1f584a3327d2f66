import { statSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { REFERENCE } from '../contenders/contenders.ts'
import type { Bench } from '../lib/bench.ts'
import { guarded, PORTALS } from '../lib/bench.ts'
import { Round } from '../lib/contender.ts'
import { eventBody, EVENTS_PATH } from '../lib/events.ts'
import { endProcess, spawnOwned } from '../lib/processes.ts'
import { median } from '../lib/statistics.ts'
import { count, duration, mebibytes, table } from '../lib/table.ts'
import { peakBytes } from '../lib/usage.ts'
import { freePort } from '../servers/server.ts'

/** `portline start` from its launch until it has answered 200 to an event, on stores of several sizes. */
const CLI = fileURLToPath(new URL('../../packages/cli/bin/portline.mjs', import.meta.url))
const APP_FILE = fileURLToPath(new URL('../portline/app.ts', import.meta.url))
/** As the bindings of the bench's portals have it. */
const PUBLIC_URL = 'http://127.0.0.1:9'
const ASK_AGAIN_MS = 5
const START_MAX_MS = 120_000

export async function measureColdStarts(bench: Bench): Promise<string> {
  const rows: string[][] = []
  for (const events of bench.chosen([REFERENCE]).length === 0 ? [] : bench.extent.storeSizes) {
    const row = await guarded(bench, `cold start with ${count(events)} events`, () => measureStore(bench, events))
    if (row !== undefined) rows.push(row)
  }
  if (rows.length === 0) return ''
  const head = ['events in the store', 'store, MiB', 'launch to first answer', 'most memory until then, MiB']
  const how = `Median of ${bench.extent.starts}, ${count(PORTALS)} portals installed, the store's file in the system's cache.`
  return [how, table(head, rows)].join('\n\n')
}

async function measureStore(bench: Bench, events: number): Promise<string[]> {
  bench.say(`cold start with ${count(events)} events in the store: filling it`)
  const backlog = events === 0 ? [] : [{ from: 0, lanes: PORTALS, perLane: events / PORTALS, state: 'done' as const }]
  const round = await Round.open(REFERENCE, bench.folder, { backlog })
  try {
    const folder = join(round.folder, 'own')
    bench.say(`cold start with ${count(events)} events in the store`)
    const starts: { tookMs: number; bytes: number }[] = []
    for (let n = 0; n < bench.extent.starts; n++) starts.push(await startOnce(folder, n + 1))
    const bytes = (await readdir(folder)).reduce((sum, file) => sum + statSync(join(folder, file)).size, 0)
    const [tookMs, mostBytes] = [median(starts.map((start) => start.tookMs)), median(starts.map((start) => start.bytes))]
    return [count(events), mebibytes(bytes), duration(tookMs), mebibytes(mostBytes)]
  } finally {
    await round.close()
  }
}

async function startOnce(folder: string, dealId: number): Promise<{ tookMs: number; bytes: number }> {
  const port = await freePort()
  const settings = { B24_CLIENT_ID: 'app.bench', B24_CLIENT_SECRET: 'the secret of the bench', PORTLINE_DATA: folder, PORTLINE_LOG: 'error' }
  const env = { ...process.env, ...settings }
  const args = [CLI, 'start', APP_FILE, '--port', String(port), '--public-url', PUBLIC_URL]
  const beginMs = performance.now()
  const child = spawnOwned(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'inherit'] })
  try {
    while (!(await isAccepted(port, eventBody(0, dealId)))) {
      if (child.exitCode !== null || performance.now() - beginMs > START_MAX_MS) throw new Error('portline start accepts nothing')
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS))
    }
    return { tookMs: performance.now() - beginMs, bytes: peakBytes(child.pid ?? 0) }
  } finally {
    await endProcess(child, 'SIGTERM')
  }
}

function isAccepted(port: number, body: string): Promise<boolean> {
  return new Promise((resolve) => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const sent = request({ host: '127.0.0.1', port, path: EVENTS_PATH, method: 'POST', headers, agent: false }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode === 200))
    })
    sent.on('error', () => resolve(false))
    sent.end(body)
  })
}
