import type { Clock } from '@portline/runtime/clock.ts'
import type { Network } from '@portline/runtime/network.ts'
import type { Random } from '@portline/runtime/random.ts'
import type { Resolver } from '@portline/runtime/resolver.ts'
import { CodedError } from '@portline/wire/errors.ts'
import type { RestClients } from '../bitrix24/rest-clients.ts'
import type { App } from '../define-app.ts'
import { declaredBindings } from '../installations/bindings.ts'
import { eventsUrl } from '../installations/lifecycle.ts'
import { DOCTOR_WAIT_MAX_MS } from '../limits.ts'
import type { Installation, NewEvent, PortalKey, Refusal, Store } from '../store/port.ts'
import { askPortal, ofFailure } from './ask-portal.ts'
import { finding } from './findings.ts'
import type { Finding, FindingCode } from './findings.ts'
import { examineRecord } from './own-record.ts'
import type { OwnRecordParts } from './own-record.ts'
import { examinePublicUrl } from './public-url.ts'
import { TestEvents } from './test-events.ts'

/** Says for a portal why nothing arrives. It changes nothing but this: ONAPPTEST may be bound for the time of the test event. */
export interface DoctorParts extends OwnRecordParts {
  readonly store: Store
  readonly rest: RestClients
  readonly network: Network
  readonly resolver: Resolver
  readonly clock: Clock
  readonly random: Random
  readonly appOf: (name: string) => App | undefined
  readonly publicUrl: () => string
}

export interface Examination {
  /** Milliseconds to wait for the test event; 0: none is asked for. */
  readonly waitMs: number
}

export interface Diagnosis {
  readonly app: string
  readonly portal: string
  readonly domain: string
  readonly status: Installation['status']
  readonly checkedAt: string
  /** Nothing is wrong; there may be something to look at. */
  readonly ok: boolean
  /** Whether the test event came; null when none was asked for. */
  readonly testEvent: boolean | null
  readonly findings: readonly Finding[]
}

export class Doctor {
  readonly #parts: DoctorParts
  readonly #testEvents: TestEvents

  constructor(parts: DoctorParts) {
    this.#parts = parts
    this.#testEvents = new TestEvents(parts)
  }

  /** Of every event that is taken in. */
  accepted(event: NewEvent): void {
    this.#testEvents.accepted(event)
  }

  /** Of every event that is refused. */
  refused(refusal: Omit<Refusal, 'atMs'>): void {
    this.#testEvents.refused(refusal)
  }

  /** Of an app that does not run here it says so, and asks nobody. Errors: NOT_FOUND, STORE_UNAVAILABLE. */
  async examine(portal: PortalKey, { waitMs }: Examination): Promise<Diagnosis> {
    const { store, appOf, publicUrl } = this.#parts
    const installation = await store.installation(portal)
    if (installation === undefined) throw new CodedError('NOT_FOUND', 'the app was never installed on this portal')
    const app = appOf(portal.app)
    if (app === undefined) return this.#diagnosisOf(installation, null, [finding('APP_NOT_RUNNING', '')])
    const address = eventsUrl(publicUrl(), app.name)
    const own = await examineRecord(this.#parts, app, installation)
    const asked = installation.status === 'deleted' ? undefined : await this.#askThere(app, installation, address, Math.min(waitMs, DOCTOR_WAIT_MAX_MS))
    const testEvent = asked?.testEvent ?? null
    return this.#diagnosisOf(installation, testEvent, inOrder(app, [...own, ...(asked?.findings ?? [])], testEvent))
  }

  #diagnosisOf({ app, memberId, domain, status }: Installation, testEvent: boolean | null, findings: readonly Finding[]): Diagnosis {
    const checkedAt = new Date(this.#parts.clock.now()).toISOString()
    return { app, portal: memberId, domain, status, checkedAt, ok: findings.every(({ level }) => level === 'look'), testEvent, findings }
  }

  async #askThere(app: App, installation: Installation, address: string, waitMs: number): Promise<{ findings: Finding[]; testEvent: boolean | null }> {
    const { store, rest, clock } = this.#parts
    const declared = declaredBindings(app, address)
    const b24 = await rest.ofPortal(installation)
    const former = await store.bindings(installation)
    const [answers, way] = await Promise.all([
      askPortal({ b24, clock, declared, former, address }),
      examinePublicUrl(this.#parts, address, isHere(installation)),
    ])
    if (!answers.sends || waitMs === 0) return { findings: [...answers.findings, ...way], testEvent: null }
    const lost = await this.#testEvents.send(installation, b24, address, waitMs).catch((error: unknown) => ofFailure(error))
    return { findings: [...answers.findings, ...way, ...(lost === undefined ? [] : [lost])], testEvent: lost === undefined }
  }
}

/** The portal is on this machine: whatever reaches us from here is enough. */
function isHere({ clientEndpoint }: Installation): boolean {
  return URL.canParse(clientEndpoint) && /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(new URL(clientEndpoint).hostname)
}

const ABOUT_THE_WAY: ReadonlySet<FindingCode> = new Set([
  'PUBLIC_URL_NOT_FOUND', 'PUBLIC_URL_PRIVATE', 'PUBLIC_URL_TLS', 'PUBLIC_URL_UNREACHABLE', 'PUBLIC_URL_WRONG_ANSWER', 'PUBLIC_URL_REFUSED',
  'TEST_EVENT_LOST',
])

/** What is wrong first, causes before what may come of them. A way that nothing has to take, or that a test event has just taken, is only worth a look. */
function inOrder(app: App, findings: readonly Finding[], testEvent: boolean | null): Finding[] {
  const fetchesAll = app.codes.length > 0 && app.codes.every((code) => app.handlerOf(code)?.policy.offline === true)
  const easier = findings.map((each): Finding =>
    (fetchesAll || testEvent === true) && ABOUT_THE_WAY.has(each.code) ? { ...each, level: 'look' } : each)
  const once = easier.filter((each, index) => easier.findIndex(({ code, detail }) => code === each.code && detail === each.detail) === index)
  const rankOf = ({ level, code }: Finding): number => (level === 'look' ? 2 : code === 'LANE_BLOCKED' ? 1 : 0)
  return once.toSorted((one, other) => rankOf(one) - rankOf(other))
}
