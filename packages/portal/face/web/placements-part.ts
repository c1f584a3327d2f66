import type { PortalContext } from '../../context.ts'
import type { Placement } from '../../world/placements.ts'
import type { Markup } from './markup.ts'
import { html } from './markup.ts'
import type { Visitor } from './visitor.ts'

/** Opens for one line only: see the open lines. */
const OF_LINES = 'SETTING_CONNECTOR'

/** Places of the portal that apps have bound a page to: what the user sees there. */
export function placementsPart({ world }: PortalContext, { user, texts }: Visitor): Markup {
  const rows = world.placements.list().filter(({ placement, userId }) =>
    placement !== OF_LINES && (userId === 0 || userId === user.id))
  const cards = rows.map((row) => {
    const app = world.app(row.clientId)
    return app === undefined ? undefined : placementCard(row, app.name, placementPath(row.placement, app.id))
  })
  return html`<section aria-labelledby="placements-heading">
  <h2 id="placements-heading">${texts.placements}</h2>
  ${rows.length === 0 ? html`<p class="empty">${texts.noPlacements}</p>` : html`<ul class="cards">${cards}</ul>`}
</section>`
}

/** @param appId the app's row id */
export function placementPath(placement: string, appId: number): string {
  return `/placement/${encodeURIComponent(placement)}/?app=${appId}`
}

function placementCard({ placement, title }: Placement, appName: string, path: string): Markup {
  return html`
  <li>
    <div class="card-heading"><h3><a href="${path}">${title === '' ? appName : title}</a></h3></div>
    <p class="quiet"><code>${placement}</code> · ${appName}</p>
  </li>`
}
