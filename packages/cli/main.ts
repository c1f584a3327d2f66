import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { CodedError } from '@portline/wire/errors.ts'
import { addAuditCommand } from './commands/audit.ts'
import { addBackupCommand } from './commands/backup.ts'
import { addBindingsCommand } from './commands/bindings.ts'
import { addDemoCommand } from './commands/demo.ts'
import { addDestinationsCommand } from './commands/destinations.ts'
import { addDevCommand } from './commands/dev.ts'
import { addDoctorCommand } from './commands/doctor.ts'
import { addEventsCommand } from './commands/events.ts'
import { addInstallationsCommand } from './commands/installations.ts'
import { addKeysCommand } from './commands/keys.ts'
import { addPortalCommand } from './commands/portal.ts'
import { addRestoreCommand } from './commands/restore.ts'
import { addStartCommand } from './commands/start.ts'
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
  const program = createProgram(env, output, json)
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

function createProgram(env: Environment, output: Output, json: boolean): Command {
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
  for (const add of COMMANDS) add(program, env, output)
  return program
}

const COMMANDS = [addDevCommand, addDemoCommand, addPortalCommand, addStartCommand, addEventsCommand, addInstallationsCommand, addBindingsCommand, addDoctorCommand, addDestinationsCommand, addBackupCommand, addRestoreCommand, addKeysCommand, addAuditCommand]

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'))
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : ''
}
