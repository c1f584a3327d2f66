import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { CodedError } from '@portline/wire/errors.ts'
import { makeDataFolder } from 'portline/serve/data-folder.ts'
import { STORE_FILE } from 'portline/store/sqlite/store-file.ts'
import type { Output } from '../output.ts'
import { dataDirSetting } from '../settings.ts'
import type { Environment } from '../settings.ts'
import { facts } from '../facts.ts'

const EXAMPLES = `
Examples:
  portline restore backup.sqlite --data .portline
  portline restore backup.sqlite --data .portline --force

The app side must not run. The sealing key must be in the folder (sealing.key) or in PORTLINE_KEY: it is tried before anything is
changed. A store that is replaced by --force is kept beside the new one. A log beside the file (its name with -wal, as in a snapshot of
a disk) is taken in with it.`

interface RestoreOptions {
  readonly data?: string
  readonly force?: true
  readonly withoutKey?: true
  readonly json?: true
}

export function addRestoreCommand(program: Command, env: Environment, output: Output): void {
  program
    .command('restore <file>')
    .description('put a backup in the place of the store of an app side that does not run')
    .option('--data <folder>', 'where (PORTLINE_DATA, .portline)')
    .option('--force', 'replace a store that is there')
    .option('--without-key', 'restore though its key is not at hand, and let the app side start with another: tokens in it are lost until the key is found')
    .option('--json', 'one JSON object')
    .addHelpText('after', EXAMPLES)
    .action((file: string, options: RestoreOptions) => restore(env, output, resolve(file), options))
}

/** Errors: KEY_INVALID, and those of restoreBackup. */
async function restore(env: Environment, output: Output, backup: string, { data, force, withoutKey, json }: RestoreOptions): Promise<void> {
  // Loaded when it is needed: other commands are not to wait for it.
  const { restoreBackup } = await import('portline/store/sqlite/restore.ts')
  const { demandKeysOfSamples } = await import('portline/tokens/sealed-samples.ts')
  const { sealerAtHand } = await import('../offline-store.ts')
  const dataDir = dataDirSetting(env, data)
  await makeDataFolder(dataDir)
  const sealer = await sealerAtHand(env, dataDir)
  let givenUp: readonly string[] = []
  const giveUp = async (copy: string): Promise<void> => void (givenUp = await giveUpKeysIn(copy, sealer?.keyIds ?? []))
  const { samples, lostKeys: _, replaced, log, ...found } = await restoreBackup({
    backup, file: join(dataDir, STORE_FILE), force: force === true,
    check: ({ samples: sealed, lostKeys: lost }) => {
      if (withoutKey === true || sealed.length === 0) return
      if (sealer === undefined) throw noKey(dataDir)
      demandKeysOfSamples(sealer, sealed, lost)
    },
    ...(withoutKey === true ? { prepare: giveUp } : {}),
  })
  const key = samples.length === 0 ? 'nothing is sealed in it' : givenUp.length > 0 ? `given up: ${givenUp.join(', ')}` : 'opens what is sealed in it'
  output.out(json ? JSON.stringify({ folder: dataDir, ...found, replaced: replaced ?? null, log: log ?? null, key }) : facts([
    ['restored into', dataDir], ['events', found.events], ['installations', found.installations],
    ['schema version', found.schemaVersion], ['sealing key', key], ['log, taken in', log], ['former store', replaced],
  ]))
  output.err('Tokens that were renewed after the backup are void: on such a portal the app must be opened once by an administrator.')
}

async function giveUpKeysIn(copy: string, keyIds: readonly string[]): Promise<readonly string[]> {
  const { openSqliteStore } = await import('portline/store/sqlite/sqlite-store.ts')
  const { giveUpKeys } = await import('portline/tokens/sealed-samples.ts')
  const store = await openSqliteStore(copy)
  try {
    return await giveUpKeys(store, keyIds)
  } finally {
    await store.close()
  }
}

function noKey(dataDir: string): CodedError {
  return new CodedError('KEY_INVALID', `no key is at hand: put sealing.key into ${dataDir} or set PORTLINE_KEY. An app side started without makes a new key, which opens nothing of this`)
}
