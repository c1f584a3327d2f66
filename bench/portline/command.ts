import type { ChildProcess } from 'node:child_process'
import { request } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Round } from '../lib/contender.ts'
import { eventBody, EVENTS_PATH } from '../lib/events.ts'
import { endProcess, spawnOwned } from '../lib/processes.ts'
import { freePort } from '../servers/server.ts'

/** `portline start` as its users run it, where what is measured is the process and not what the bench adds to it. */
const CLI = fileURLToPath(new URL('../../packages/cli/bin/portline.mjs', import.meta.url))
const APP_FILE = fileURLToPath(new URL('./app.ts', import.meta.url))
/** As the bindings of the bench's portals have it. */
const PUBLIC_URL = 'http://127.0.0.1:9'
const ASK_AGAIN_MS = 5
const START_MAX_MS = 120_000

export interface RunningCommand {
  readonly pid: number
  /** Of its event endpoint. */
  readonly url: string
  /** From its launch until it had answered 200 to an event. */
  readonly tookMs: number
  end(): Promise<void>
}

/** Where a round of Portline's keeps its store. */
export function storeFolder({ folder }: Round): string {
  return join(folder, 'own')
}

/** `dealId` is the first event's; followed ids are the sender's. */
export async function startCommand(folder: string, dealId: number): Promise<RunningCommand> {
  const port = await freePort()
  const settings = { B24_CLIENT_ID: 'app.bench', B24_CLIENT_SECRET: 'the secret of the bench', PORTLINE_DATA: folder, PORTLINE_LOG: 'error' }
  const env = { ...process.env, ...settings }
  const args = [CLI, 'start', APP_FILE, '--port', String(port), '--public-url', PUBLIC_URL]
  const beginMs = performance.now()
  const child = spawnOwned(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'inherit'] })
  try {
    await accepted(child, port, eventBody(0, dealId), beginMs)
  } catch (error) {
    await endProcess(child, 'SIGTERM')
    throw error
  }
  return {
    pid: child.pid ?? 0,
    url: `http://127.0.0.1:${port}${EVENTS_PATH}`,
    tookMs: performance.now() - beginMs,
    end: async () => void (await endProcess(child, 'SIGTERM')),
  }
}

async function accepted(child: ChildProcess, port: number, body: string, beginMs: number): Promise<void> {
  while (!(await isAccepted(port, body))) {
    if (child.exitCode !== null || performance.now() - beginMs > START_MAX_MS) throw new Error('portline start accepts nothing')
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS))
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
