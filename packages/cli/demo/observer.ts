import { setTimeout as pause } from 'node:timers/promises'
import type { Delivery } from '@portline/portal/queue/delivery-log.ts'
import { CodedError } from '@portline/wire/errors.ts'
import { decodeForm } from '@portline/wire/form/decode.ts'
import type { FormMap } from '@portline/wire/form/value.ts'
import type { JsonClient } from '../http-json.ts'
import type { PortalApp } from '../local/portal-app.ts'
import type { EventDetail, EventList, InstallationList, InstallationView } from '../operator-api.ts'
import type { EventEntry } from './entries.ts'

/** Looks at both sides from outside: the portal's delivery log and the app side's operator API. */
export interface ObserverParts {
  readonly portalApp: PortalApp
  readonly operator: JsonClient
  readonly memberId: string
}

const POLL_MS = 20
/** One step, from the portal's action to the settled event; a retry of the handler is past it. */
const STEP_MS = 8_000
const TOKEN_KEYS = ['access_token', 'refresh_token', 'application_token']
const SETTLED_STATES = ['done', 'dead']

export class Observer {
  readonly #parts: ObserverParts
  #lastDelivery = 0

  constructor(parts: ObserverParts) {
    this.#parts = parts
  }

  /** Deliveries that nobody has looked at yet, whatever their state. */
  async deliveries(): Promise<Delivery[]> {
    const found = await this.#parts.portalApp.deliveries(this.#lastDelivery)
    this.#lastDelivery = Math.max(this.#lastDelivery, ...found.map(({ id }) => id))
    return found
  }

  /** Waits until the next delivery of an event has its outcome and its event is settled. undefined when neither comes in time. */
  async nextEvent(step: string, code: string, startedAtMs: number): Promise<EventEntry | undefined> {
    const after = this.#lastDelivery
    const delivery = await within(async () => {
      const found = await this.#parts.portalApp.deliveries(after)
      return found.find(({ event, outcome }) => event === code && outcome !== null)
    })
    if (delivery === undefined) return undefined
    this.#lastDelivery = Math.max(this.#lastDelivery, delivery.id)
    const id = storedId(delivery.response)
    const detail = id === undefined ? undefined : await this.#settledEvent(id)
    return entryOf(step, delivery, detail, startedAtMs)
  }

  async installation(): Promise<InstallationView | undefined> {
    const { installations } = await this.#parts.operator.get<InstallationList>(`/api/installations?portal=${this.#parts.memberId}`)
    return installations[0]
  }

  /** Every event kept of the portal, newest first. */
  async events(): Promise<EventList['events']> {
    return (await this.#parts.operator.get<EventList>(`/api/events?portal=${this.#parts.memberId}`)).events
  }

  async isForgotten(eventId: string): Promise<boolean> {
    return this.#parts.operator.get(`/api/events/${eventId}`).then(
      () => false,
      (error: unknown) => error instanceof CodedError && error.code === 'NOT_FOUND',
    )
  }

  async #settledEvent(id: string): Promise<EventDetail | undefined> {
    let detail: EventDetail | undefined
    await within(async () => {
      detail = await this.#parts.operator.get<EventDetail>(`/api/events/${encodeURIComponent(id)}`)
      return SETTLED_STATES.includes(detail.state) ? detail : undefined
    })
    return detail
  }
}

async function within<Found>(look: () => Promise<Found | undefined>): Promise<Found | undefined> {
  const deadline = performance.now() + STEP_MS
  for (;;) {
    const found = await look()
    if (found !== undefined || performance.now() > deadline) return found
    await pause(POLL_MS)
  }
}

/** The app side names the event that it kept in the body of its 200. */
function storedId(response: string): string | undefined {
  try {
    const answer: unknown = JSON.parse(response)
    const id: unknown = typeof answer === 'object' && answer !== null && 'id' in answer ? answer.id : undefined
    return typeof id === 'string' ? id : undefined
  } catch {
    return undefined
  }
}

function entryOf(step: string, delivery: Delivery, detail: EventDetail | undefined, startedAtMs: number): EventEntry {
  const form = decodeForm(delivery.body)
  return {
    kind: 'event',
    step,
    atMs: Date.parse(delivery.sent_at ?? delivery.queued_at) - startedAtMs,
    event: delivery.event,
    sent: {
      handlerRow: text(form['event_handler_id']),
      queue: delivery.category,
      bytes: Buffer.byteLength(delivery.body),
      tokens: tokensIn(form),
      answer: delivery.outcome,
      durationMs: delivery.duration_ms,
    },
    stored: detail === undefined ? null : pick(detail),
    verdict: detail === undefined ? null : { kind: detail.verdict, proof: detail.proof },
    attempts: (detail?.attemptLog ?? []).map(({ n, outcome, durationMs, error, notes, calls }) =>
      ({ n, outcome, durationMs, notes, calls, ...(error === undefined ? {} : { error: `${error.code}: ${error.message}` }) })),
  }
}

function pick({ id, receivedAt, state, reason }: EventDetail): NonNullable<EventEntry['stored']> {
  return { id, receivedAt, state, reason }
}

function tokensIn(form: FormMap): string[] {
  const { auth } = form
  if (typeof auth !== 'object' || Array.isArray(auth)) return []
  return TOKEN_KEYS.filter((key) => Object.hasOwn(auth, key))
}

function text(value: FormMap[string] | undefined): string | null {
  return typeof value === 'string' ? value : null
}
