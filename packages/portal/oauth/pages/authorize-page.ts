import { domainOf } from '../../context.ts'
import type { PortalContext } from '../../context.ts'
import type { Markup } from '../../face/web/markup.ts'
import { html } from '../../face/web/markup.ts'
import type { Language } from '../../face/web/texts.ts'
import type { App, User } from '../../world/state.ts'
import type { AuthorizeFailure } from '../authorize.ts'
import { AUTHORIZE_TEXTS, scopeName } from './authorize-texts.ts'

export interface Page {
  readonly context: PortalContext
  readonly language: Language
  /** Path and query, where its forms go. */
  readonly here: string
}

/** No password: it is the developer's own portal. One button for each user who may log in. */
export function loginPage(page: Page, app: App): string {
  const texts = AUTHORIZE_TEXTS[page.language]
  const users = page.context.world.users().filter(({ active }) => active)
  const buttons = users.map((user) => html`<li><button name="login" value="${user.id}">
      <span class="face" aria-hidden="true">${initials(user)}</span>
      <span>${fullName(user)}<small>${user.admin ? texts.administrator : texts.employee}</small></span>
    </button></li>`)
  return layout(page, texts.loginTitle, html`
  <h1>${texts.loginTitle}</h1>
  <p>${texts.loginFor} <strong>${app.name}</strong></p>
  <form method="post" action="${page.here}"><ul class="choices">${buttons}</ul></form>
  <p class="quiet">${texts.noPassword}</p>`)
}

/** @param proof comes back with the consent */
export function consentPage(page: Page, app: App, user: User, proof: string): string {
  const texts = AUTHORIZE_TEXTS[page.language]
  const scopes = app.scope.map((scope) => {
    const name = scopeName(scope, page.language)
    return html`<li>${name === undefined ? undefined : html`${name} `}<code>${scope}</code></li>`
  })
  const target = app.redirectUri === ''
    ? texts.showsCode
    : html`${texts.goesTo} <strong>${new URL(app.redirectUri).host}</strong>`
  return layout(page, texts.consentTitle, html`
  <h1>${texts.consentTitle}</h1>
  <p><strong>${app.name}</strong> ${texts.asksFor}</p>
  <ul class="scopes">${scopes.length === 0 ? html`<li>${texts.noScope}</li>` : scopes}</ul>
  <p class="quiet">${target}</p>
  <form method="post" action="${page.here}" class="answers">
    <button class="primary" name="allow" value="${proof}">${texts.allow}</button>
    <button name="deny" value="1">${texts.deny}</button>
  </form>
  <form method="post" action="${page.here}" class="who">
    <span class="face" aria-hidden="true">${initials(user)}</span>
    <span>${texts.actingAs} <strong>${fullName(user)}</strong></span>
    <button name="logout" value="1">${texts.switchUser}</button>
  </form>`)
}

/** For an app without a redirect_uri: the user carries the code over. */
export function codePage(page: Page, app: App, code: string): string {
  const texts = AUTHORIZE_TEXTS[page.language]
  const minutes = Math.ceil(page.context.oauth.options.shortCodeLifetimeS / SECONDS_PER_MINUTE)
  return layout(page, texts.codeTitle, html`
  <h1>${texts.codeTitle}</h1>
  <p>${texts.typeInto} <strong>${app.name}</strong></p>
  <p class="code"><code>${code}</code></p>
  <p class="quiet">${texts.codeLasts} ${minutes} ${texts.minutes}</p>`)
}

const SECONDS_PER_MINUTE = 60

export function failurePage(page: Page, failure: AuthorizeFailure): string {
  const texts = AUTHORIZE_TEXTS[page.language]
  const mayPass = failure === 'denied' || failure === 'formExpired'
  return layout(page, texts.failureTitle, html`
  <h1>${texts.failureTitle}</h1>
  <p role="alert">${texts.failures[failure]}</p>
  <p class="quiet">${texts.notSentBack}</p>
  ${mayPass ? html`<p><a class="button" href="${page.here}">${texts.again}</a></p>` : undefined}`)
}

function layout({ context, language, here }: Page, title: string, body: Markup): string {
  const texts = AUTHORIZE_TEXTS[language]
  const languages = (['en', 'ru'] as const).map((one) =>
    html`<button name="language" value="${one}" lang="${one}" aria-pressed="${String(one === language)}">${
      one === 'en' ? 'English' : 'Русский'}</button>`)
  return html`<!doctype html>
<html lang="${language}">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>${title}</title>
  <link rel="icon" href="/face/icon.svg" type="image/svg+xml">
  <link rel="stylesheet" href="/oauth/authorize/page.css">
</head>
<body>
<header>
  <svg viewBox="0 0 24 24" width="28" height="28" aria-hidden="true">
    <circle cx="5" cy="12" r="3"></circle><circle cx="19" cy="12" r="3"></circle><path d="M8 12h8"></path>
  </svg>
  <p><strong>${texts.portal}</strong> <span class="quiet">${domainOf(context.addresses.portal)}</span></p>
</header>
<main>${body}
</main>
<footer>
  <form method="post" action="${here}" aria-label="${texts.languages}">${languages}</form>
</footer>
</body>
</html>
`.source
}

function fullName({ name, lastName }: User): string {
  return `${name} ${lastName}`.trim()
}

function initials({ name, lastName }: User): string {
  return [...name].slice(0, 1).join('') + [...lastName].slice(0, 1).join('')
}
