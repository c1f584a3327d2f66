import type { PortalContext } from '../../context.ts'
import { appsPart } from './apps-part.ts'
import { deliveriesPart } from './deliveries-part.ts'
import { layout } from './layout.ts'
import { linesPart } from './lines-part.ts'
import { html } from './markup.ts'
import { placementsPart } from './placements-part.ts'
import type { Visitor } from './visitor.ts'

/** The page at the portal's address: everything at a glance. */
export function portalPage(context: PortalContext, visitor: Visitor): string {
  const { texts } = visitor
  const body = html`<main id="content" tabindex="-1">
<h1 class="hidden">${texts.title}</h1>
${appsPart(context, visitor)}
${placementsPart(context, visitor)}
${linesPart(context, visitor)}
${deliveriesPart(context, texts)}
</main>`
  return layout(context, visitor, { title: texts.title, body, script: 'page.js' })
}

/** A refusal, for a person. */
export function problemPage(context: PortalContext, visitor: Visitor, code: string, description: string): string {
  const { texts } = visitor
  const body = html`<main id="content">
  <h1>${texts.problem}</h1>
  <p><code>${code}</code></p><p>${description}</p>
  <p><a class="button" href="/">${texts.back}</a></p>
</main>`
  return layout(context, visitor, { title: texts.problem, body })
}
