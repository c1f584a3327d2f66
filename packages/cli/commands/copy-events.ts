import { open } from 'node:fs/promises'
import type { Command } from 'commander'
import { systemClock } from '@portline/runtime/clock.ts'
import { CodedError } from '@portline/wire/errors.ts'
import type { ImportReport } from 'portline/serve/event-copies.ts'
import { addFilterOptions, filterOf } from '../event-filter.ts'
import type { FilterOptions } from '../event-filter.ts'
import { isErrorCode } from '../failure.ts'
import { jsonClient } from '../http-json.ts'
import { openStream } from '../http-stream.ts'
import { linesOf } from '../lines.ts'
import type { Output } from '../output.ts'
import { dataDirSetting, secretSettings, serverUrlSetting } from '../settings.ts'
import type { Environment } from '../settings.ts'
import { facts } from '../facts.ts'

const EXPORT_EXAMPLES = `
Examples:
  portline events export > events.ndjson
  portline events export --state dead --since 2026-01-01 > dead.ndjson
  portline events export --data .portline --with-sealed > all.ndjson

One event per line, oldest first, with its attempts. Tokens are not in it; --with-sealed adds them as they are sealed in the store,
and whoever has the sealing key can open them. An event whose seal does not open goes without it and is named.`

const IMPORT_EXAMPLES = `
Examples:
  portline events import events.ndjson
  portline events import events.ndjson --data .portline
  portline events export --data old | portline events import -

Events that are there already, by their ids, are skipped. Others keep id, state, attempts and times; those that are pending stand
behind all that their lanes have. Held events are taken in with their auth blocks (--with-sealed), within 3 days of their receipt; all
others are left out and counted. A line that is no event ends the import.`

interface ExportOptions extends FilterOptions {
  readonly withSealed?: true
  readonly data?: string
}

interface ImportOptions {
  readonly data?: string
  readonly json?: true
}

export function addCopyCommands(events: Command, env: Environment, output: Output): void {
  addFilterOptions(events.command('export').description('events as lines of JSON on stdout, from a running app side or, with --data, from one that does not run'))
    .option('--with-sealed', 'with their auth blocks, sealed as they are')
    .option('--data <folder>', 'of an app side that does not run')
    .addHelpText('after', EXPORT_EXAMPLES)
    .action((options: ExportOptions) => exportEvents(env, output, options))
  events
    .command('import <file>')
    .description('take in events from lines of JSON; - reads stdin')
    .option('--data <folder>', 'of an app side that does not run')
    .option('--json', 'one JSON object')
    .addHelpText('after', IMPORT_EXAMPLES)
    .action((file: string, options: ImportOptions) => importEvents(env, output, file, options))
}

async function exportEvents(env: Environment, output: Output, { withSealed, data, ...options }: ExportOptions): Promise<void> {
  const filter = filterOf(options)
  const { UnopenedEvents } = await import('../unopened-events.ts')
  const unopened = new UnopenedEvents()
  let count = 0
  const write = async (lines: AsyncIterable<string>): Promise<void> => {
    for await (const text of lines) {
      await output.write(text)
      count += text.split('\n').length - 1
      unopened.pass(text)
    }
  }
  if (data === undefined) {
    const query = new URLSearchParams({ ...filter, ...(withSealed === true ? { sealed: '1' } : {}) })
    const answer = await openStream(serverUrlSetting(env), secretSettings(env).operatorToken, 'GET', `/api/events/export?${query}`)
    await write(answer.setEncoding('utf8')).catch((cause: unknown) => {
      throw new CodedError('SERVER_UNREACHABLE', 'the export was cut off: what was written is not all', { cause })
    })
  } else {
    await exportOffline(env, dataDirSetting(env, data), filter, withSealed === true, write)
  }
  output.err(`${count} events exported.`)
  if (unopened.told !== undefined) output.err(unopened.told)
}

type Filter = ReturnType<typeof filterOf>

