import type { Command } from 'commander'
import { systemClock } from '@portline/runtime/clock.ts'
import { systemRandom } from '@portline/runtime/random.ts'
import { CodedError } from '@portline/wire/errors.ts'
import type { KeyStatus } from 'portline/tokens/key-rotation.ts'
import type { Output } from '../output.ts'
import { dataDirSetting } from '../settings.ts'
import type { Environment } from '../settings.ts'
import { facts } from '../facts.ts'
import { table } from '../tables.ts'
import { operatorApi } from './events.ts'

const EXAMPLES = `
Examples:
  portline keys status
  portline keys rotate
  portline keys rotate --data .portline

The app side is asked at PORTLINE_URL (http://127.0.0.1:4400), with PORTLINE_OPERATOR_TOKEN when it is set. With --data it must not
run. Keys are named by their ids; no key is ever shown. Backups made before need the former key: keep it with them.`

interface KeysOptions {
  readonly data?: string
  readonly json?: true
}

export function addKeysCommand(program: Command, env: Environment, output: Output): void {
  const keys = program.command('keys').description('look at the keys that seal tokens at rest, and change them').addHelpText('after', EXAMPLES)
  keys
    .command('status')
    .alias('list')
    .description('which keys there are, and whether anything is sealed with a former one')
    .option('--data <folder>', 'of an app side that does not run')
    .option('--json', 'one JSON object')
    .addHelpText('after', EXAMPLES)
    .action((options: KeysOptions) => status(env, output, options))
  keys
    .command('rotate')
    .description('seal with a new key from now on, and reseal everything that a former one sealed')
    .option('--data <folder>', 'of an app side that does not run')
    .option('--json', 'one JSON object')
    .addHelpText('after', EXAMPLES)
    .action((options: KeysOptions) => rotate(env, output, options))
}

const SOURCES = { file: 'the key file', environment: 'PORTLINE_KEY and PORTLINE_FORMER_KEYS' } as const

/** Errors: KEY_INVALID, also when the key at hand is not that of the store; SERVER_UNREACHABLE, STORE_IN_USE. */
async function status(env: Environment, output: Output, { data, json }: KeysOptions): Promise<void> {
  const found = data === undefined ? await operatorApi(env).get<KeyStatus>('/api/keys') : await statusAtRest(env, dataDirSetting(env, data))
  output.out(json ? JSON.stringify(found) : statusText(found))
}

function statusText({ source, keys, phase, resealed, unreadable }: KeyStatus): string {
  const rows = keys.map(({ id, role, unused }) => [id, role, role === 'active' ? 'seals' : unused ? 'nothing is sealed with it: take it out of the settings' : 'opens what is not resealed yet'])
  const progress = facts([
    ['keys from', SOURCES[source]],
    ['resealing', phase === 'one key' ? undefined : phase === 'resealing' ? `${resealed} values so far` : `${resealed} values; looked through once more in a while`],
    ['open with no key', unreadable === 0 ? undefined : unreadable],
  ])
  return `${table(['KEY', 'ROLE', ''], rows)}\n\n${progress}`
}

async function statusAtRest(env: Environment, dataDir: string): Promise<KeyStatus> {
  const { keyIdOf } = await import('portline/tokens/sealer.ts')
  const { demandKeysOfStore } = await import('portline/tokens/sealed-samples.ts')
  const { withStoreAsItIs } = await import('../offline-store.ts')
  const { keys, source } = await demandKeys(env, dataDir)
  await withStoreAsItIs(env, dataDir, async ({ store, sealer }) => sealer && demandKeysOfStore(store, sealer)).catch((error: unknown) => {
    // A key that seals nothing yet is no wrong one.
    if (!(error instanceof CodedError && error.code === 'STORE_MISSING')) throw error
  })
  const named = keys.map((key, index) => ({ id: keyIdOf(key), role: index === 0 ? ('active' as const) : ('former' as const), unused: false }))
  return { source, keys: named, phase: keys.length > 1 ? 'resealing' : 'one key', resealed: 0, unreadable: 0 }
}

/** Errors: KEY_FROM_ENVIRONMENT, KEY_ROTATION_RUNNING, KEY_NOT_SAVED, KEY_INVALID, SERVER_UNREACHABLE, STORE_MISSING, STORE_IN_USE. */
async function rotate(env: Environment, output: Output, { data, json }: KeysOptions): Promise<void> {
  if (data !== undefined) return rotateResting(env, output, dataDirSetting(env, data), json)
  const found = await operatorApi(env).post<KeyStatus>('/api/keys/rotate')
  output.out(json ? JSON.stringify(found) : `${statusText(found)}\n`)
  output.err('The former key is removed from the key file when nothing is sealed with it any more. Backups made before need it: keep it with them.')
}

async function rotateResting(env: Environment, output: Output, dataDir: string, json: true | undefined): Promise<void> {
  const { withOfflineStore } = await import('../offline-store.ts')
  const { rotateAtRest } = await import('portline/tokens/key-rotation.ts')
  const { demandKeysOfStore } = await import('portline/tokens/sealed-samples.ts')
  // The keys are read once the store is ours: until then another process may change them.
  const rotated = await withOfflineStore(env, dataDir, async ({ store, sealer }) => {
    if (sealer !== undefined) await demandKeysOfStore(store, sealer)
    return rotateAtRest({ store, place: await demandKeys(env, dataDir), random: systemRandom, nowMs: systemClock.now() })
  })
  const { keyIds: [active = '', ...left], formerIds, resealed, unreadable, tookUp } = rotated
  output.out(json ? JSON.stringify(rotated) : facts([
    ['key', active], ['resealed', `${resealed} values${tookUp ? ', of a rotation that had been begun before' : ''}`],
    ['open with no key', unreadable === 0 ? undefined : unreadable],
    [left.length > 0 ? 'no longer needed' : 'removed', formerIds.join(', ')],
  ]))
  output.err(left.length > 0 ? 'Take the former keys out of PORTLINE_FORMER_KEYS. Backups made before need them: keep them with those.'
    : 'The former key was removed from the key file. Backups made before need it: keep it with them.')
}

async function demandKeys(env: Environment, dataDir: string) {
  const { keysAtHand } = await import('../offline-store.ts')
  const place = await keysAtHand(env, dataDir)
  if (place === undefined) throw new CodedError('KEY_INVALID', `there is no sealing.key in ${dataDir}, and PORTLINE_KEY is not set`)
  return place
}
