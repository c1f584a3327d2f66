import { spawnSync } from 'node:child_process'
import { mkdtemp, readdir, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { CodedError } from '@portline/wire/errors.ts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { isBusy, lockStore } from './lock.ts'

let folder: string
let file: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portline-lock-'))
  file = join(folder, 'store.sqlite')
})
afterEach(() => rm(folder, { recursive: true }))

function codeOf(work: () => unknown): string | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    return error instanceof CodedError ? error.code : String(error)
  }
}

test('a lock is held by one, and its file stays for the next', async () => {
  const first = lockStore(file)
  expect(codeOf(() => lockStore(file))).toBe('STORE_IN_USE')
  first.release()
  expect(await readdir(folder)).toEqual(['store.sqlite.lock'])
  const second = lockStore(file)
  expect(codeOf(() => lockStore(file))).toBe('STORE_IN_USE')
  second.release()
})

test('the file of a lock that guarded nothing goes with it, but not one that was there before', async () => {
  lockStore(file).releaseNew()
  expect(await readdir(folder)).toEqual([])
  lockStore(file).release()
  lockStore(file).releaseNew()
  expect(await readdir(folder)).toEqual(['store.sqlite.lock'])
})

test('after the file of a lock was taken away there is still one holder at a time', () => {
  lockStore(file).releaseNew()
  const next = lockStore(file)
  expect(codeOf(() => lockStore(file))).toBe('STORE_IN_USE')
  next.release()
})

test('a file that nobody can open is said to be in the way, and not tried for ever', async () => {
  await symlink(join(folder, 'nowhere', 'lock'), `${file}.lock`)
  const tried = spawnSync(process.execPath, ['--input-type=module', '-e', `
    const { lockStore } = await import(${JSON.stringify(new URL('./lock.ts', import.meta.url).href)})
    try { lockStore(${JSON.stringify(file)}) } catch (error) { console.log(error.code) }`], { timeout: 20_000, encoding: 'utf8' })
  expect(tried.stdout).toBe('STORE_UNAVAILABLE\n')
})

test('a store that is busy is known by any of the codes that SQLite has for it', () => {
  const [reader, writer] = [new DatabaseSync(file), new DatabaseSync(file)]
  writer.exec('PRAGMA journal_mode = WAL; CREATE TABLE events (id)')
  reader.exec('BEGIN; SELECT * FROM events')
  writer.exec('INSERT INTO events VALUES (1)')
  let thrown: unknown
  try {
    // Of a snapshot that is past by now.
    reader.exec('INSERT INTO events VALUES (2)')
  } catch (error) {
    thrown = error
  }
  reader.close()
  writer.close()
  expect(thrown).toMatchObject({ errcode: 517 })
  expect(isBusy(thrown)).toBe(true)
  expect(isBusy(new Error('no room'))).toBe(false)
})
