import { execFile, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startPortal } from '@portline/portal'
import type { Portal } from '@portline/portal'
import { VirtualClock } from '@portline/runtime/clock.ts'
import { writeEnvelope } from '@portline/wire/write-envelope.ts'
import { defineApp } from 'portline'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runCommand } from './support/command.ts'
import { openHouse, until } from './support/house.ts'

/** A backup of a running app side under load, its end by kill -9, and a restore: with the command line, as an operator would. */
const SENDERS = 8
const PORTLINE = fileURLToPath(new URL('../packages/cli/bin/portline.mjs', import.meta.url))

let folder: string
let portal: Portal
let child: ChildProcess
let url: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portline-backup-'))
  portal = await startPortal({ port: 0, oauthPort: 0 })
  url = ''
})
afterEach(async () => {
  await kill()
  await portal.stop()
  await rm(folder, { recursive: true })
})

async function start(data: string, handled: string): Promise<void> {
  const script = new URL('./support/crash-child.ts', import.meta.url).pathname
  const port = url === '' ? '0' : new URL(url).port
  child = spawn(process.execPath, [script, data, port, portal.oauthUrl, handled], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(child.stdout ?? child, 'data')) as [Buffer]
  url = line.toString().trim().replace('ready ', '')
}

async function kill(): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

function run(...args: string[]): ReturnType<typeof runCommand> {
  return runCommand(args, { PORTLINE_URL: url })
}

async function install(): Promise<void> {
  portal.control.registerApp({ name: 'crash', kind: 'market', client_id: 'app.crash', client_secret: 'crash secret', ui: true, install_url: `${url}/apps/crash/install` })
  expect((await portal.control.install('app.crash')).page?.status).toBe(200)
  portal.control.finish('app.crash')
  await portal.control.drain()
}

async function post(n: number): Promise<string | undefined> {
  const { application_token } = portal.control.app('app.crash')
  const body = writeEnvelope({ event: 'ONAPPTEST', data: { QUERY: { n } }, ts: '1', auth: { member_id: portal.memberId, application_token } })
  const answer = await fetch(`${url}/apps/crash/events`, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body }).catch(() => undefined)
  if (answer?.status !== 200) return undefined
  return answer.json().then((json: unknown) => (json as { id: string }).id, () => undefined)
}

/** Of the app side that runs, or with `--data` of one that does not. */
async function storedIds(...where: string[]): Promise<Set<string>> {
  const { exitCode, out, err } = await run('events', 'export', '--event', 'ONAPPTEST', ...where)
  expect(exitCode, err).toBe(0)
  return new Set(out.split('\n').filter((line) => line !== '').map((line) => (JSON.parse(line) as { id: string }).id))
}

/** An app side that was killed with a log that holds what it had answered 200, and a backup from before all that. */
async function killedWithLog(): Promise<{ data: string; file: string; backup: string; acknowledged: readonly string[] }> {
  const data = join(folder, 'data')
  const [file, backup] = [join(data, 'portline.sqlite'), join(folder, 'backup.sqlite')]
  await start(data, join(folder, 'handled'))
  await install()
  expect((await run('backup', backup)).exitCode).toBe(0)
  const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => post(n)))
  const acknowledged = answers.filter((id) => id !== undefined)
  expect(acknowledged.length).toBe(answers.length)
  await kill()
  expect((await stat(`${file}-wal`)).size).toBeGreaterThan(0)
  return { data, file, backup, acknowledged }
}

/** What belongs to the store by its name, without the lock's file. */
async function storeFiles(data: string): Promise<string[]> {
  return (await readdir(data)).filter((name) => name.startsWith('portline.sqlite') && !name.endsWith('.lock')).toSorted()
}

