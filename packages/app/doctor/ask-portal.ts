import type { B24OAuth } from '@bitrix24/b24jssdk'
import type { Clock } from '@portline/runtime/clock.ts'
import { CodedError } from '@portline/wire/errors.ts'
import { RestError, callRest } from '../bitrix24/call-rest.ts'
import { bindingKey, isMoved, planBindings, readBindings } from '../installations/bindings.ts'
import { CLOCK_SKEW_MS } from '../limits.ts'
import type { Binding } from '../store/port.ts'
import { finding } from './findings.ts'
import type { Finding } from './findings.ts'

/** What the portal itself says. */
export interface PortalAnswers {
  readonly findings: readonly Finding[]
  /** Whether it would send an event at all. */
  readonly sends: boolean
}

export interface AskedOf {
  readonly b24: B24OAuth
  readonly clock: Clock
  readonly declared: readonly Binding[]
  readonly former: readonly Binding[]
  readonly address: string
}

/** Never rejects for what the portal or its authorization server answers. */
export async function askPortal(asked: AskedOf): Promise<PortalAnswers> {
  const { b24, clock } = asked
  const findings: Finding[] = []
  try {
    const info = await callRest(b24, 'app.info')
    const installed = fieldIn(info, 'INSTALLED') === true
    const expired = fieldIn(info, 'PAYMENT_EXPIRED') === 'Y'
    if (!installed) findings.push(finding('INSTALLATION_UNFINISHED', 'app.info: INSTALLED is false'))
    if (expired) findings.push(finding('PAYMENT_EXPIRED', 'app.info: PAYMENT_EXPIRED is Y'))
    if ((await callRest(b24, 'user.admin')) !== true) findings.push(finding('ACCOUNT_NOT_ADMIN', 'user.admin: false'))
    findings.push(...(await bindingFindings(asked)))
    findings.push(...(await clockFindings(b24, clock)))
    return { findings, sends: installed && !expired }
  } catch (error) {
    return { findings: [...findings, ofFailure(error)], sends: false }
  }
}

const GONE = new Set(['APPLICATION_NOT_FOUND', 'ERROR_OAUTH', 'NOT_INSTALLED', 'PORTAL_DELETED'])
const DENIES = new Set(['ACCESS_DENIED', 'OVERLOAD_LIMIT'])
const ACCOUNT = new Set(['authorization_error', 'user_access_error', 'invalid_token', 'NO_AUTH_FOUND'])

/** By Bitrix24's code: its HTTP statuses are other than documented. */
export function ofFailure(error: unknown): Finding {
  if (!(error instanceof CodedError)) return finding('INTERNAL_ERROR', String(error))
  if (!(error instanceof RestError)) return finding(error.code, error.message)
  const { restCode, message } = error
  if (GONE.has(restCode)) return finding('APP_INACTIVE', message)
  if (restCode === 'PAYMENT_REQUIRED') return finding('PAYMENT_EXPIRED', message)
  if (DENIES.has(restCode)) return finding('PORTAL_DENIES', message)
  return finding(ACCOUNT.has(restCode) ? 'ACCOUNT_REFUSED' : 'PORTAL_UNREACHABLE', message)
}

async function bindingFindings({ b24, declared, former, address }: AskedOf): Promise<Finding[]> {
  // Brings the whole catalogue, which a start need not wait for.
  const { missingScope, readOffer } = await import('../installations/offered-events.ts')
  const { offered, granted } = await readOffer(b24)
  const existing = await readBindings(b24)
  const { missing, foreign } = planBindings(declared, existing, former)
  const findings: Finding[] = []
  const lacking = declared.filter(({ event }) => !offered.has(event)).map(({ event }) => event)
  const unscoped = lacking.flatMap((event) => {
    const scope = missingScope(event, granted)
    return scope === undefined ? [] : [`${event} needs ${scope}`]
  })
  if (unscoped.length > 0) findings.push(finding('SCOPE_MISSING', listed(unscoped)))
  const unknown = lacking.filter((event) => missingScope(event, granted) === undefined)
  if (unknown.length > 0) findings.push(finding('EVENT_NOT_OFFERED', listed(unknown)))
  const unbound = missing.filter(({ event }) => offered.has(event))
  if (unbound.length > 0) findings.push(finding('BINDING_MISSING', listed(unbound.map(({ event, queue }) => (queue === undefined ? event : `${event} (offline)`)))))
  const elsewhere = foreign.filter((binding) => isMoved(binding, address))
  if (elsewhere.length > 0) findings.push(finding('BOUND_ELSEWHERE', listed(elsewhere.map(({ event, handler }) => `${event} to ${new URL(handler).origin}`))))
  const keys = existing.filter(({ queue }) => queue === undefined).map(bindingKey)
  const twice = declared.filter((binding) => keys.filter((key) => key === bindingKey(binding)).length > 1)
  if (twice.length > 0) findings.push(finding('BOUND_TWICE', listed(twice.map(({ event }) => event))))
  return findings
}

/** The portal answers in whole seconds, some time between question and answer. */
async function clockFindings(b24: B24OAuth, clock: Clock): Promise<Finding[]> {
  const askedAtMs = clock.now()
  const portalMs = Date.parse(String(await callRest(b24, 'server.time')))
  const skewMs = portalMs - (askedAtMs + clock.now()) / 2
  if (!(Math.abs(skewMs) > CLOCK_SKEW_MS)) return []
  const seconds = Math.round(Math.abs(skewMs) / 1_000)
  return [finding('CLOCK_WRONG', `the portal is ${seconds} s ${skewMs > 0 ? 'ahead of' : 'behind'} this machine`)]
}

/** Names in a detail: the first few say enough. */
const SHOWN = 8

function listed(names: readonly string[]): string {
  return names.slice(0, SHOWN).join(', ') + (names.length > SHOWN ? ` and ${names.length - SHOWN} more` : '')
}

function fieldIn(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (Reflect.get(value, name) as unknown) : undefined
}
