import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { VirtualClock } from '@portline/runtime/clock.ts'
import { defineApp } from 'portline'
import { SENDER_NODES_MIN_MS, SENDER_NODES_POLL_MS } from 'portline/limits.ts'
import { startAppSide } from 'portline/serve/start-app-side.ts'
import type { AppSide, AppSideOptions } from 'portline/serve/start-app-side.ts'
import { afterEach, beforeEach, expect, test } from 'vitest'

/** A start that fails leaves nothing behind that goes on by itself: another one in the same process finds everything free. */
let dataDir: string
let clock: VirtualClock
/** Somebody else's server, on an address that is wanted. */
let taken: Server
let takenPort: number
let asked: number

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'portline-failed-start-'))
  clock = new VirtualClock()
  asked = 0
  taken = createServer((_request, response) => response.end('{}')).listen(0, '127.0.0.1')
  await once(taken, 'listening')
  takenPort = (taken.address() as AddressInfo).port
})
afterEach(async () => {
  taken.close()
  await rm(dataDir, { recursive: true })
})

function start(options: Partial<AppSideOptions> = {}): Promise<AppSide> {
  return startAppSide({
    apps: [{ app: defineApp({ name: 'late' }).on('ONAPPTEST', () => {}), clientId: 'c', clientSecret: 's' }],
    host: '127.0.0.1', port: 0, dataDir, authServers: [], clock,
    senders: { nodes: { mode: 'warn', url: 'https://list.example/' } },
    getJson: () => {
      asked += 1
      return Promise.resolve({ nodes: ['127.0.0.1'] })
    },
    ...options,
  })
}

/** Long enough for everything that is done again and again. */
async function muchLater(): Promise<void> {
  for (let n = 0; n < 5; n++) await clock.advance(SENDER_NODES_POLL_MS + SENDER_NODES_MIN_MS)
}

async function servesAndStops(): Promise<void> {
  const side = await start()
  expect((await fetch(`${side.url}/api/events`)).status).toBe(200)
  const before = asked
  await muchLater()
  expect(asked).toBeGreaterThan(before)
  await side.stop()
  const atStop = asked
  await muchLater()
  expect(asked).toBe(atStop)
}

test('an address that is taken: the list of senders is not asked for any more, and the next start serves', async () => {
  await expect(start({ port: takenPort })).rejects.toMatchObject({ code: 'ADDRESS_IN_USE' })
  const afterFailure = asked
  await muchLater()
  expect(asked).toBe(afterFailure)
  await servesAndStops()
})

/** 203.0.113.0/24 is for documents: no machine has such an address. */
test.each(['203.0.113.9', 'nosuch.invalid', '[::1]'])('the host %s, which cannot be listened on, is a setting that is wrong, and the next start serves', async (host) => {
  await expect(start({ host })).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining(host) as string })
  await servesAndStops()
})

test('a store that fails while work is taken up: the address is free again, and nothing goes on', async () => {
  await (await start()).stop()
  const file = join(dataDir, 'portline.sqlite')
  const db = new DatabaseSync(file)
  db.exec('ALTER TABLE audit_seal RENAME TO audit_seal_away')
  db.close()
  const port = await freePort()
  await expect(start({ port })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  const afterFailure = asked
  await muchLater()
  expect(asked).toBe(afterFailure)
  await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow()
  const mended = new DatabaseSync(file)
  mended.exec('ALTER TABLE audit_seal_away RENAME TO audit_seal')
  mended.close()
  const side = await start({ port })
  expect(side.url).toBe(`http://127.0.0.1:${port}`)
  await side.stop()
})

test('a stop that is asked for twice is one', async () => {
  const side = await start()
  await Promise.all([side.stop(), side.stop()])
  await side.stop()
  await servesAndStops()
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

test('who waits for the code to be loaded is called before the server listens; where that fails, the store is free again', async () => {
  const onLoaded = (): never => {
    throw new Error('no setting of this V8')
  }
  await expect(start({ port: takenPort, onLoaded })).rejects.toThrow('no setting of this V8')
  await servesAndStops()
})
