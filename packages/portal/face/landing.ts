import type { PortalContext } from '../context.ts'
import type { App } from '../world/state.ts'
import { escapeHtml, page } from './html.ts'

/** The page at the portal's address. */
export function landingPage(context: PortalContext): string {
  const apps = context.world.apps()
  const rows = apps.map(appRow).join('\n')
  const table = `<table><tr><th>Application</th><th>client_id</th><th>Version</th><th>State</th></tr>\n${rows}</table>`
  return page('A local Bitrix24 portal', `
<p>This portal is part of <strong>Portline</strong>: it speaks Bitrix24's REST, OAuth and events on your own machine.</p>
<p>member_id <code>${context.world.memberId}</code>, authorization server <code>${escapeHtml(context.addresses.oauth)}</code></p>
${apps.length === 0 ? '<p>No application is registered yet.</p>' : table}
<p>It is driven through <code>/control/</code>; see docs/portal/control.md for each call, and
<a href="/control/deliveries">the deliveries</a> for what was sent.</p>`)
}

function appRow(app: App): string {
  const cells = [app.name, app.clientId, app.version, stateOf(app)]
  return `<tr>${cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('')}</tr>`
}

function stateOf(app: App): string {
  if (!app.active) return 'not installed'
  if (!app.installed) return 'installation not finished'
  return app.paymentExpired ? 'installed, payment expired' : 'installed'
}
