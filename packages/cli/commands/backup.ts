import { closeSync, createWriteStream, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Command } from 'commander'
import { CodedError } from '@portline/wire/errors.ts'
import { openStream } from '../http-stream.ts'
import type { Output } from '../output.ts'
import { dataDirSetting, secretSettings, serverUrlSetting } from '../settings.ts'
import type { Environment } from '../settings.ts'
import { facts } from '../facts.ts'

const BACKUP_EXAMPLES = `
Examples:
  portline backup backup.sqlite
  portline backup backup.sqlite --data .portline
  PORTLINE_URL=https://apps.example.com PORTLINE_OPERATOR_TOKEN=… portline backup backup.sqlite

The sealing key is NOT in the backup, and without it no token in it can be read: keep it too, in another place (sealing.key of the
data folder, or PORTLINE_KEY). If PORTLINE_KEY is set, or with --data, the backup is tried with the key.`

interface BackupOptions {
  readonly data?: string
  readonly json?: true
}

export function addBackupCommand(program: Command, env: Environment, output: Output): void {
  program
    .command('backup <file>')
    .description('a consistent copy of the store, from a running app side or, with --data, from one that does not run')
    .option('--data <folder>', 'of an app side that does not run')
    .option('--json', 'one JSON object')
    .addHelpText('after', BACKUP_EXAMPLES)
    .action((file: string, options: BackupOptions) => backup(env, output, resolve(file), options))
}

const OWNER_ONLY = 0o600

/** Under another name until it is whole, on the disk, and looked at. */
async function backup(env: Environment, output: Output, file: string, { data, json }: BackupOptions): Promise<void> {
  if (existsSync(file)) throw new CodedError('BAD_REQUEST', `${file} is there already`)
  const part = `${file}.part`
  rmSync(part, { force: true })
  const { copyStore, inspectBackup } = await import('portline/store/sqlite/backup-file.ts')
  const { syncFolder } = await import('portline/store/sqlite/restore.ts')
  const { sealerAtHand, storeFileIn } = await import('../offline-store.ts')
  const dataDir = dataDirSetting(env, data)
  try {
    createPrivate(part)
    if (data === undefined) await download(env, part)
    else copyStore(storeFileIn(dataDir), part)
    sync(part)
    const { samples, lostKeys, ...found } = inspectBackup(part)
    // The key of this machine says nothing of a server elsewhere, unless it was named.
    const sealer = data === undefined && secretSettings(env).sealingKey === undefined ? undefined : await sealerAtHand(env, dataDir)
    const { demandKeysOfSamples } = await import('portline/tokens/sealed-samples.ts')
    if (sealer !== undefined) demandKeysOfSamples(sealer, samples, lostKeys)
    renameSync(part, file)
    syncFolder(file)
    const keyTried = sealer !== undefined && samples.length > 0
    output.out(json ? JSON.stringify({ file, ...found, keyTried }) : facts([
      ['backup', file], ['events', found.events], ['installations', found.installations], ['schema version', found.schemaVersion],
      ['sealing key', keyTried ? 'opens what is sealed in it' : 'not tried'],
    ]))
    output.err('The sealing key is NOT in it: keep it too, in another place. Without it the tokens in this backup are lost.')
  } finally {
    rmSync(part, { force: true })
  }
}

/** Nobody else can read it. SQLite, too, writes into an empty file that is there. */
function createPrivate(file: string): void {
  try {
    closeSync(openSync(file, 'wx', OWNER_ONLY))
  } catch (cause) {
    throw new CodedError('BAD_REQUEST', `the backup cannot be written into ${dirname(file)}: ${codeOf(cause)}`, { cause })
  }
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
}

/** Of this machine's disk: the connection has others. */
const DISK_CODES: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG', 'EIO', 'EROFS'])

async function download(env: Environment, file: string): Promise<void> {
  const answer = await openStream(serverUrlSetting(env), secretSettings(env).operatorToken, 'POST', '/api/backup')
  await pipeline(answer, createWriteStream(file)).catch((cause: unknown) => {
    if (DISK_CODES.has(codeOf(cause))) throw new CodedError('BAD_REQUEST', `the backup cannot be written into ${dirname(file)}: ${codeOf(cause)}`, { cause })
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new CodedError('SERVER_UNREACHABLE', `the backup was cut off: ${message}`, { cause })
  })
}

function sync(file: string): void {
  const handle = openSync(file, 'r+')
  fsyncSync(handle)
  closeSync(handle)
}
