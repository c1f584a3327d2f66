import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { CodedError } from '@portline/wire/errors.ts'
import { AlreadyReported, failureText } from './failure.ts'
import { standardOutput } from './output.ts'
import type { Output } from './output.ts'
import type { Environment } from './settings.ts'

const HELP = `
Examples:
  portline dev                      a local portal and an app side with the example app
  portline demo                     one event of each kind, the whole way, unattended
  portline start ./app.ts           the app side alone
  portline events list --state dead

Help on a command: portline <command> --help`

/** Runs one command and answers with its exit code: 0 when it did what was asked. */
export async function main(
  args: readonly string[], env: Environment = process.env, output: Output = standardOutput,
): Promise<number> {
  const json = args.includes('--json')
  const program = await createProgram(args, env, output, json)
  let running: Command | undefined
  program.hook('preAction', (_program, command) => void (running = command))
  try {
    await program.parseAsync(args, { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof AlreadyReported) return 1
    // --help and --version end in one of these too. To people Commander has said what was wrong already.
    if (error instanceof CommanderError && (error.exitCode === 0 || !json)) return error.exitCode
    const coded = error instanceof CommanderError ? new CodedError('BAD_REQUEST', error.message) : error
    output.err(failureText(coded, json, running).trimEnd())
    return 1
  }
}

async function createProgram(args: readonly string[], env: Environment, output: Output, json: boolean): Promise<Command> {
  const program = new Command('portline')
    .description('The app side of Bitrix24, and a local Bitrix24 portal')
    .version(version())
    .addHelpText('after', HELP)
    .exitOverride()
    .showHelpAfterError('Help: portline --help')
    .configureOutput({
      writeOut: (text) => output.out(text.trimEnd()),
      writeErr: (text) => json || output.err(text.trimEnd()),
    })
  for (const add of await neededCommands(args)) add(program, env, output)
  return program
}

type AddCommand = (program: Command, env: Environment, output: Output) => void

/** In the order in which help lists them. */
const COMMANDS: ReadonlyMap<string, () => Promise<AddCommand>> = new Map<string, () => Promise<AddCommand>>([
  ['dev', async () => (await import('./commands/dev.ts')).addDevCommand],
  ['demo', async () => (await import('./commands/demo.ts')).addDemoCommand],
  ['portal', async () => (await import('./commands/portal.ts')).addPortalCommand],
  ['start', async () => (await import('./commands/start.ts')).addStartCommand],
  ['events', async () => (await import('./commands/events.ts')).addEventsCommand],
  ['installations', async () => (await import('./commands/installations.ts')).addInstallationsCommand],
  ['bindings', async () => (await import('./commands/bindings.ts')).addBindingsCommand],
  ['doctor', async () => (await import('./commands/doctor.ts')).addDoctorCommand],
  ['destinations', async () => (await import('./commands/destinations.ts')).addDestinationsCommand],
  ['backup', async () => (await import('./commands/backup.ts')).addBackupCommand],
  ['restore', async () => (await import('./commands/restore.ts')).addRestoreCommand],
  ['keys', async () => (await import('./commands/keys.ts')).addKeysCommand],
  ['audit', async () => (await import('./commands/audit.ts')).addAuditCommand],
])

/** The one that is asked for is loaded alone, so that a restart is short; without a known one, all are: to be listed or suggested. */
async function neededCommands(args: readonly string[]): Promise<AddCommand[]> {
  const named = COMMANDS.get(args.find((arg) => !arg.startsWith('-')) ?? '')
  return Promise.all(named === undefined ? [...COMMANDS.values()].map((load) => load()) : [named()])
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'))
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : ''
}
