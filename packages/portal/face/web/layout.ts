import type { PortalContext } from '../../context.ts'
import { domainOf } from '../../context.ts'
import type { Markup } from './markup.ts'
import { html } from './markup.ts'
import type { Visitor } from './visitor.ts'

/**
 * `form-action` and `frame-src` are open because an app's page may be anywhere; nobody else may frame the portal's own
 * pages, or an app could have its visitor click on them unseen.
 */
export const PAGE_HEADERS = {
  'Content-Security-Policy': "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "frame-src 'self' http: https:; form-action 'self' http: https:; frame-ancestors 'self'; base-uri 'none'",
  'X-Content-Type-Options': 'nosniff',
  // An app's page is told its portal by the form; the address of the page around it is not its business.
  'Referrer-Policy': 'same-origin',
  'Cache-Control': 'no-store',
}

export interface PageParts {
  readonly title: string
  readonly body: Markup
  /** Script beside the page, in assets/. */
  readonly script?: string
  /** Inside another page of the portal, so without a header of its own. */
  readonly bare?: boolean
}

/** A whole page of the portal. */
export function layout(context: PortalContext, visitor: Visitor, { title, body, script, bare = false }: PageParts): string {
  return html`<!doctype html>
<html lang="${visitor.language}">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>${title}</title>
  <link rel="icon" href="/face/icon.svg" type="image/svg+xml">
  <link rel="stylesheet" href="/face/page.css">
  ${script === undefined ? undefined : html`<script type="module" src="/face/${script}"></script>`}
</head>
<body${bare ? html` class="bare"` : undefined}>
${bare ? undefined : header(context, visitor)}
${body}
</body>
</html>
`.source
}

function header(context: PortalContext, visitor: Visitor): Markup {
  const { texts } = visitor
  return html`<a class="skip" href="#content">${texts.skip}</a>
<header>
  <a class="brand" href="/">
    <svg viewBox="0 0 24 24" width="28" height="28" aria-hidden="true">
      <circle cx="5" cy="12" r="3"></circle><circle cx="19" cy="12" r="3"></circle><path d="M8 12h8"></path>
    </svg>
    <span><strong>${texts.title}</strong> <span class="quiet">${domainOf(context.addresses.portal)}</span></span>
  </a>
  ${userForm(context, visitor)}
  ${languageForm(visitor)}
</header>`
}

function userForm({ world }: PortalContext, { user, texts, here }: Visitor): Markup {
  const options = world.users().filter(({ active }) => active).map(({ id, name, lastName, admin }) =>
    html`<option value="${id}"${id === user.id ? html` selected` : undefined}>${name} ${lastName}${
      admin ? ` (${texts.administrator})` : ''}</option>`)
  return html`<form class="inline" method="post" action="/face/session">
    <label class="quiet" for="user">${texts.you}</label> <select id="user" name="user_id">${options}</select>
    <input type="hidden" name="back" value="${here}">
    <button>${texts.switchUser}</button>
  </form>`
}

function languageForm({ language, texts, here }: Visitor): Markup {
  const buttons = (['en', 'ru'] as const).map((one) =>
    html`<button name="language" value="${one}" lang="${one}" aria-pressed="${String(one === language)}">${one.toUpperCase()}</button>`)
  return html`<form class="inline" method="post" action="/face/language" aria-label="${texts.languages}">
    <input type="hidden" name="back" value="${here}">${buttons}
  </form>`
}