test('what was acknowledged before a backup began is in it; the app side goes on from there', { timeout: 120_000 }, async () => {
  const [data, handled] = [join(folder, 'data'), join(folder, 'handled')]
  await start(data, handled)
  await install()
  const acknowledged: string[] = []
  const stop = new AbortController()
  const senders = Array.from({ length: SENDERS }, async () => {
    for (let n = 0; !stop.signal.aborted; n++) {
      const id = await post(n)
      if (id === undefined) return
      acknowledged.push(id)
    }
  })
  await until(() => (acknowledged.length > 500 ? true : undefined), 'events')
  const before = [...acknowledged]
  const backup = join(folder, 'backup.sqlite')
  const made = await run('backup', backup, '--json')
  expect(made.exitCode, made.err).toBe(0)
  expect(made.err).toContain('The sealing key is NOT in it')
  await until(() => (acknowledged.length > before.length + 100 ? true : undefined), 'events after the backup')
  await kill()
  stop.abort()
  await Promise.all(senders)
  expect((await stat(backup)).mode & 0o777).toBe(0o600)
  expect((await readdir(data)).filter((file) => file.includes('snapshot'))).toEqual([])

  const [restored, again] = [join(folder, 'restored'), join(folder, 'handled-again')]
  expect(await run('restore', backup, '--data', restored)).toMatchObject({ exitCode: 1, err: expect.stringContaining('no key is at hand') as unknown })
  await copyFile(join(data, 'sealing.key'), join(restored, 'sealing.key'))
  const done = await run('restore', backup, '--data', restored)
  expect(done.exitCode, done.err).toBe(0)
  expect(done.out).toContain('opens what is sealed in it')
  await start(restored, again)
  const stored = await storedIds()
  for (const id of before) expect(stored.has(id), id).toBe(true)
  expect(await post(-1)).toBeDefined()
  await until(async () => {
    const { out } = await run('events', 'list', '--state', 'pending', '--limit', '1', '--json')
    return out === '' ? true : undefined
  }, 'the lanes to run dry')
  const order = (await readFile(again, 'utf8')).trim().split('\n').map((line) => line.split(' ')[1] ?? '')
  expect(order).toEqual(order.toSorted())
  expect(order.length).toBeGreaterThan(0)
})

test('tokens that were renewed after the backup are void; opening the app once brings new ones', { timeout: 60_000 }, async () => {
  await start(join(folder, 'data'), join(folder, 'handled'))
  await kill()
  const clock = new VirtualClock(Date.now())
  const app = defineApp({ name: 'tokens' }).on('ONAPPTEST', async ({ b24 }) => {
    await b24.actions.v2.call.make({ method: 'profile' })
  }, { isFinal: () => true })
  const house = await openHouse({ app, portal: { clock } })
  const TWO_HOURS_MS = 7_200_000
  const SECOND_MS = 1_000
  const callTheirPortal = async (): Promise<{ state: string; reason: string | null }> => {
    await clock.advance(TWO_HOURS_MS)
    const { application_token } = house.portal.control.app(house.clientId)
    const { body } = await house.post({ event: 'ONAPPTEST', auth: { member_id: house.portal.memberId, application_token } })
    return until(async () => {
      const event = await house.event(body.id ?? '')
      return event.state === 'pending' ? undefined : event
    }, 'the event to end')
  }
  const open = async (): Promise<void> => {
    expect((await house.portal.control.install(house.clientId)).page?.status).toBe(200)
    house.portal.control.finish(house.clientId)
    await clock.advance(SECOND_MS)
    await house.settled('ONAPPINSTALL')
  }
  await open()
  url = house.side.url
  const backup = join(folder, 'backup.sqlite')
  expect((await run('backup', backup)).exitCode).toBe(0)
  expect(await callTheirPortal()).toMatchObject({ state: 'done' })
  await house.side.stop()
  expect((await run('restore', backup, '--data', house.dataDir, '--force')).exitCode).toBe(0)
  await house.restart()
  expect(await callTheirPortal()).toMatchObject({ state: 'dead', reason: 'TOKENS_DEAD' })
  await open()
  expect((await run('events', 'replay', '--reason', 'TOKENS_DEAD', '--yes', '--json')).out).toContain('"replayed":1')
  await until(async () => ((await house.events({ state: 'dead' })).length === 0 ? true : undefined), 'the dead letter to be handled')
  expect(await callTheirPortal()).toMatchObject({ state: 'done' })
  await house.close()
})

