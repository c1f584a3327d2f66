import { execFile } from 'node:child_process'
import { chmod, copyFile, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { defineApp } from 'portline'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runCommand } from './support/command.ts'
import { installApp, openHouse } from './support/house.ts'
import type { House } from './support/house.ts'

/** Files that a restore is given and a backup is made of, as operators have them: with a log, with any rights, of any version. */
const STORE = 'portline.sqlite'
const EVENTS = 20
const PORTLINE = fileURLToPath(new URL('../packages/cli/bin/portline.mjs', import.meta.url))

let folder: string
let house: House
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portline-backup-files-'))
  house = await openHouse({ app: defineApp({ name: 'kept' }) })
  await installApp(house)
})
afterEach(async () => {
  await house.close()
  await rm(folder, { recursive: true })
})

function run(...args: string[]): ReturnType<typeof runCommand> {
  return runCommand(args, { PORTLINE_URL: house.side.url })
}

async function post(): Promise<string> {
  const { application_token } = house.portal.control.app(house.clientId)
  const { status, body } = await house.post({ event: 'ONAPPTEST', data: {}, ts: '1', auth: { member_id: house.portal.memberId, application_token } })
  expect(status).toBe(200)
  return body.id ?? ''
}

const postMany = () => Promise.all(Array.from({ length: EVENTS }, post))

/** An empty data folder with the key in it. */
async function place(): Promise<string> {
  const to = await mkdtemp(join(folder, 'place-'))
  await copyFile(join(house.dataDir, 'sealing.key'), join(to, 'sealing.key'))
  return to
}

async function storedIds(data: string): Promise<Set<string>> {
  const { exitCode, out, err } = await run('events', 'export', '--event', 'ONAPPTEST', '--data', data)
  expect(exitCode, err).toBe(0)
  return new Set(out.split('\n').filter((line) => line !== '').map((line) => (JSON.parse(line) as { id: string }).id))
}

/** As a snapshot of the disk has it: the app side runs on. */
async function snapshotOf(data: string): Promise<string> {
  const snapshot = await mkdtemp(join(folder, 'snapshot-'))
  // The log does not begin anew between the two copies.
  const reader = new DatabaseSync(join(data, STORE))
  reader.exec('BEGIN; SELECT count(*) FROM events')
  for (const end of ['', '-wal']) await copyFile(join(data, `${STORE}${end}`), join(snapshot, `${STORE}${end}`))
  reader.close()
  return join(snapshot, STORE)
}

const bothOf = (file: string) => Promise.all(['', '-wal'].map((end) => readFile(file + end)))

test('a store that stands beside its log is restored with all that was answered 200, and stays as it is', async () => {
  const ids = await postMany()
  const snapshot = await snapshotOf(house.dataDir)
  const before = await bothOf(snapshot)
  const to = await place()
  // What a restore that was killed had begun with.
  await mkdir(join(to, `${STORE}.restoring`))
  await writeFile(join(to, `${STORE}.restoring`, 'store-wal'), before[1] ?? '')

  const done = await run('restore', snapshot, '--data', to, '--json')
  expect(done.exitCode, done.err).toBe(0)
  expect(JSON.parse(done.out)).toMatchObject({ log: `${snapshot}-wal` })
  expect((await readdir(to)).filter((name) => !name.endsWith('.lock')).toSorted()).toEqual([STORE, 'sealing.key'])
  expect(await storedIds(to)).toEqual(new Set(ids))
  expect(await bothOf(snapshot)).toEqual(before)
  expect(await readdir(join(snapshot, '..'))).toHaveLength(2)
})

test('the store of an app side that runs is not restored from: its log may begin anew between two copies', async () => {
  const to = await place()
  const inUse = { exitCode: 1, err: expect.stringMatching(/STORE_IN_USE: an app side runs on/) as unknown }
  expect(await run('restore', join(house.dataDir, STORE), '--data', to)).toMatchObject(inUse)
  expect(await readdir(to)).toEqual(['sealing.key'])
  await house.side.stop()
  expect((await run('restore', join(house.dataDir, STORE), '--data', to)).exitCode).toBe(0)
  await house.restart()
})

test('the log of another store beside a backup is found by what it makes of it, and named', async () => {
  await postMany()
  const snapshot = await snapshotOf(house.dataDir)
  const other = join(folder, 'other.sqlite')
  expect((await run('backup', other)).exitCode).toBe(0)
  const db = new DatabaseSync(other)
  db.exec('DROP TABLE audit; DROP TABLE attempts; VACUUM; CREATE TABLE attempts (event INTEGER)')
  db.close()
  await copyFile(`${snapshot}-wal`, `${other}-wal`)
  const to = await place()
  expect(await run('restore', other, '--data', to)).toMatchObject({ exitCode: 1, err: expect.stringMatching(/BACKUP_INVALID.*The log beside it, .*other\.sqlite-wal, was taken in/) as unknown })
  expect(await readdir(to)).toEqual(['sealing.key'])
})

