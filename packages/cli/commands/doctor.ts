import { InvalidArgumentError } from 'commander'
import type { Command } from 'commander'
import { nothingInstalled } from 'portline/installations/nothing-installed.ts'
import { DOCTOR_WAIT_MAX_MS, DOCTOR_WAIT_MS } from 'portline/limits.ts'
import { AlreadyReported } from '../failure.ts'
import type { JsonClient } from '../http-json.ts'
import type { Diagnosis } from '../operator-api.ts'
import type { Output } from '../output.ts'
import { printable } from '../printable.ts'
import type { Environment } from '../settings.ts'
import { operatorApi } from './events.ts'
import { everyInstallation } from './installations.ts'

const EXAMPLES = `
Examples:
  portline doctor
  portline doctor --app hello --portal a223c6b3710f85df22e9377d6c4f7553
  portline doctor --json | jq -r 'select(.ok | not) | .findings[].code'

It asks the portal and its authorization server, calls the app's public address, and has the portal send a test event (ONAPPTEST),
which is stored and handled like any other. The app side is asked at PORTLINE_URL (http://127.0.0.1:4400), with
PORTLINE_OPERATOR_TOKEN when it is set. Exit code 1: something is wrong. All findings: docs/how-to/nothing-arrives.md`

const SECOND_MS = 1_000
/** A portal that does not answer is waited for 10 s a call; then comes the test event. */
const ANSWER_MS = 90_000
const PORTALS_AT_ONCE = 4

interface DoctorOptions {
  readonly app?: string
  readonly portal?: string
  readonly wait: number
  readonly testEvent: boolean
  readonly json?: true
}

export function addDoctorCommand(program: Command, env: Environment, output: Output): void {
  program
    .command('doctor')
    .description('say for each portal why no events arrive, or that they do')
    .option('--app <name>', 'only this app')
    .option('--portal <member_id>', 'only this portal')
    .option('--wait <seconds>', `for the test event, up to ${DOCTOR_WAIT_MAX_MS / SECOND_MS}`, readSeconds, DOCTOR_WAIT_MS / SECOND_MS)
    .option('--no-test-event', 'do not have the portal send one')
    .option('--json', 'one JSON object per portal and line')
    .addHelpText('after', EXAMPLES)
    .action((options: DoctorOptions) => examine(operatorApi(env, ANSWER_MS), output, options))
}

/** Errors: NOT_FOUND when an app or a portal was named that is unknown; AlreadyReported when something is wrong, or no portal has the app. */
async function examine(api: JsonClient, output: Output, { app, portal, wait, testEvent, json }: DoctorOptions): Promise<void> {
  const installations = await everyInstallation(api)
  // One that was uninstalled is only of interest to who asks for it.
  const wanted = installations.filter((one) =>
    (app === undefined || one.app === app) && (portal === undefined ? one.status !== 'deleted' : one.portal === portal))
  if (wanted.length === 0 && (app ?? portal) !== undefined) throw nothingInstalled(installations.filter(({ status }) => status !== 'deleted').map((one) => one.app), app, portal)
  if (wanted.length === 0) output.err(json ? JSON.stringify({ error: 'NOT_FOUND', error_description: NOBODY }) : NOBODY)
  let ok = wanted.length > 0
  const waitMs = testEvent ? Math.round(wait * SECOND_MS) : 0
  for (let from = 0; from < wanted.length; from += PORTALS_AT_ONCE) {
    const some = wanted.slice(from, from + PORTALS_AT_ONCE)
    const diagnoses = await Promise.all(some.map((one) => api.post<Diagnosis>(`/api/doctor/${one.app}/${encodeURIComponent(one.portal)}`, { waitMs })))
    for (const diagnosis of diagnoses) output.out(json ? JSON.stringify(diagnosis) : diagnosisText(diagnosis))
    ok &&= diagnoses.every((diagnosis) => diagnosis.ok)
  }
  if (!ok) throw new AlreadyReported()
}

const NOBODY = 'No portal has the app installed: open its install page there (docs/how-to/run-on-bitrix24.md).'

function diagnosisText({ app, portal, domain, status, ok, testEvent, findings }: Diagnosis): string {
  const test = testEvent === true ? '; the test event came' : ''
  const isRunning = findings.every(({ code }) => code !== 'APP_NOT_RUNNING')
  const verdict = isRunning ? (ok ? 'nothing wrong' : 'something is wrong') : 'not running here'
  const head = `${app} on ${printable(domain) || 'a portal that is gone'} (${portal}, ${status}): ${verdict}${test}`
  const lines = findings.flatMap(({ code, level, meaning, todo, detail }) => [
    `  ${level.padEnd(5)}  ${code}: ${meaning}`,
    ...(detail === '' ? [] : [`         seen: ${printable(detail)}`]),
    `         do: ${printable(todo)}`,
  ])
  return [head, ...lines].join('\n')
}

function readSeconds(text: string): number {
  const seconds = Number(text)
  if (seconds > 0 && seconds <= DOCTOR_WAIT_MAX_MS / SECOND_MS) return seconds
  throw new InvalidArgumentError(`It must be a number of seconds, up to ${DOCTOR_WAIT_MAX_MS / SECOND_MS}.`)
}