/** Errors: BAD_REQUEST when an older version wrote the store, KEY_INVALID. */
async function exportOffline(env: Environment, dataDir: string, filter: Filter, withSealed: boolean, write: (lines: AsyncIterable<string>) => Promise<void>): Promise<void> {
  const { withStoreAsItIs } = await import('../offline-store.ts')
  const { demandKeysOfStore } = await import('portline/tokens/sealed-samples.ts')
  const { exportedLines } = await import('portline/serve/event-copies.ts')
  const { readConditions } = await import('portline/serve/event-query.ts')
  await withStoreAsItIs(env, dataDir, async ({ store, sealer }) => {
    if (withSealed && sealer === undefined) throw new CodedError('KEY_INVALID', 'sealing one event alone needs the key: set PORTLINE_KEY, or put sealing.key into the folder')
    // With a wrong key every event would go without its auth block.
    if (withSealed && sealer !== undefined) await demandKeysOfStore(store, sealer)
    await write(exportedLines(store, readConditions(filter), withSealed ? sealer : undefined))
  })
}

type Take = (text: string, firstLine: number) => Promise<ImportReport>

async function importEvents(env: Environment, output: Output, file: string, { data, json }: ImportOptions): Promise<void> {
  const api = jsonClient(serverUrlSetting(env), secretSettings(env).operatorToken)
  const online: Take = (text, firstLine) => api.post(`/api/events/import?firstLine=${firstLine}`, text)
  const report = data === undefined ? await importFile(file, online) : await importOffline(env, file, dataDirSetting(env, data))
  output.out(json ? JSON.stringify(report) : facts([
    ['read', report.lines], ['imported', report.imported], ['skipped, there already', report.skipped],
    ...Object.entries(report.refused ?? {}).map(([code, count]) => [`held and left out, ${code}`, count] as const),
  ]))
}

async function importOffline(env: Environment, file: string, dataDir: string): Promise<ImportReport> {
  const { withOfflineStore } = await import('../offline-store.ts')
  const { importLines } = await import('portline/serve/event-copies.ts')
  // The next start looks at what waits and judges what is held.
  const held = { nowMs: () => systemClock.now(), review: () => {} }
  return withOfflineStore(env, dataDir, ({ store, sealer }) =>
    importFile(file, (text, firstLine) => importLines({ store, sealer, wake: () => {}, held }, text, firstLine)))
}

/** Sent together: few enough that an answer comes soon. */
const PIECE_LINES = 200
const PIECE_CHARACTERS = 4_194_304

async function importFile(file: string, take: Take): Promise<ImportReport> {
  let sum: ImportReport = { lines: 0, imported: 0, skipped: 0 }
  let piece: string[] = []
  let [characters, number] = [0, 0]
  const flush = async (): Promise<void> => {
    if (piece.length === 0) return
    sum = sumOf(sum, await take(piece.join('\n'), number - piece.length + 1))
    piece = []
    characters = 0
  }
  for await (const line of linesOf(textOf(file))) {
    if (piece.length >= PIECE_LINES || characters + line.length > PIECE_CHARACTERS) await flush()
    number += 1
    piece.push(line)
    characters += line.length
  }
  await flush()
  return sum
}

function sumOf(one: ImportReport, other: ImportReport): ImportReport {
  const sum = { lines: one.lines + other.lines, imported: one.imported + other.imported, skipped: one.skipped + other.skipped }
  if (one.refused === undefined && other.refused === undefined) return sum
  const refused = { ...one.refused }
  for (const [code, count] of Object.entries(other.refused ?? {})) if (isErrorCode(code)) refused[code] = (refused[code] ?? 0) + count
  return { ...sum, refused }
}

/** Errors: NOT_FOUND. */
async function* textOf(file: string): AsyncGenerator<string> {
  if (file === '-') return yield* process.stdin.setEncoding('utf8')
  try {
    yield* (await open(file)).createReadStream({ encoding: 'utf8' })
  } catch (cause) {
    throw new CodedError('NOT_FOUND', `${file} cannot be read`, { cause })
  }
}
