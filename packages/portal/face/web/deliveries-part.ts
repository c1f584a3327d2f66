import type { PortalContext } from '../../context.ts'
import type { Delivery } from '../../queue/delivery-log.ts'
import type { Markup } from './markup.ts'
import { html } from './markup.ts'
import type { Texts } from './texts.ts'

/** Rows shown; the control API has the rest. */
const ROWS = 20

/** The last deliveries, newest first: a part of the first page, and what its script asks for again and again. */
export function deliveryRows({ queue, world }: PortalContext, texts: Texts): Markup {
  const { lastId } = queue.log
  const latest = queue.log.list(Math.max(0, lastId - ROWS), ROWS)
  if (latest.length === 0) return html`<tr><td colspan="4" class="empty">${texts.noDeliveries}</td></tr>`
  return html`${latest.toReversed().map((delivery) => deliveryRow(delivery, world.app(delivery.client_id)?.name, texts))}`
}

export function deliveriesPart(context: PortalContext, texts: Texts): Markup {
  return html`<section aria-labelledby="deliveries-heading">
  <h2 id="deliveries-heading">${texts.deliveries}</h2>
  <table>
    <thead><tr><th scope="col" class="at">${texts.time}</th><th scope="col">${texts.event}</th>
      <th scope="col" class="app">${texts.app}</th><th scope="col" class="outcome">${texts.outcome}</th></tr></thead>
    <tbody id="deliveries" data-lost="${texts.lost}">${deliveryRows(context, texts)}</tbody>
  </table>
</section>`
}

function deliveryRow(delivery: Delivery, app: string | undefined, texts: Texts): Markup {
  return html`<tr>
  <td class="at"><time datetime="${delivery.queued_at}">${delivery.queued_at.slice(11, 19)}</time></td>
  <td class="event"><details data-id="${delivery.id}"><summary>${delivery.event}</summary>
    <h4>${texts.sent}</h4><p class="quiet">${delivery.url}</p><pre>${readable(delivery.body)}</pre>
    ${delivery.response === '' ? undefined : html`<h4>${texts.answered}</h4><pre>${delivery.response}</pre>`}</details></td>
  <td class="app">${app ?? delivery.client_id}</td>
  <td class="outcome">${outcome(delivery, texts)}</td>
</tr>`
}

function outcome({ outcome: value, duration_ms: durationMs }: Delivery, texts: Texts): Markup {
  if (value === null) return html`<span class="badge" data-state="wait">${texts.waiting}</span>`
  const good = typeof value === 'number' && value < 300
  return html`<span class="badge" data-state="${good ? 'good' : 'bad'}">${value}</span>
    ${durationMs === null ? undefined : html`<span class="quiet">${Math.round(durationMs)} ${texts.ms}</span>`}`
}

function readable(form: string): string {
  return [...new URLSearchParams(form)].map(([name, value]) => `${name} = ${value}`).join('\n')
}
