import type { Command } from 'commander'
import { CodedError } from '@portline/wire/errors.ts'
import type { AuditReport } from 'portline/audit/verify-audit.ts'
import type { AuditView } from 'portline/serve/audit-api.ts'
import type { JsonClient } from '../http-json.ts'
import type { Output } from '../output.ts'
import { dataDirSetting } from '../settings.ts'
import type { Environment } from '../settings.ts'
import { facts } from '../facts.ts'
import { timeOption } from '../time-option.ts'
import { auditTable } from './audit-texts.ts'
import { operatorApi } from './events.ts'

const EXAMPLES = `
Examples:
  portline audit list --portal a223c6b3710f85df22e9377d6c4f7553
  portline audit list --since 2026-11-01T00:00:00Z --json | jq -r .verb
  portline audit verify
  portline audit verify --data .portline
  portline audit verify --expect 3f0c…

With --data the store of an app side that does not run is read; else the running one is asked at PORTLINE_URL.`

interface AuditOptions {
  readonly app?: string
  readonly portal?: string
  readonly since?: string
  readonly data?: string
  readonly expect?: string
  readonly json?: true
}

export function addAuditCommand(program: Command, env: Environment, output: Output): void {
  const audit = program.command('audit').description('who changed what of an installation, and whether the record of it is whole').addHelpText('after', EXAMPLES)
  audit
    .command('list')
    .description('changes, oldest first')
    .option('--app <name>', 'only of this app')
    .option('--portal <member_id>', 'only of this portal')
    .option('--since <time>', 'only from then on: 2026-01-31, or 2026-01-31T12:00:00Z')
    .option('--data <folder>', 'of an app side that does not run')
    .option('--json', 'one JSON object per line')
    .addHelpText('after', EXAMPLES)
    .action((options: AuditOptions) => list(env, output, options))
  audit
    .command('verify')
    .description('hash every record again; fails with AUDIT_BROKEN and names the first that is wrong')
    .option('--expect <hash>', 'that a former verification showed: whatever was there then has to be there still')
    .option('--data <folder>', 'of an app side that does not run')
    .option('--json', 'one JSON object')
    .addHelpText('after', EXAMPLES)
    .action((options: AuditOptions) => verify(env, output, options))
}

async function list(env: Environment, output: Output, options: AuditOptions): Promise<void> {
  const records: AuditView[] = []
  if (options.data === undefined) await eachRecord(operatorApi(env), options, (page) => records.push(...page))
  else records.push(...(await recordsAtRest(env, options)))
  if (options.json) return records.forEach((record) => output.out(JSON.stringify(record)))
  if (records.length === 0) return output.out('No such records.')
  output.out(auditTable(records))
}

async function eachRecord(api: JsonClient, { app, portal, since }: AuditOptions, take: (page: readonly AuditView[]) => void): Promise<void> {
  const filter = { ...(app === undefined ? {} : { app }), ...(portal === undefined ? {} : { portal }), ...(since === undefined ? {} : { since: timeOption(since, '--since') }) }
  for (let after: string | null = '0'; after !== null; ) {
    const page: { records: AuditView[]; next: string | null } = await api.get(`/api/audit?${new URLSearchParams({ ...filter, after })}`)
    take(page.records)
    after = page.next
  }
}

async function recordsAtRest(env: Environment, { app, portal, since, data }: AuditOptions): Promise<AuditView[]> {
  const { withStoreAsItIs } = await import('../offline-store.ts')
  const { auditView } = await import('portline/serve/audit-api.ts')
  const filter = {
    ...(app === undefined ? {} : { app }), ...(portal === undefined ? {} : { memberId: portal }),
    ...(since === undefined ? {} : { sinceMs: Date.parse(timeOption(since, '--since')) }),
  }
  return withStoreAsItIs(env, dataDirSetting(env, data), async ({ store }) => {
    const views: AuditView[] = []
    for (let afterSeq: number | undefined = 0; afterSeq !== undefined; ) {
      const page: Awaited<ReturnType<typeof store.audit>> = await store.audit({ ...filter, afterSeq, limit: 200 })
      views.push(...page.records.map(auditView))
      afterSeq = page.nextSeq
    }
    return views
  })
}

const HASH = /^[0-9a-f]{64}$/

async function verify(env: Environment, output: Output, { expect, data, json }: AuditOptions): Promise<void> {
  if (expect !== undefined && !HASH.test(expect)) throw new CodedError('BAD_REQUEST', `--expect: "${expect}" is no hash that a verification shows (64 hexadecimal digits)`)
  const query = expect === undefined ? '' : `?${new URLSearchParams({ expect })}`
  const report = data === undefined ? await operatorApi(env).get<AuditReport>(`/api/audit/verify${query}`) : await verifyAtRest(env, data, expect)
  if (!report.ok) throw new CodedError('AUDIT_BROKEN', `record ${report.brokenAt}: ${report.problem}`)
  if (json) return output.out(JSON.stringify(report))
  output.out(facts([
    ['audit trail', 'whole'], ['records', report.records],
    ['sealed up to', report.sealedSeq ?? 'no key at hand: the seal was not tried'], ['hash', report.hash],
  ]))
  output.err('Keep the hash elsewhere: with --expect a trail that was cut off or put back to an earlier state is found too.')
}

async function verifyAtRest(env: Environment, data: string, expect: string | undefined): Promise<AuditReport> {
  const { withStoreAsItIs } = await import('../offline-store.ts')
  const { verifyAudit } = await import('portline/audit/verify-audit.ts')
  const { demandKeysOfStore } = await import('portline/tokens/sealed-samples.ts')
  return withStoreAsItIs(env, dataDirSetting(env, data), async ({ store, sealer }) => {
    if (sealer !== undefined) await demandKeysOfStore(store, sealer)
    return verifyAudit(store, sealer, expect)
  })
}
