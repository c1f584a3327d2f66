import { join } from 'node:path'
import { systemClock } from '@portline/runtime/clock.ts'
import { silentLog } from '@portline/runtime/log.ts'
import { systemRandom } from '@portline/runtime/random.ts'
import { steadyHeap } from '@portline/runtime/steady-heap.ts'
import type { EventEnvelope } from '@portline/wire/envelope.ts'
import { decodeForm } from '@portline/wire/form/decode.ts'
import { readEnvelope } from '@portline/wire/read-envelope.ts'
import { defineApp } from 'portline'
import type { App } from 'portline'
import { AuditTrail } from 'portline/audit/audit-trail.ts'
import { loadSealingKeys } from 'portline/serve/sealing-key.ts'
import { startAppSide } from 'portline/serve/start-app-side.ts'
import type { AppSide } from 'portline/serve/start-app-side.ts'
import type { NewEvent, Store } from 'portline/store/port.ts'
import { openSqliteStore } from 'portline/store/sqlite/sqlite-store.ts'
import { STORE_FILE } from 'portline/store/sqlite/store-file.ts'
import { sealApplicationToken } from 'portline/tokens/application-token.ts'
import { openData, sealShared } from 'portline/tokens/sealed-event.ts'
import { createSealer } from 'portline/tokens/sealer.ts'
import type { Sealer } from 'portline/tokens/sealer.ts'
import { sealAccount } from 'portline/tokens/token-pair.ts'
import { monotonicFactory } from 'ulid'
import type { Backlog, ContenderSettings, HandlerLog } from '../lib/contender-side.ts'
import { APP, EVENT, eventBody, portalAt } from '../lib/events.ts'

/** All that the bench knows of Portline's inside: portals that are installed already, events that are stored already. */

/** Nobody listens there: nothing in a run may need Bitrix24. */
const NOWHERE = 'http://127.0.0.1:9'
const LIFECYCLE_CODES = ['ONAPPINSTALL', 'ONAPPUPDATE', 'ONAPPUNINSTALL']
const DAY_MS = 86_400_000
/** A handler that never ends is to be ended by nobody. */
const PARKED_MS = DAY_MS
/** As the inbox does when that many connections send at once: one seal for all. */
const APPENDED_AT_ONCE = 64
const LISTED_AT_ONCE = 5_000

interface OpenStore {
  readonly store: Store
  readonly sealer: Sealer
}

async function open(folder: string): Promise<OpenStore> {
  const { keys } = await loadSealingKeys(folder, {}, systemRandom)
  return { store: await openSqliteStore(join(folder, STORE_FILE)), sealer: createSealer(keys, systemRandom) }
}

export async function prepareStore({ folder, portals, handlers, backlog }: ContenderSettings): Promise<void> {
  const opened = await open(folder)
  const trail = new AuditTrail({ ...opened, clock: systemClock, log: silentLog })
  await trail.start()
  const codes = handlers === 'absent' ? LIFECYCLE_CODES : [...LIFECYCLE_CODES, EVENT]
  for (let index = 0; index < portals; index++) await installPortal(opened, index, codes)
  const newId = monotonicFactory(() => systemRandom.fraction())
  for (const part of backlog) await appendBacklog(opened, part, newId)
  await trail.stop()
  await opened.store.close()
}

async function installPortal({ store, sealer }: OpenStore, index: number, codes: readonly string[]): Promise<void> {
  const { memberId, applicationToken, domain } = portalAt(index)
  const portal = { app: APP, memberId }
  const nowMs = Date.now()
  const pair = { accessToken: 'a'.repeat(70), refreshToken: 'r'.repeat(70), expiresAtMs: nowMs + DAY_MS }
  const account = sealAccount(sealer, { portal, userId: '1', master: true, pair, nowMs })
  const installation = {
    ...portal, domain,
    status: 'active', generation: 1, clientEndpoint: `https://${domain}/rest/`, serverEndpoint: `${NOWHERE}/rest/`,
    applicationToken: sealApplicationToken(sealer, portal, applicationToken), installedAtMs: nowMs, updatedAtMs: nowMs,
  } as const
  // Bound already, so that the start has nothing to ask of the portal.
  const bindings = codes.map((event) => ({ event, handler: `${NOWHERE}/apps/${APP}/events` }))
  await Promise.all([store.saveInstallation(installation, account), store.saveBindings(portal, bindings)])
}

async function appendBacklog({ store, sealer }: OpenStore, part: Backlog, newId: (seed: number) => string): Promise<void> {
  const { from, lanes, perLane, state } = part
  const envelopes = Array.from({ length: lanes }, (_, lane) => readEnvelope(decodeForm(eventBody(from + lane, lane + 1))))
  for (let at = 0; at < lanes * perLane; at += APPENDED_AT_ONCE) {
    const length = Math.min(APPENDED_AT_ONCE, lanes * perLane - at)
    const events = Array.from({ length }, (_, n) => storedEvent(envelopes[(at + n) % lanes], newId(Date.now()), state))
    const sealed = events.map(({ id }, n) => [id, { auth: envelopes[(at + n) % lanes]?.auth ?? {} }] as const)
    await store.appendEvents({ events, sharedAuth: sealShared(sealer, sealed) })
  }
}

function storedEvent(envelope: EventEnvelope | undefined, id: string, state: 'pending' | 'done'): NewEvent {
  if (envelope === undefined) throw new Error('there is no such lane')
  const { event: code, auth, data } = envelope
  return {
    app: APP, memberId: auth.member_id ?? '', id, code, data: openData(data), auth: new Uint8Array(), authShared: true,
    state, generation: 1, proof: 'application_token', receivedAtMs: Date.now(),
  }
}

export function startPortline(settings: ContenderSettings, log: HandlerLog): Promise<AppSide> {
  const { folder, port } = settings
  return startAppSide({
    apps: [{ app: benchApp(settings, log), clientId: 'app.bench', clientSecret: 'the secret of the bench' }],
    // As `portline start` does.
    host: '127.0.0.1', port, dataDir: folder, authServers: [NOWHERE], publicUrl: NOWHERE, onLoaded: steadyHeap,
  })
}

function benchApp({ handlers, portals, failFrom = portals }: ContenderSettings, log: HandlerLog): App {
  const app = defineApp({ name: APP })
  if (handlers === 'absent') return app
  // With its places taken by handlers that never end, the app side does nothing but take events in.
  if (handlers === 'none') return app.on(EVENT, () => new Promise(() => {}), { timeoutMs: PARKED_MS })
  const failing = new Set(Array.from({ length: portals - failFrom }, (_, n) => portalAt(failFrom + n).memberId))
  return app.on(EVENT, ({ event, installation }) => {
    if (failing.has(installation.memberId)) throw new Error('this portal is down')
    log.began(event.data.FIELDS.ID)
  })
}

/** Stored events; of those in a state only, when it is named. */
export async function countStored(folder: string, state?: 'done' | 'pending'): Promise<number> {
  const { store } = await open(folder)
  let stored = 0
  for (let after: string | undefined, more = true; more;) {
    const page = await store.listEvents({
      limit: LISTED_AT_ONCE, ...(after === undefined ? {} : { after }), ...(state === undefined ? {} : { state }),
    })
    stored += page.events.length
    after = page.next
    more = after !== undefined
  }
  await store.close()
  return stored
}
