import { execFileSync, spawn } from 'node:child_process'
import { createServer } from 'node:http'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { Portal } from '@portline/portal'

/**
 * Measures the local portal: `node bench/portal.ts [ready | cli | queue | memory | late]`, all when none is named. Results
 * and how they were taken: docs/portal/measurements.md. Each figure comes from processes of its own: none warms another up.
 */
const SELF = fileURLToPath(import.meta.url)
const CLI = fileURLToPath(new URL('../packages/cli/bin/portline.mjs', import.meta.url))
const RUNS = 5
const EVENTS = 20_000
const PORTALS = 1_000
const MEBIBYTE = 1_048_576

/** In-process: the import, then startPortal() until it is ready, then a second portal in the same process. */
async function ready(): Promise<void> {
  const beginMs = performance.now()
  const { startPortal } = await import('@portline/portal')
  const importedMs = performance.now()
  const first = await startPortal({ port: 0, oauthPort: 0 })
  const firstMs = performance.now()
  const second = await startPortal({ port: 0, oauthPort: 0 })
  const secondMs = performance.now()
  await Promise.all([first.stop(), second.stop()])
  print({ import_ms: importedMs - beginMs, start_ms: firstMs - importedMs, second_start_ms: secondMs - firstMs })
}

/** From the launch of `portline portal` until it prints its address, which it does when it listens. */
async function cli(): Promise<void> {
  const beginMs = performance.now()
  const args = [CLI, 'portal', '--port', '0', '--oauth-port', '0']
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const chunk of child.stdout) if (String(chunk).includes('http://')) break
  print({ ready_ms: performance.now() - beginMs })
  child.kill('SIGTERM')
}

/** A burst of events from one portal to a receiver in a thread of its own. */
async function queue(): Promise<void> {
  const { startPortal } = await import('@portline/portal')
  const receiver = new Worker(SELF, { argv: ['--receiver'] })
  const url = await new Promise<string>((resolve) => {
    receiver.once('message', resolve)
  })
  const portal = await startPortal({ port: 0, oauthPort: 0, queue: { maxDelayMs: 0 } })
  const { app } = portal.control.registerApp({ name: 'Bench', kind: 'local', ui: false, install_url: url, scope: ['crm'] })
  await portal.control.install(app.client_id)
  await portal.control.drain()
  const auth = portal.control.deliveries().deliveries[0]?.body.match(/access_token%5D=([0-9a-f]+)/)?.[1]
  await fetch(`${portal.url}/rest/event.bind?auth=${auth}&event=ONCRMLEADADD&handler=${encodeURIComponent(url)}`)
  await burst(portal, EVENTS / 4)
  const beginMs = performance.now()
  await burst(portal, EVENTS)
  const tookMs = performance.now() - beginMs
  print({ events: EVENTS, events_per_s: (EVENTS / tookMs) * 1_000 })
  await portal.stop()
  await receiver.terminate()
}

async function burst(portal: Portal, events: number): Promise<void> {
  for (let id = 1; id <= events; id++) portal.control.fireEvent({ event: 'ONCRMLEADADD', data: { FIELDS: { ID: id } } })
  await portal.control.drain()
}

/** A thousand portals at one OAuth server, each with an app installed; `late` ones build their web server when it is called. */
async function memory(late = false): Promise<void> {
  const { startPortal } = await import('@portline/portal')
  const { startOAuthServer } = await import('@portline/portal/start-oauth-server.ts')
  const oauth = await startOAuthServer({ port: 0 })
  globalThis.gc?.()
  const before = process.memoryUsage()
  const beginMs = performance.now()
  const portals = []
  for (let index = 0; index < PORTALS; index++) {
    const portal = await startPortal({ port: 0, oauth, late, seed: `bench ${index}` })
    portal.control.registerApp({ name: 'Bench', kind: 'market', client_id: 'app.bench', client_secret: 's', scope: ['crm'] })
    await portal.control.install('app.bench')
    portals.push(portal)
  }
  const tookMs = performance.now() - beginMs
  globalThis.gc?.()
  const after = process.memoryUsage()
  print({
    portals: PORTALS, start_ms_each: tookMs / PORTALS, rss_mib: after.rss / MEBIBYTE,
    heap_kib_each: (after.heapUsed - before.heapUsed) / PORTALS / 1_024, rss_kib_each: (after.rss - before.rss) / PORTALS / 1_024,
  })
  await Promise.all(portals.map((portal) => portal.stop()))
  await oauth.stop()
}

function receiverThread(): void {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.end())
  })
  server.listen(0, '127.0.0.1', async () => {
    const { parentPort } = await import('node:worker_threads')
    const address = server.address()
    parentPort?.postMessage(`http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/`)
  })
}

const MEASUREMENTS = { ready, cli, queue, memory: () => memory(), late: () => memory(true) }

function print(figures: Record<string, number>): void {
  console.log(JSON.stringify(figures))
}

/** Several runs, each in a process of its own; the median of each figure. */
function measure(name: string, runs: number): void {
  const samples = Array.from({ length: runs }, (): Record<string, number> =>
    JSON.parse(execFileSync(process.execPath, ['--expose-gc', SELF, '--one', name], { encoding: 'utf8' })))
  const figures = Object.keys(samples[0] ?? {}).map((key) => {
    const sorted = samples.map((sample) => sample[key] ?? 0).sort((one, other) => one - other)
    const told = [sorted[Math.floor(sorted.length / 2)], sorted[0], sorted.at(-1)]
    const [median, lowest, highest] = told.map((figure = 0) => figure.toFixed(1))
    return `${key} ${median} (${lowest} to ${highest})`
  })
  console.log(`${name}: ${figures.join(', ')}`)
}

function isMeasurement(name: string | undefined): name is keyof typeof MEASUREMENTS {
  return name !== undefined && Object.hasOwn(MEASUREMENTS, name)
}

const [first, second] = process.argv.slice(2)
if (first === '--receiver') receiverThread()
else if (first === '--one' && isMeasurement(second)) await MEASUREMENTS[second]()
else {
  console.log(`Node ${process.version}, ${availableParallelism()} cores; median of the runs, lowest and highest in brackets`)
  const names = isMeasurement(first) ? [first] : Object.keys(MEASUREMENTS)
  for (const name of names) measure(name, name === 'memory' || name === 'late' ? 1 : RUNS)
}