test('a restore refuses what it should, and leaves everything as it was', { timeout: 60_000 }, async () => {
  const data = join(folder, 'data')
  await start(data, join(folder, 'handled'))
  await install()
  const backup = join(folder, 'backup.sqlite')
  await run('backup', backup)
  expect(await run('backup', backup)).toMatchObject({ exitCode: 1, err: expect.stringContaining('is there already') as unknown })
  expect(await run('restore', backup, '--data', data, '--force')).toMatchObject({ exitCode: 1, err: expect.stringContaining('STORE_IN_USE') as unknown })
  await kill()
  expect(await run('restore', backup, '--data', data)).toMatchObject({ exitCode: 1, err: expect.stringContaining('STORE_EXISTS') as unknown })
  const kept = await readFile(join(data, 'portline.sqlite'))

  const bytes = await readFile(backup)
  const damaged = join(folder, 'damaged.sqlite')
  await writeFile(damaged, Buffer.concat([bytes.subarray(0, 8_192), Buffer.alloc(8_192, 7), bytes.subarray(16_384)]))
  const cut = join(folder, 'cut.sqlite')
  await writeFile(cut, bytes.subarray(0, bytes.length - 4_096))
  const text = join(folder, 'text.sqlite')
  await writeFile(text, 'this is no database, however long it may be')
  for (const file of [damaged, cut, text, folder, join(folder, 'none.sqlite')]) {
    expect(await run('restore', file, '--data', data, '--force'), file).toMatchObject({ exitCode: 1, err: expect.stringContaining('BACKUP_INVALID') as unknown })
  }
  const other = join(folder, 'other')
  await mkdir(other)
  await writeFile(join(other, 'sealing.key'), Buffer.alloc(32, 1).toString('base64'))
  expect(await run('restore', backup, '--data', other)).toMatchObject({ exitCode: 1, err: expect.stringContaining('KEY_INVALID') as unknown })
  expect(await readdir(other)).toEqual(['sealing.key'])
  expect(await readFile(join(data, 'portline.sqlite'))).toEqual(kept)
  await start(data, join(folder, 'handled'))
  expect(await post(1)).toBeDefined()
})

test('a backup whose key is lost is restored when that is said, and starts with a new key; a backup of that store needs the new one alone', { timeout: 60_000 }, async () => {
  const data = join(folder, 'data')
  await start(data, join(folder, 'handled'))
  await install()
  expect(await post(1)).toBeDefined()
  await kill()
  const backup = join(folder, 'backup.sqlite')
  expect((await run('backup', backup, '--data', data)).exitCode).toBe(0)
  const [lost, wrong] = [join(folder, 'lost'), join(folder, 'wrong')]
  for (const to of [lost, wrong]) {
    await mkdir(to)
    await writeFile(join(to, 'sealing.key'), Buffer.alloc(32, 7).toString('base64'))
    expect(await run('restore', backup, '--data', to)).toMatchObject({ exitCode: 1, err: expect.stringContaining('KEY_INVALID') as unknown })
  }
  await rm(join(lost, 'sealing.key'))
  const restored = await run('restore', backup, '--data', lost, '--without-key')
  expect(restored, restored.err).toMatchObject({ exitCode: 0, out: expect.stringContaining('given up: ') as unknown })
  await start(lost, join(folder, 'handled'))
  expect((await storedIds()).size).toBeGreaterThan(0)
  await kill()
  const again = await run('backup', join(folder, 'again.sqlite'), '--data', lost)
  expect(again.exitCode, again.err).toBe(0)
  expect((await run('keys', 'status', '--data', lost)).exitCode).toBe(0)
})

test('the store of an app side that does not run is backed up too', { timeout: 60_000 }, async () => {
  const data = join(folder, 'data')
  await start(data, join(folder, 'handled'))
  await install()
  const id = await post(1)
  await kill()
  const backup = join(folder, 'backup.sqlite')
  const made = await run('backup', backup, '--data', data)
  expect(made.exitCode, made.err).toBe(0)
  expect(made.out).toContain('opens what is sealed in it')
  const to = join(folder, 'to')
  await mkdir(to)
  await copyFile(join(data, 'sealing.key'), join(to, 'sealing.key'))
  expect((await run('restore', backup, '--data', to)).exitCode).toBe(0)
  await start(to, join(folder, 'handled'))
  expect([...(await storedIds())]).toContain(id)
})

test('the store that a restore sets aside after a kill is one file, with all that was answered 200', { timeout: 60_000 }, async () => {
  const { data, file, backup, acknowledged } = await killedWithLog()
  const done = await run('restore', backup, '--data', data, '--force', '--json')
  expect(done.exitCode, done.err).toBe(0)
  expect(JSON.parse(done.out)).toMatchObject({ replaced: `${file}.replaced-1` })
  const alone = join(folder, 'alone')
  await mkdir(alone)
  await copyFile(`${file}.replaced-1`, join(alone, 'portline.sqlite'))
  expect(await storedIds('--data', alone)).toEqual(new Set(acknowledged))
  expect(await storeFiles(data)).toEqual(['portline.sqlite', 'portline.sqlite.replaced-1'])
  expect(await storedIds('--data', data)).toEqual(new Set())
})

test('a restore that breaks off while it sets the former store aside leaves it with all that was answered 200', { timeout: 60_000 }, async () => {
  const { data, file, backup, acknowledged } = await killedWithLog()
  // A link to nowhere: the name looks free and cannot be given.
  await symlink(join(folder, 'nowhere'), `${file}.replaced-1`)
  expect((await run('restore', backup, '--data', data, '--force')).exitCode).not.toBe(0)
  expect(await storedIds('--data', data)).toEqual(new Set(acknowledged))
})

