import type { Command } from 'commander'
import { CodedError } from '@portline/wire/errors.ts'
import type { JsonClient } from '../http-json.ts'
import type { InstallationList, InstallationView } from '../operator-api.ts'
import type { Output } from '../output.ts'
import type { Environment } from '../settings.ts'
import { facts, table } from '../tables.ts'
import { operatorApi } from './events.ts'

const EXAMPLES = `
Examples:
  portline installations list
  portline installations list --json | jq -r 'select(.status == "active") | .domain'
  portline installations show a223c6b3710f85df22e9377d6c4f7553
  portline installations show a223c6b3710f85df22e9377d6c4f7553 --app hello --json

The app side is asked at PORTLINE_URL (http://127.0.0.1:4400), with PORTLINE_OPERATOR_TOKEN when it is set.`

interface ShowOptions {
  readonly app?: string
  readonly json?: true
}

export function addInstallationsCommand(program: Command, env: Environment, output: Output): void {
  const installations = program
    .command('installations')
    .description('look at the portals where the app is or was installed')
    .addHelpText('after', EXAMPLES)
  installations
    .command('list')
    .description('every installation')
    .option('--json', 'one JSON object per line')
    .addHelpText('after', EXAMPLES)
    .action((options: { json?: true }) => list(operatorApi(env), output, options.json))
  installations
    .command('show <member_id>')
    .description('one installation: bindings, connector lines, accounts')
    .option('--app <name>', 'needed only when several apps are installed on the portal')
    .option('--json', 'one JSON object')
    .addHelpText('after', EXAMPLES)
    .action((memberId: string, options: ShowOptions) => show(operatorApi(env), output, memberId, options))
}

async function list(api: JsonClient, output: Output, json: true | undefined): Promise<void> {
  const { installations } = await api.get<InstallationList>('/api/installations')
  if (json) return installations.forEach((installation) => output.out(JSON.stringify(installation)))
  const rows = installations.map(({ app, portal, domain, status, version, updatedAt, reason }) =>
    [app, portal, domain, status, version ?? '', updatedAt ?? '', reason ?? ''])
  output.out(rows.length === 0 ? 'No portal has installed an app yet.'
    : table(['APP', 'PORTAL', 'DOMAIN', 'STATUS', 'VERSION', 'UPDATED', 'REASON'], rows))
}

async function show(api: JsonClient, output: Output, memberId: string, { app, json }: ShowOptions): Promise<void> {
  const { installations } = await api.get<InstallationList>('/api/installations')
  const matching = installations.filter((one) => one.portal === memberId && (app === undefined || one.app === app))
  const [found, other] = matching
  if (found === undefined) throw new CodedError('NOT_FOUND', `no installation on the portal ${memberId}`)
  if (other !== undefined) {
    const names = matching.map((one) => one.app).join(', ')
    throw new CodedError('BAD_REQUEST', `several apps are installed there; name one with --app: ${names}`)
  }
  output.out(json ? JSON.stringify(found) : installationText(found))
}

function installationText(installation: InstallationView): string {
  const { bindings, connectorLines, accounts } = installation
  const head = facts([
    ['app', installation.app], ['portal', installation.portal], ['domain', installation.domain], ['status', installation.status],
    ['reason', installation.reason], ['version', installation.version], ['app status', installation.appStatus],
    ['language', installation.language], ['scope', installation.scope], ['installed', installation.installedAt],
    ['updated', installation.updatedAt], ['uninstalled', installation.deletedAt],
  ])
  return [
    head,
    ...section(['EVENT', 'BOUND TO'], bindings.map(({ event, handler }) => [event, handler])),
    ...section(['CONNECTOR', 'LINE', 'STATE'], connectorLines.map(({ connector, line, active }) =>
      [connector, line, active ? 'on' : 'off'])),
    ...section(['USER', 'TOKENS', 'EXPIRE'], accounts.map(({ userId, master, state, expiresAt }) =>
      [master ? `${userId} (installer)` : userId, state, expiresAt ?? ''])),
  ].join('\n\n')
}

function section(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return rows.length === 0 ? [] : [table(head, rows)]
}
