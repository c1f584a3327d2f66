import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPortal } from '@portline/portal'
import type { Portal } from '@portline/portal'
import { systemRandom } from '@portline/runtime/random.ts'
import { encodeForm } from '@portline/wire/form/encode.ts'
import { main } from '@portline/cli/main.ts'
import { loadSealingKeys } from 'portline/serve/sealing-key.ts'
import type { NewEvent } from 'portline/store/port.ts'
import { STORE_FILE } from 'portline/store/sqlite/store-file.ts'
import { openSqliteStore } from 'portline/store/sqlite/sqlite-store.ts'
import { resealStore } from 'portline/tokens/reseal.ts'
import { sealShared } from 'portline/tokens/sealed-event.ts'
import { createSealer, keyIdOf } from 'portline/tokens/sealer.ts'
import { openAccount } from 'portline/tokens/token-pair.ts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { AppSideChild } from './support/app-side-child.ts'
import { until } from './support/house.ts'

/** The key that seals is changed while events come in and the process is killed again and again. */
const KILLS = 5
const SEALED_BEFORE = 1_500

let folder: string
let dataDir: string
let portal: Portal
let child: AppSideChild
let firstKey: string
const acknowledged = new Set<string>()

/** What a busy month leaves: groups of auth blocks, sealed with the key of then. */
async function fillStore(): Promise<void> {
  const { keys } = await loadSealingKeys(dataDir, {}, systemRandom)
  firstKey = keys.map(keyIdOf).join()
  const sealer = createSealer(keys, systemRandom)
  const store = await openSqliteStore(join(dataDir, STORE_FILE))
  await Promise.all(Array.from({ length: SEALED_BEFORE }, (_, n) => {
    const id = `before-${n}`
    const event: NewEvent = {
      app: 'crash', memberId: 'of old', id, code: 'ONAPPTEST', generation: 1, auth: new Uint8Array(), authShared: true, state: 'done',
      proof: 'application_token', receivedAtMs: Date.now(),
    }
    return store.appendEvents({ events: [event], sharedAuth: sealShared(sealer, [[id, { auth: { access_token: `token ${n}` } }]]) })
  }))
  await store.close()
}

/** Posts until the server is gone. */
async function send(): Promise<void> {
  const { application_token } = portal.control.app('app.crash')
  const body = encodeForm({ event: 'ONAPPTEST', ts: '1', auth: { member_id: portal.memberId, access_token: 'x', application_token } })
  for (;;) {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const answer = await fetch(`${child.url}/apps/crash/events`, { method: 'POST', headers, body }).then(async (response) => {
      return { status: response.status, body: (await response.json()) as { id: string } }
    }).catch(() => undefined)
    if (answer === undefined) return
    expect(answer.status).toBe(200)
    acknowledged.add(answer.body.id)
  }
}

async function run(...args: string[]): Promise<{ exitCode: number; out: string; err: string }> {
  return runWith({}, ...args)
}

async function runWith(env: Record<string, string>, ...args: string[]): Promise<{ exitCode: number; out: string; err: string }> {
  const [out, err]: [string[], string[]] = [[], []]
  const output = { out: (text: string) => void out.push(text), err: (text: string) => void err.push(text), write: (text: string) => Promise.resolve(void out.push(text)) }
  const exitCode = await main(args, { PORTLINE_URL: child.url, ...env }, output)
  return { exitCode, out: out.join('\n'), err: err.join('\n') }
}

interface Status {
  readonly phase: string
  readonly keys: { readonly id: string; readonly role: string }[]
}

async function status(): Promise<Status> {
  return JSON.parse((await run('keys', 'status', '--json')).out) as Status
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portline-keys-'))
  portal = await startPortal({ port: 0, oauthPort: 0 })
  child = new AppSideChild('crash-child.ts', folder, [portal.oauthUrl], '20')
  dataDir = child.dataDir
  await loadSealingKeys(dataDir, {}, systemRandom)
  await fillStore()
  await child.start()
  portal.control.registerApp({
    name: 'crash', kind: 'market', client_id: 'app.crash', client_secret: 'crash secret', ui: true, install_url: `${child.url}/apps/crash/install`,
  })
  expect((await portal.control.install('app.crash')).page?.status).toBe(200)
  portal.control.finish('app.crash')
  await portal.control.drain()
}, 60_000)
afterAll(async () => {
  await child.kill()
  await portal.stop()
  await rm(folder, { recursive: true })
})

/** Two passes over everything while events keep coming: on a busy machine that takes its time. */
const KEY_GONE_MAX_MS = 120_000

