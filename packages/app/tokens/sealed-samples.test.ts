import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemRandom } from '@portline/runtime/random.ts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { OTHER, PORTAL, event, installation } from '../store/battery-parts.ts'
import { LOST_KEYS_NOTE } from '../store/keeping.ts'
import type { Store } from '../store/port.ts'
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts'
import { sealApplicationToken } from './application-token.ts'
import { sealParts } from './sealed-event.ts'
import { demandKeysOfStore, demandNoKeyMissing, giveUpKeys } from './sealed-samples.ts'
import { createSealer, keyIdOf } from './sealer.ts'

const keyOf = (byte: number) => new Uint8Array(32).fill(byte)
const withKey = (...bytes: number[]) => createSealer(bytes.map(keyOf), systemRandom)
const id = (byte: number) => keyIdOf(keyOf(byte))

let folder: string
let store: Store

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portline-samples-'))
  store = await openSqliteStore(join(folder, 'store.sqlite'))
})
afterEach(async () => {
  await store.close()
  await rm(folder, { recursive: true })
})

test('a key that opens some of it is the right one; one that opens nothing is not, and both ids are named', async () => {
  await store.saveInstallation(installation({ applicationToken: sealApplicationToken(withKey(1), PORTAL, 'token') }))
  await store.sealAudit(0, '0'.repeat(64), withKey(2).seal('audit-head', '[0,"x"]'))
  for (const sealer of [withKey(1), withKey(2), withKey(3, 1)]) await demandKeysOfStore(store, sealer)
  await expect(demandKeysOfStore(store, withKey(3))).rejects.toMatchObject({
    code: 'KEY_INVALID', message: `the store is sealed with the key ${id(1)}, ${id(2)}; at hand is ${id(3)}`,
  })
})

test('beside values that open a key that several others name is missing; one that a single value names may be damage', async () => {
  const sealed = (byte: number) => withKey(byte).seal('x', 'token')
  await demandNoKeyMissing(store, withKey(1), [])
  await demandNoKeyMissing(store, withKey(1), [sealed(2), sealed(3), sealed(1), sealed(1)])
  await expect(demandNoKeyMissing(store, withKey(1), [sealed(2), sealed(3), sealed(2)])).rejects.toMatchObject({
    code: 'KEY_INVALID', message: `the store is sealed with the key ${id(2)}; at hand is ${id(1)}`,
  })
  await store.saveNote(LOST_KEYS_NOTE, id(2))
  await demandNoKeyMissing(store, withKey(1), [sealed(2), sealed(3), sealed(2)])
})

test('what was given up needs no key any more, wherever it stands; a key of later that is mistyped is told apart all the same', async () => {
  await store.saveInstallation(installation({ applicationToken: sealApplicationToken(withKey(1), PORTAL, 'token') }))
  // No sample is ever taken of it.
  await store.appendEvents({ events: [event('01', { auth: sealParts(withKey(2), PORTAL, { auth: {} }).auth })] })
  expect((await giveUpKeys(store, [])).toSorted()).toEqual([id(1), id(2)].toSorted())
  await demandKeysOfStore(store, withKey(3))
  await store.saveInstallation(installation({ applicationToken: sealApplicationToken(withKey(3), PORTAL, 'new') }))
  await demandKeysOfStore(store, withKey(3))
  await expect(demandKeysOfStore(store, withKey(4))).rejects.toMatchObject({ code: 'KEY_INVALID' })
})

test('what is given up later is added, and what a key at hand opens is not given up', async () => {
  await store.saveInstallation(installation({ applicationToken: sealApplicationToken(withKey(1), PORTAL, 'token') }))
  await giveUpKeys(store, [])
  await store.saveInstallation(installation({ ...OTHER, applicationToken: sealApplicationToken(withKey(2), OTHER, 'token') }))
  expect(await giveUpKeys(store, [id(2)])).toEqual([id(1)])
})
