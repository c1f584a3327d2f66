import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { systemRandom } from '@portline/runtime/random.ts'
import { CodedError } from '@portline/wire/errors.ts'
import { findSealingKeys } from 'portline/serve/sealing-key.ts'
import type { Store } from 'portline/store/port.ts'
import { demandPresentSchema } from 'portline/store/sqlite/backup-file.ts'
import { STORE_FILE } from 'portline/store/sqlite/store-file.ts'
import { openSqliteStore } from 'portline/store/sqlite/sqlite-store.ts'
import type { KeyPlace } from 'portline/tokens/key-rotation.ts'
import { createSealer } from 'portline/tokens/sealer.ts'
import type { KeyRing } from 'portline/tokens/sealer.ts'
import type { Environment } from './settings.ts'
import { secretSettings } from './settings.ts'

/** The store of an app side that does not run. */
export interface OfflineStore {
  readonly store: Store
  /** Absent when no key is at hand. */
  readonly sealer: KeyRing | undefined
}

/** Carries over a store of an older version. Errors: STORE_MISSING, STORE_IN_USE, STORE_NEWER, STORE_UNAVAILABLE, KEY_INVALID, and those of `work`. */
export async function withOfflineStore<Result>(env: Environment, dataDir: string, work: (offline: OfflineStore) => Promise<Result>): Promise<Result> {
  const file = storeFileIn(dataDir)
  const sealer = await sealerAtHand(env, dataDir)
  const store = await openSqliteStore(file)
  try {
    return await work({ store, sealer })
  } finally {
    await store.close()
  }
}

/** For whoever only reads: the store stays as the version that wrote it left it. Errors: those of withOfflineStore, BAD_REQUEST when that was an older one. */
export async function withStoreAsItIs<Result>(env: Environment, dataDir: string, work: (offline: OfflineStore) => Promise<Result>): Promise<Result> {
  demandPresentSchema(storeFileIn(dataDir))
  return withOfflineStore(env, dataDir, work)
}

/** Errors: STORE_MISSING. */
export function storeFileIn(dataDir: string): string {
  const file = join(dataDir, STORE_FILE)
  if (!existsSync(file)) throw new CodedError('STORE_MISSING', `there is no ${file}`)
  return file
}

/** The keys themselves. Errors: KEY_INVALID. */
export async function keysAtHand(env: Environment, dataDir: string): Promise<KeyPlace | undefined> {
  const { sealingKey, formerSealingKeys } = secretSettings(env)
  return findSealingKeys(dataDir, { key: sealingKey, formerKeys: formerSealingKeys })
}

/** With PORTLINE_KEY, or the key file of the folder. Errors: KEY_INVALID. */
export async function sealerAtHand(env: Environment, dataDir: string): Promise<KeyRing | undefined> {
  const place = await keysAtHand(env, dataDir)
  return place === undefined ? undefined : createSealer(place.keys, systemRandom)
}