/** On a disk that takes no more: no file may become larger than that. What it wrote to stderr; nothing when it was done. */
async function restoreWithin(bytes: number, ...args: string[]): Promise<string> {
  const restored = promisify(execFile)('prlimit', [`--fsize=${bytes}`, process.execPath, PORTLINE, 'restore', ...args])
  return restored.then(() => '', (error: unknown) => (error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error)))
}

/** A backup that was written into since, and the log of it: taken in, it makes the file larger than either is. */
async function withOwnLog(): Promise<string> {
  const [written, snapshot] = [join(folder, 'written.sqlite'), await mkdtemp(join(folder, 'own-log-'))]
  expect((await run('backup', written)).exitCode).toBe(0)
  const db = new DatabaseSync(written)
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; INSERT INTO notes VALUES ('long', hex(zeroblob(1000000)))`)
  for (const end of ['', '-wal']) await copyFile(written + end, join(snapshot, `${STORE}${end}`))
  db.close()
  return join(snapshot, STORE)
}

test('a disk that is full says so, and blames neither the backup nor the log beside it', async () => {
  const [backup, to] = [await withOwnLog(), await place()]
  const sizes = await Promise.all(['', '-wal'].map(async (end) => (await stat(backup + end)).size))
  const TOO_SMALL_BYTES = 8_192
  for (const bytes of [Math.max(...sizes), TOO_SMALL_BYTES]) {
    const told = await restoreWithin(bytes, backup, '--data', to)
    expect(told).toContain('STORE_UNAVAILABLE')
    expect(told).not.toContain('take it away')
    expect(await readdir(to)).toEqual(['sealing.key'])
  }
  expect((await run('restore', backup, '--data', to)).exitCode).toBe(0)
})

test('a restore without the key that cannot write which keys are lost leaves the former store in its place', async () => {
  const [backup, to] = [join(folder, 'backup.sqlite'), await place()]
  expect((await run('backup', backup)).exitCode).toBe(0)
  expect((await run('restore', backup, '--data', to)).exitCode).toBe(0)
  const former = await readFile(join(to, STORE))
  const db = new DatabaseSync(backup)
  db.exec(`CREATE TRIGGER refuse BEFORE INSERT ON notes BEGIN SELECT RAISE(ABORT, 'not now'); END`)
  db.close()
  await rm(join(to, 'sealing.key'))
  expect(await run('restore', backup, '--data', to, '--without-key', '--force')).toMatchObject({ exitCode: 1, err: expect.stringContaining('STORE_UNAVAILABLE') as unknown })
  expect((await readdir(to)).filter((name) => !name.endsWith('.lock'))).toEqual([STORE])
  expect(await readFile(join(to, STORE))).toEqual(former)
})

test.each([['0644', 0o644], ['0400', 0o400]])('a backup with the rights %s becomes a store that its owner alone may read and write', async (_, mode) => {
  const [backup, to] = [join(folder, 'backup.sqlite'), await place()]
  expect((await run('backup', backup)).exitCode).toBe(0)
  await chmod(backup, mode)
  const done = await run('restore', backup, '--data', to)
  expect(done.exitCode, done.err).toBe(0)
  expect((await stat(join(to, STORE))).mode & 0o777).toBe(0o600)
})

function versionOf(file: string): unknown {
  const db = new DatabaseSync(file)
  const { user_version: version } = db.prepare('PRAGMA user_version').get() ?? {}
  db.close()
  return version
}

test('a store that a former version wrote is backed up as it is, and is not carried over by what only reads it', async () => {
  const ids = await postMany()
  await house.side.stop()
  const file = join(house.dataDir, STORE)
  const former = new DatabaseSync(file)
  former.exec('ALTER TABLE events DROP COLUMN took_ms; DROP TABLE cautions; PRAGMA user_version = 4')
  former.close()
  const backup = join(folder, 'before.sqlite')
  const made = await run('backup', backup, '--data', house.dataDir, '--json')
  expect(made.exitCode, made.err).toBe(0)
  expect(JSON.parse(made.out)).toMatchObject({ schemaVersion: 4, keyTried: true })
  for (const read of [['events', 'export'], ['audit', 'list'], ['audit', 'verify'], ['keys', 'status']]) {
    expect(await run(...read, '--data', house.dataDir), read.join(' ')).toMatchObject({ exitCode: 1, out: '', err: expect.stringContaining('has schema version 4') as unknown })
  }
  expect([versionOf(file), versionOf(backup)]).toEqual([4, 4])

  await house.restart()
  const found = await Promise.all(ids.map((id) => house.event(id)))
  expect(found.map(({ id }) => id)).toEqual(ids)
})
