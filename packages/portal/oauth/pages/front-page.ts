import { domainOf } from '../../context.ts'
import type { PortalContext } from '../../context.ts'
import { html } from '../../face/web/markup.ts'
import type { Language } from '../../face/web/texts.ts'

/** What somebody sees who opens the authorization server's address: that there is nothing to do here, and where there is. */
export function frontPage(portals: readonly PortalContext[], language: Language): string {
  const texts = TEXTS[language]
  const links = portals.slice(0, SHOWN_PORTALS).map((portal) => html`<li>
      <a href="${portal.addresses.portal}/">${domainOf(portal.addresses.portal)}</a><br><code>${portal.world.memberId}</code>
    </li>`)
  return html`<!doctype html>
<html lang="${language}">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>${texts.title}</title>
  <link rel="icon" href="/icon.svg" type="image/svg+xml">
  <link rel="stylesheet" href="/page.css">
</head>
<body>
<main>
  <h1>${texts.title}</h1>
  <p>${texts.what}</p>
  <ul>
    <li><code>/oauth/token/</code> ${texts.token}</li>
    <li><code>/rest/app.info</code> ${texts.appInfo}</li>
  </ul>
  <p>${links.length === 0 ? texts.noPortal : texts.portals}</p>
  ${links.length === 0 ? undefined : html`<ul>${links}</ul>`}
</main>
</body>
</html>
`.source
}

/** A server may have thousands. */
const SHOWN_PORTALS = 20

const TEXTS = {
  en: {
    title: 'Local authorization server',
    what: 'It stands for the one that Bitrix24 portals share. Programs talk to it; there is nothing to do here by hand.',
    token: 'gives apps their tokens, and new ones for old',
    appInfo: 'says whose an access token is',
    portals: 'Pages for people are on its portals:',
    noPortal: 'No portal is registered with it.',
  },
  ru: {
    title: 'Локальный сервер авторизации',
    what: 'Он заменяет тот, что у порталов Битрикс24 общий. С ним говорят программы; вручную здесь делать нечего.',
    token: 'выдаёт приложениям токены и обновляет их',
    appInfo: 'говорит, чей это токен доступа',
    portals: 'Страницы для людей есть на его порталах:',
    noPortal: 'С ним не связан ни один портал.',
  },
} as const
