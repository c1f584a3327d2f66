import { traitsOf } from './event-traits.ts'
import { writeEnvelope } from '@portline/wire/write-envelope.ts'
import { clientEndpoint, domainOf, nowS, serverEndpoint } from '../context.ts'
import type { PortalContext } from '../context.ts'
import { EVENT_SESSION_START } from '../limits.ts'
import type { App } from '../world/state.ts'
import type { IncomingWebhook, OutgoingWebhook } from '../world/webhooks.ts'
import type { Hit, RaisedEvent } from './raise-event.ts'

/** A call through a webhook counts as a page's: nothing was raised before it. */
export const WEBHOOK_SESSION = EVENT_SESSION_START

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789'

/** Letters and digits that follow from the seed. */
export function drawCode(context: PortalContext, length: number): string {
  return Array.from(context.world.draw(length), (byte) => ALPHABET[byte % ALPHABET.length]).join('')
}

/** Address up to the method's name. */
export function incomingUrl(context: PortalContext, { userId, code }: IncomingWebhook): string {
  return `${clientEndpoint(context)}${userId}/${code}/`
}

/**
 * Sends the event to the outgoing webhooks that want it. They have no app and so no tokens, no payment and no installation;
 * an event about one app only is none of theirs. @returns how many deliveries were queued
 */
export function sendToWebhooks(context: PortalContext, hit: Hit, raised: RaisedEvent): number {
  if (raised.onlyFor !== undefined || hit.session < 0) return 0
  let queued = 0
  for (const webhook of context.world.webhooks.outgoing()) {
    const row = webhook.events.find(({ event }) => event === raised.event)
    if (row === undefined || alreadySent(hit, webhook, raised)) continue
    context.queue.enqueue({
      client_id: '',
      event: raised.event,
      event_handler_id: row.handlerId,
      category: traitsOf(raised.event).queue,
      url: webhook.handler,
      body: webhookBody(context, webhook, row.handlerId, raised),
    })
    queued += 1
  }
  return queued
}

function alreadySent(hit: Hit, webhook: OutgoingWebhook, raised: RaisedEvent): boolean {
  const identity = JSON.stringify(['', webhook.handler, webhook.applicationToken, raised.event, raised.data])
  if (hit.sent.has(identity)) return true
  hit.sent.add(identity)
  return false
}

function webhookBody(context: PortalContext, webhook: OutgoingWebhook, handlerId: number, raised: RaisedEvent): string {
  const auth = {
    domain: domainOf(context.addresses.portal),
    client_endpoint: clientEndpoint(context),
    server_endpoint: serverEndpoint(context),
    member_id: context.world.memberId,
    application_token: webhook.applicationToken,
  }
  return writeEnvelope({ event: raised.event, event_handler_id: handlerId, data: raised.data, ts: nowS(context), auth })
}

/**
 * Stands for the app in calls through an incoming webhook: its scope and nothing else. The colon keeps its client_id from
 * being any app's.
 */
export function webhookAsApp(webhook: IncomingWebhook): App {
  return {
    id: 0, clientId: `webhook:${webhook.id}`, clientSecret: '', kind: 'local', code: '', name: webhook.title, ui: false,
    scope: [...webhook.scope], handlerUrl: '', installUrl: '', redirectUri: '', version: '1', status: 'L', applicationToken: '',
    sharedKey: '', active: true, installed: true, deleted: false, paymentExpired: false, installId: 0,
    installerId: webhook.userId, language: 'en', options: {},
  }
}
