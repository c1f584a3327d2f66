import type { PortalContext } from '../../context.ts'
import { isWorking } from '../../portal/connectors.ts'
import type { Connector, OpenLine } from '../../world/state.ts'
import type { Markup } from './markup.ts'
import { html } from './markup.ts'
import type { Texts } from './texts.ts'
import type { Visitor } from './visitor.ts'

/** Open lines with every connector that is registered, and its switch. */
export function linesPart(context: PortalContext, { texts }: Visitor): Markup {
  const connectors = context.world.connectors()
  const cards = context.world.lines().map((line) => html`
  <li>
    <div class="card-heading"><h3>${line.name}</h3> <code>${line.id}</code></div>
    ${connectors.length === 0
      ? html`<p class="quiet">${texts.noConnectors}</p>`
      : html`<ul class="switches">${connectors.map((connector) => connectorRow(context, line, connector, texts))}</ul>`}
  </li>`)
  return html`<section aria-labelledby="lines-heading">
  <h2 id="lines-heading">${texts.lines}</h2>
  <ul class="cards">${cards}</ul>
</section>`
}

/** Where a real portal has it too: the settings page of a connector gets this address in its options. */
export function connectorPath(connector: string, line: number): string {
  return `/contact_center/connector/?ID=${encodeURIComponent(connector)}&LINE=${line}`
}

function connectorRow({ world }: PortalContext, line: OpenLine, connector: Connector, texts: Texts): Markup {
  const row = world.lineConnector(line.id, connector.id)
  const active = row?.active === true
  const [state, text] = isWorking(row) ? ['good', texts.on] : active ? ['hold', texts.notConfigured] : ['none', texts.off]
  return html`<li>
      <span class="switch-name"><strong>${connector.name}</strong> <code>${connector.id}</code></span>
      <span class="badge" data-state="${state}">${text}</span>
      <span class="actions">
        <a class="button" href="${connectorPath(connector.id, line.id)}">${active ? texts.settings : texts.connect}</a>
        ${active ? html`<form method="post" action="/face/lines/${line.id}/connectors/${encodeURIComponent(connector.id)}/off">
          <button>${texts.switchOff}</button></form>` : undefined}
      </span>
    </li>`
}
