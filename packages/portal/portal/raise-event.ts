import type { EventTraits } from '@portline/wire/events/catalogue.ts'
import type { PhpValue } from '@portline/wire/form/value.ts'
import { writeEnvelope } from '@portline/wire/write-envelope.ts'
import { nowS } from '../context.ts'
import type { PortalContext } from '../context.ts'
import { EVENT_SESSION_START } from '../limits.ts'
import type { App, HandlerRow } from '../world/state.ts'
import { authBlock } from './auth-block.ts'
import { paymentState } from './payment-state.ts'
import { traitsOf } from './event-traits.ts'
import { isOwnChange, isTimeToNotify, OFFLINE_NOTICE, storeOffline } from './offline/store-offline.ts'
import { sendToWebhooks } from './webhooks.ts'

/** One request to the portal: who is logged in, how deep in a chain of events it is, and what it sent already. */
export interface Hit {
  /** 0: nobody (a robot, an agent). */
  readonly userId: number
  /** Counter that events raised here pass on in their tokens; below 0 nothing is raised any more. */
  readonly session: number
  readonly sent: Set<string>
  /** The app whose token the call came with, and the call's auth_connector: its own changes stay out of that offline queue. */
  readonly initiator?: Initiator
}

export interface Initiator {
  readonly clientId: string
  readonly authConnector: string
}

/** Somebody at the portal's own pages. */
export function portalHit(userId: number): Hit {
  return { userId, session: EVENT_SESSION_START, sent: new Set() }
}

/** A REST call: one hop further than the event its token came with. */
export function restHit(userId: number, tokenSession: number, initiator?: Initiator): Hit {
  return { userId, session: tokenSession - 1, sent: new Set(), ...(initiator === undefined ? {} : { initiator }) }
}

export interface RaisedEvent {
  /** Upper case. */
  readonly event: string
  readonly data?: PhpValue
  /** Whom it is about: rows of any other app are passed over. */
  readonly onlyFor?: string | undefined
  /** Rows for which it says no are passed over as THROTTLED; asked only when nothing else forbids. */
  readonly accepts?: (row: HandlerRow) => boolean
}

/** Why a row that was bound to the event got nothing. */
export interface Skipped {
  readonly event_handler_id: number
  readonly client_id: string
  readonly reason: 'NOT_ACTIVE' | 'NOT_INSTALLED' | 'PAYMENT_EXPIRED' | 'FOREIGN_APP' | 'SENT_ALREADY' | 'LOOP_GUARD' | 'OWN_CHANGE' | 'THROTTLED'
}

export interface Raised {
  readonly queued: number
  readonly skipped: readonly Skipped[]
}

export const NOTHING_RAISED: Raised = { queued: 0, skipped: [] }

/** Gives the event to the queue server, once for each handler row that may have it (source: rest/lib/event/callback.php). */
export function raiseEvent(context: PortalContext, hit: Hit, raised: RaisedEvent): Raised {
  const skipped: Skipped[] = []
  const rows = context.world.handlers().filter((row) => row.event === raised.event)
  let queued = sendToWebhooks(context, hit, raised)
  const stored = new Set<string>()
  for (const row of rows) {
    const app = context.world.app(row.clientId)
    if (app === undefined) continue
    const reason = refusal(context, app, hit, raised) ?? handOver(context, app, row, hit, raised)
    if (reason !== undefined) skipped.push({ event_handler_id: row.id, client_id: app.clientId, reason })
    else if (row.offline) stored.add(app.clientId)
    else queued += 1
  }
  return bothRaised({ queued, skipped }, notifyOffline(context, hit, stored))
}

export function bothRaised(first: Raised, second: Raised): Raised {
  return { queued: first.queued + second.queued, skipped: [...first.skipped, ...second.skipped] }
}

function refusal(context: PortalContext, app: App, hit: Hit, raised: RaisedEvent): Skipped['reason'] | undefined {
  if (hit.session < 0) return 'LOOP_GUARD'
  if (raised.onlyFor !== undefined && raised.onlyFor !== app.clientId) return 'FOREIGN_APP'
  if (!app.active) return 'NOT_ACTIVE'
  if (!app.installed) return 'NOT_INSTALLED'
  return paymentState(context, app) !== 'paid' ? 'PAYMENT_EXPIRED' : undefined
}

/** ONOFFLINEEVENT to the apps whose queue has something new, not oftener than each handler row wants it. */
function notifyOffline(context: PortalContext, hit: Hit, clientIds: ReadonlySet<string>): Raised {
  let raised = NOTHING_RAISED
  const accepts = (row: HandlerRow): boolean => isTimeToNotify(context, hit, row)
  for (const clientId of clientIds) {
    raised = bothRaised(raised, raiseEvent(context, hit, { event: OFFLINE_NOTICE, onlyFor: clientId, accepts }))
  }
  return raised
}

function handOver(
  context: PortalContext, app: App, row: HandlerRow, hit: Hit, raised: RaisedEvent,
): Skipped['reason'] | undefined {
  if (row.offline !== true) {
    return raised.accepts?.(row) === false ? 'THROTTLED' : queueOnce(context, app, row, hit, raised)
  }
  if (isOwnChange(context, hit, row)) return 'OWN_CHANGE'
  storeOffline(context, hit, row, raised)
  return undefined
}

function queueOnce(context: PortalContext, app: App, row: HandlerRow, hit: Hit, raised: RaisedEvent): 'SENT_ALREADY' | undefined {
  const traits = traitsOf(raised.event, context.variants)
  const userId = row.userId > 0 ? row.userId : hit.userId
  const identity = JSON.stringify([row.clientId, row.url, row.event, userId, raised.data, traits])
  if (hit.sent.has(identity)) return 'SENT_ALREADY'
  hit.sent.add(identity)
  context.queue.enqueue({
    client_id: app.clientId,
    event: raised.event,
    event_handler_id: row.id,
    category: traits.queue,
    url: row.url,
    body: eventBody(context, app, row, hit, userId, traits, raised.data),
  })
  return undefined
}

function eventBody(
  context: PortalContext, app: App, row: HandlerRow, hit: Hit, userId: number, traits: EventTraits, data: PhpValue,
): string {
  const auth = authBlock(context, app, userId, hit.session, traits)
  return writeEnvelope({ event: row.event, event_handler_id: row.id, data, ts: nowS(context), auth })
}
