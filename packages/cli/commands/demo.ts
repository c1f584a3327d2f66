import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { silentLog } from '@portline/runtime/log.ts'
import { CodedError } from '@portline/wire/errors.ts'
import type { CheckEntry, DemoEntry } from '../demo/entries.ts'
import { Observer } from '../demo/observer.ts'
import { DEMO_STEPS, StepReport } from '../demo/steps.ts'
import type { DemoStep, Stage } from '../demo/steps.ts'
import { timelineText } from '../demo/timeline.ts'
import { AlreadyReported } from '../failure.ts'
import { jsonClient } from '../http-json.ts'
import { loadApp } from '../load-app.ts'
import type { Local } from '../local/start-local.ts'
import type { Output } from '../output.ts'
import { EXAMPLE_APP } from './dev.ts'

const HELP = `
Examples:
  portline demo
  portline demo --json | jq -r 'select(.kind == "event") | .event'

It uses temporary data and free ports, and exits 0 only when every step was seen to happen on both sides.`

/** The whole demo; every wait inside it is shorter. */
const DEMO_MS = 55_000

export function addDemoCommand(program: Command, _env: unknown, output: Output): void {
  program
    .command('demo')
    .description('one event of each kind, the whole way, unattended')
    .option('--json', 'one JSON object per line')
    .addHelpText('after', HELP)
    .action(({ json }: { json?: true }) => demo(output, json === true))
}

/** Errors: AlreadyReported when something was not seen. */
async function demo(output: Output, json: boolean): Promise<void> {
  const startedAtMs = Date.now()
  const checks: CheckEntry[] = []
  const report = (entry: DemoEntry): void => {
    if (entry.kind === 'check') checks.push(entry)
    output.out(json ? JSON.stringify(entry) : timelineText(entry))
  }
  const finish = (failures: readonly string[]): void => {
    const missing = [...checks.filter(({ ok }) => !ok).map(({ step, check }) => `${step}: ${check}`), ...failures]
    report({ kind: 'result', ok: missing.length === 0, checks: checks.length, missing, atMs: Date.now() - startedAtMs })
    if (missing.length > 0) throw new AlreadyReported()
  }
  const dataDir = await mkdtemp(join(tmpdir(), 'portline-demo-'))
  process.once('exit', () => rmSync(dataDir, { recursive: true, force: true }))
  const abandon = (why: string): void => {
    try {
      finish([why])
    } finally {
      process.exit(1)
    }
  }
  const deadline = setTimeout(() => abandon(`the demo did not end within ${DEMO_MS} ms`), DEMO_MS)
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => abandon(`stopped by ${signal}`))
  try {
    finish(await play(dataDir, startedAtMs, report))
  } finally {
    clearTimeout(deadline)
  }
}

/** Answers with what kept it from playing to the end. */
async function play(dataDir: string, startedAtMs: number, report: (entry: DemoEntry) => void): Promise<string[]> {
  const app = await loadApp(EXAMPLE_APP)
  // Loaded when it is needed: other commands are not to wait for it.
  const { startLocal } = await import('../local/start-local.ts')
  const local = await startLocal({ app, port: 0, portalPort: 0, oauthPort: 0, dataDir, log: silentLog })
  try {
    await local.portalApp.register(local.appSide.url)
    report({
      kind: 'started', atMs: Date.now() - startedAtMs, portal: local.portal.url, memberId: local.portal.memberId,
      oauthServer: local.portal.oauthUrl, appSide: local.appSide.url, store: `SQLite, ${join(dataDir, 'portline.sqlite')}`,
    })
    return await playSteps(await stageOf(local, app.connectors[0]?.id, startedAtMs, report))
  } finally {
    for (const stop of local.stopParts) await stop()
  }
}

async function stageOf(
  { portal, appSide, portalApp }: Local, connector: string | undefined, startedAtMs: number, report: (entry: DemoEntry) => void,
): Promise<Stage> {
  const [line] = await portalApp.lines()
  if (connector === undefined || line === undefined) throw new CodedError('APP_DEFINITION_INVALID', 'no connector to show')
  const observer = new Observer({ portalApp, operator: jsonClient(appSide.url), memberId: portal.memberId })
  return { portalApp, observer, connector, line: line.id, startedAtMs, report }
}

/** A step builds on those before it: where one breaks off, the rest is reported as missing. */
async function playSteps(stage: Stage): Promise<string[]> {
  for (const [index, step] of DEMO_STEPS.entries()) {
    const broken = await playStep(stage, step)
    if (broken !== undefined) return [broken, ...DEMO_STEPS.slice(index + 1).map(({ name }) => `${name}: was not tried`)]
  }
  return []
}

function playStep(stage: Stage, step: DemoStep): Promise<string | undefined> {
  return step.run(stage, new StepReport(stage, step)).then(
    () => undefined,
    (error: unknown) => `${step.name}: ${error instanceof CodedError ? `${error.code} ${error.message}` : String(error)}`,
  )
}