test('a store that is read meanwhile is not replaced', { timeout: 60_000 }, async () => {
  const { data, file, backup, acknowledged } = await killedWithLog()
  const reader = new DatabaseSync(file)
  reader.exec('BEGIN; SELECT count(*) FROM events')
  expect(await run('restore', backup, '--data', data, '--force')).toMatchObject({ exitCode: 1, err: expect.stringContaining('STORE_IN_USE') as unknown })
  reader.close()
  expect(await storeFiles(data)).toEqual(['portline.sqlite'])
  expect(await storedIds('--data', data)).toEqual(new Set(acknowledged))
})

test('a store into which its log cannot be written is set aside with its log', { timeout: 60_000 }, async () => {
  const { data, file, backup, acknowledged } = await killedWithLog()
  // A disk that takes no more: no file may become larger than the backup is.
  const { size } = await stat(backup)
  const restore = [process.execPath, PORTLINE, 'restore', backup, '--data', data, '--force']
  const { stdout } = await promisify(execFile)('prlimit', [`--fsize=${size}`, ...restore])
  expect(stdout).toContain('portline.sqlite.replaced-1')
  expect(await storeFiles(data)).toEqual(['portline.sqlite', 'portline.sqlite.replaced-1', 'portline.sqlite.replaced-1-wal'])
  const together = join(folder, 'together')
  await mkdir(together)
  for (const end of ['', '-wal']) await copyFile(`${file}.replaced-1${end}`, join(together, `portline.sqlite${end}`))
  expect(await storedIds('--data', together)).toEqual(new Set(acknowledged))
  expect(await storedIds('--data', data)).toEqual(new Set())
})

test('a log whose store was taken away is a store that is there: it is never left to a backup that takes its place', { timeout: 60_000 }, async () => {
  const { data, file, backup, acknowledged } = await killedWithLog()
  const damaged = join(folder, 'damaged')
  await rename(file, damaged)
  const log = await readFile(`${file}-wal`)
  expect(await run('restore', backup, '--data', data)).toMatchObject({ exitCode: 1, err: expect.stringContaining('portline.sqlite-wal is there already') as unknown })
  expect(await readFile(`${file}-wal`)).toEqual(log)

  const done = await run('restore', backup, '--data', data, '--force', '--json')
  expect(done.exitCode, done.err).toBe(0)
  expect(JSON.parse(done.out)).toMatchObject({ replaced: `${file}.replaced-1-wal` })
  expect(await storeFiles(data)).toEqual(['portline.sqlite', 'portline.sqlite.replaced-1-wal'])
  expect(await readFile(file)).toEqual(await readFile(backup))
  expect(await storedIds('--data', data)).toEqual(new Set())
  // Together with what had been taken away it is all that was answered 200.
  const together = join(folder, 'together')
  await mkdir(together)
  await rename(damaged, join(together, 'portline.sqlite'))
  await rename(`${file}.replaced-1-wal`, join(together, 'portline.sqlite-wal'))
  expect(await storedIds('--data', together)).toEqual(new Set(acknowledged))
})

test('a store that was emptied is set aside with its log, which would be lost if it were opened', { timeout: 60_000 }, async () => {
  const { data, file, backup } = await killedWithLog()
  const log = await readFile(`${file}-wal`)
  await writeFile(file, '')
  const done = await run('restore', backup, '--data', data, '--force')
  expect(done.exitCode, done.err).toBe(0)
  expect(await storeFiles(data)).toEqual(['portline.sqlite', 'portline.sqlite.replaced-1', 'portline.sqlite.replaced-1-wal'])
  expect(await readFile(`${file}.replaced-1-wal`)).toEqual(log)
  expect(await storedIds('--data', data)).toEqual(new Set())
})

test('a store that is too damaged to be opened is set aside as it is, and beside the log that another restore left', { timeout: 60_000 }, async () => {
  const { data, file, backup } = await killedWithLog()
  const text = 'this is no database, however long it may be'
  await writeFile(file, text)
  await rm(`${file}-wal`)
  await writeFile(`${file}.replaced-1-wal`, 'a log')
  const done = await run('restore', backup, '--data', data, '--force')
  expect(done.exitCode, done.err).toBe(0)
  expect(await storeFiles(data)).toEqual(['portline.sqlite', 'portline.sqlite.replaced-1-wal', 'portline.sqlite.replaced-2'])
  expect(await readFile(`${file}.replaced-2`, 'utf8')).toBe(text)
  await start(data, join(folder, 'handled'))
  expect(await post(1)).toBeDefined()
})