test(`${KILLS} kills while the key is changed lose nothing, and in the end one new key opens everything`, { timeout: 2 * KEY_GONE_MAX_MS }, async () => {
  expect((await status()).keys).toEqual([{ id: firstKey, role: 'active', unused: false }])
  const rotated = await run('keys', 'rotate')
  expect(rotated).toMatchObject({ exitCode: 0, err: expect.stringContaining('Backups made before need it') as unknown })
  expect(rotated.out).toContain('opens what is not resealed yet')
  expect(await run('keys', 'rotate')).toMatchObject({ exitCode: 1, err: expect.stringContaining('KEY_ROTATION_RUNNING') as unknown })

  let during = 0
  for (let kill = 0; kill < KILLS; kill++) {
    const before = acknowledged.size
    const senders = [send(), send(), send()]
    await until(() => (acknowledged.size > before + 5 ? true : undefined), 'some answers')
    if ((await status()).keys.length > 1) during += 1
    await child.kill()
    await Promise.all(senders)
    expect((await readFile(join(dataDir, 'sealing.key'), 'utf8')).trim().split('\n').length).toBeLessThanOrEqual(2)
    await child.start()
  }
  expect(during).toBeGreaterThan(0)
  const senders = [send(), send()]
  const after = await until(async () => {
    const now = await status()
    return now.keys.length === 1 ? now : undefined
  }, 'the former key to go', KEY_GONE_MAX_MS)
  expect(after.keys[0]?.id).not.toBe(firstKey)
  await child.kill()
  await Promise.all(senders)

  const file = join(dataDir, 'sealing.key')
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  const { keys } = await loadSealingKeys(dataDir, {}, systemRandom)
  expect(keys.map(keyIdOf)).toEqual([after.keys[0]?.id])
  const store = await openSqliteStore(join(dataDir, STORE_FILE))
  const sealer = createSealer(keys, systemRandom)
  expect(await resealStore(store, sealer)).toEqual({ resealed: 0, missed: 0, unreadable: 0 })
  const [account] = await store.accounts({ app: 'crash', memberId: portal.memberId })
  expect(account && openAccount(sealer, account).refreshToken).toMatch(/^[0-9a-f]{70}$/)
  for (const id of acknowledged) expect(await store.event(id), id).toBeDefined()
  await store.close()
  await child.start()
  expect((await status()).phase).toBe('one key')
})

test('of an app side that does not run the key is changed at once; the running one holds its store', async () => {
  expect(await run('keys', 'rotate', '--data', dataDir)).toMatchObject({ exitCode: 1, err: expect.stringContaining('STORE_IN_USE') as unknown })
  await child.kill()
  const [before] = (JSON.parse((await run('keys', 'list', '--data', dataDir, '--json')).out) as Status).keys
  const rotated = await run('keys', 'rotate', '--data', dataDir)
  expect(rotated).toMatchObject({ exitCode: 0, out: expect.stringContaining(`removed   ${before?.id}`) as unknown })
  const { keys } = await loadSealingKeys(dataDir, {}, systemRandom)
  expect(keys).toHaveLength(1)
  const key = Buffer.from(keys[0] ?? []).toString('base64')
  for (const { out, err } of [rotated, await run('keys', 'list', '--data', dataDir)]) expect(out + err).not.toContain(key)
})

test('a key that is another one is told apart, whatever is asked of the store, and nothing is changed', async () => {
  const { keys: [present = new Uint8Array()] } = await loadSealingKeys(dataDir, {}, systemRandom)
  const wrong = Buffer.alloc(32, 9)
  const PORTLINE_KEY = wrong.toString('base64')
  for (const command of [['keys', 'status'], ['audit', 'verify'], ['keys', 'rotate']]) {
    const { exitCode, out, err } = await runWith({ PORTLINE_KEY, PORTLINE_FORMER_KEYS: Buffer.alloc(32, 8).toString('base64') }, ...command, '--data', dataDir, '--json')
    expect([command.join(' '), exitCode, out]).toEqual([command.join(' '), 1, ''])
    expect(JSON.parse(err)).toEqual({ error: 'KEY_INVALID', error_description: expect.stringContaining(`sealed with the key ${keyIdOf(present)}`) as string })
    expect(err).toContain(keyIdOf(wrong))
    expect(err).not.toContain(PORTLINE_KEY)
  }
  expect(await run('keys', 'status', '--data', dataDir)).toMatchObject({ exitCode: 0 })
  expect(await run('audit', 'verify', '--data', dataDir)).toMatchObject({ exitCode: 0 })
  // Where there is no store yet, no key is a wrong one.
  expect(await runWith({ PORTLINE_KEY }, 'keys', 'status', '--data', join(folder, 'nothing'))).toMatchObject({ exitCode: 0 })
})

test('a key from the environment is changed by whoever starts the process, and the command line says how', async () => {
  const { keys: [present = new Uint8Array()] } = await loadSealingKeys(dataDir, {}, systemRandom)
  const former = Buffer.from(present).toString('base64')
  expect(await runWith({ PORTLINE_KEY: former }, 'keys', 'rotate', '--data', dataDir)).toMatchObject({
    exitCode: 1, err: expect.stringMatching(/KEY_FROM_ENVIRONMENT[\s\S]*PORTLINE_FORMER_KEYS/) as unknown,
  })
  const next = Buffer.from(systemRandom.bytes(32)).toString('base64')
  const rotated = await runWith({ PORTLINE_KEY: next, PORTLINE_FORMER_KEYS: former }, 'keys', 'rotate', '--data', dataDir)
  expect(rotated).toMatchObject({ exitCode: 0, err: expect.stringContaining('Take the former keys out of PORTLINE_FORMER_KEYS') as unknown })
  const store = await openSqliteStore(join(dataDir, STORE_FILE))
  expect(await resealStore(store, createSealer(Buffer.from(next, 'base64'), systemRandom))).toEqual({ resealed: 0, missed: 0, unreadable: 0 })
  await store.close()
  for (const secret of [former, next]) expect(rotated.out + rotated.err).not.toContain(secret)
})
