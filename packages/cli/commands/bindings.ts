import type { Command } from 'commander'
import { AlreadyReported } from '../failure.ts'
import type { JsonClient } from '../http-json.ts'
import type { PortalSync, SyncReport } from '../operator-api.ts'
import type { Output } from '../output.ts'
import type { Environment } from '../settings.ts'
import { table } from '../tables.ts'
import { operatorApi } from './events.ts'
import { boundTo } from './installations.ts'

const EXAMPLES = `
Examples:
  portline bindings sync --dry-run
  portline bindings sync --app hello
  portline bindings sync --portal a223c6b3710f85df22e9377d6c4f7553 --json | jq -r '.bound[].event'

The app side is asked at PORTLINE_URL (http://127.0.0.1:4400), with PORTLINE_OPERATOR_TOKEN when it is set. Exit code 1: a portal could
not be asked, or would not take a binding.`

/**
 * One answer is about several portals, each asked one call after the other: 110 codes that are new take a portal that needs 2 s a call
 * nearly 4 minutes. No more than this: Node itself waits 300 s for an answer.
 */
const ANSWER_MS = 290_000

interface SyncOptions {
  readonly app?: string
  readonly portal?: string
  readonly dryRun?: boolean
  readonly moved?: boolean
  readonly json?: true
}

export function addBindingsCommand(program: Command, env: Environment, output: Output): void {
  program
    .command('bindings')
    .description('which events portals send to the app, against what its handlers declare')
    .addHelpText('after', EXAMPLES)
    .command('sync')
    .description('bind what is missing and take back what is no longer declared; handlers of others are left alone')
    .option('--app <name>', 'only this app')
    .option('--portal <member_id>', 'only this portal')
    .option('--dry-run', 'show the differences, and change nothing')
    .option('--moved', 'also take back bindings to an app side of the same app on another host, of which nothing is known here')
    .option('--json', 'one JSON object per portal and line')
    .addHelpText('after', EXAMPLES)
    .action((options: SyncOptions) => sync(operatorApi(env, ANSWER_MS), output, options))
}

/** Errors: AlreadyReported when something is not as declared in the end. */
async function sync(api: JsonClient, output: Output, { app, portal, dryRun = false, moved = false, json }: SyncOptions): Promise<void> {
  const asked = { ...(app === undefined ? {} : { app }), ...(portal === undefined ? {} : { portal }), dryRun, moved }
  const portals: PortalSync[] = []
  for (let after: string | null = ''; after !== null; ) {
    const part: SyncReport = await api.post('/api/bindings/sync', { ...asked, after })
    portals.push(...part.portals)
    if (json) for (const each of part.portals) output.out(JSON.stringify(each))
    after = part.next
  }
  if (!json) output.out(portals.length === 0 ? 'No portal has the app installed.' : reportText(portals, dryRun))
  const isFailure = (each: PortalSync): boolean => (each.error !== null && (!isElsewhere(each) || app !== undefined)) || each.refused.length > 0
  if (portals.some(isFailure)) throw new AlreadyReported()
}

/** Of an app that another app side runs, or none: nobody here knows what it declares. */
function isElsewhere({ error }: PortalSync): boolean {
  return error?.code === 'APP_UNKNOWN'
}

function reportText(portals: readonly PortalSync[], dryRun: boolean): string {
  const rows = portals.flatMap((each) => changesOf(each, dryRun).map(([what, event, where]) => [each.app, each.portal, what, event, where]))
  return table(['APP', 'PORTAL', 'WHAT', 'EVENT', 'WHERE OR WHY'], rows)
}

type Change = readonly [what: string, event: string, where: string]

function changesOf(portalSync: PortalSync, dryRun: boolean): Change[] {
  if (isElsewhere(portalSync)) return [['not running here', '', '']]
  const { bound, unbound, refused, foreign, kept, error } = portalSync
  const [binds, takesBack, refuses] = dryRun ? ['would be bound', 'would be taken back', 'would be refused'] : ['bound', 'taken back', 'refused']
  const changes: Change[] = [
    ...bound.map((binding): Change => [binds, binding.event, boundTo(binding)]),
    ...unbound.map((binding): Change => [takesBack, binding.event, boundTo(binding)]),
    ...refused.map(({ event, reason }): Change => [refuses, event, reason]),
    ...foreign.map((binding): Change => [binding.moved ? 'elsewhere (--moved)' : "somebody else's", binding.event, boundTo(binding)]),
    ...(error === null ? [] : [['failed', '', `${error.code} ${error.message}`] as const]),
  ]
  return changes.length > 0 ? changes : [['as declared', `${kept} events`, '']]
}
