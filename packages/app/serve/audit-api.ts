import { CodedError } from '@portline/wire/errors.ts'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { verifyAudit } from '../audit/verify-audit.ts'
import type { Clock } from '@portline/runtime/clock.ts'
import type { Installations } from '../installations/installations.ts'
import { isHeldByOperator } from '../installations/states.ts'
import type { BlockReason } from '../installations/states.ts'
import { LIST_MAX_ROWS } from '../limits.ts'
import type { AuditDetails, AuditFilter, AuditRecord } from '../store/audit.ts'
import type { Store } from '../store/port.ts'
import type { Sealer } from '../tokens/sealer.ts'
import { checked, digits } from './event-query.ts'
import { installationView } from './views.ts'

/** The audit trail, and what an operator decides about a portal. */
export interface AuditApiParts {
  readonly store: Store
  readonly sealer: Sealer
  readonly installations: Installations
  readonly clock: Clock
}

export type AuditView = ReturnType<typeof auditView>

/** Details that were erased are null; what was only ever in the chain is always there. */
export function auditView(record: AuditRecord) {
  const details = record.details === undefined ? undefined : detailsIn(record.details.text)
  return {
    seq: record.seq,
    at: timeOf(record.atMs),
    app: record.app,
    portal: record.memberId,
    generation: record.generation,
    verb: record.verb,
    from: record.from ?? details?.from ?? null,
    to: record.to ?? details?.to ?? null,
    by: record.by,
    event: record.ref ?? null,
    proof: record.proof ?? null,
    userId: details?.userId ?? null,
    facts: record.facts ?? null,
    erased: record.detailsHash !== undefined && details === undefined,
    hash: record.hash,
  }
}

/** Somebody may have written anything there: to find that is for the verification, and to show the others for the list. */
function detailsIn(text: string): AuditDetails {
  try {
    const details: unknown = JSON.parse(text)
    return typeof details === 'object' && details !== null ? details : {}
  } catch {
    return {}
  }
}

function timeOf(atMs: number): string {
  const time = new Date(atMs)
  return Number.isNaN(time.getTime()) ? String(atMs) : time.toISOString()
}

const listQuery = z.strictObject({
  app: z.string().optional(),
  portal: z.string().optional(),
  since: z.iso.datetime({ offset: true }).transform((text) => Date.parse(text)).optional(),
  after: digits(0).default(0),
  limit: digits(1, LIST_MAX_ROWS).default(LIST_MAX_ROWS),
})
const verifyQuery = z.strictObject({ expect: z.string().regex(/^[0-9a-f]{64}$/, 'a hash that a former verification showed').optional() })

export function addAuditApi(api: FastifyInstance, { store, sealer, installations, clock }: AuditApiParts): void {
  api.get('/api/audit', async (request) => {
    const { records, nextSeq } = await store.audit(auditFilter(checked(listQuery, request.query)))
    return { records: records.map(auditView), next: nextSeq === undefined ? null : String(nextSeq) }
  })
  api.get('/api/audit/verify', async (request) => verifyAudit(store, sealer, checked(verifyQuery, request.query).expect))
  const operated = ['PORTAL_BLOCKED'] as const
  const every: readonly BlockReason[] = ['PORTAL_BLOCKED', 'PORTAL_UNPAID', 'PORTAL_INACTIVE']
  for (const action of ['block', 'unblock'] as const) {
    api.post<{ Params: { app: string; memberId: string } }>(`/api/installations/:app/:memberId/${action}`, async (request) => {
      const current = await store.installation(request.params)
      if (current === undefined) throw new CodedError('NOT_FOUND', 'no such installation')
      // An operator's block outlives the installation, so it can be lifted there.
      if (current.status === 'deleted' && (action === 'block' || !isHeldByOperator(current))) throw new CodedError('INSTALLATION_DELETED')
      const cause = { by: 'operator' } as const
      if (action === 'block') await installations.block(current, operated[0], cause, clock.now())
      else await installations.unblock(current, every, cause, clock.now())
      return installationView(store, (await store.installation(current)) ?? current)
    })
  }
}

function auditFilter({ app, portal, since, after, limit }: z.output<typeof listQuery>): AuditFilter {
  return {
    afterSeq: after, limit,
    ...(app === undefined ? {} : { app }),
    ...(portal === undefined ? {} : { memberId: portal }),
    ...(since === undefined ? {} : { sinceMs: since }),
  }
}
