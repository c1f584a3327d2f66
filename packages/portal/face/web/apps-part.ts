import type { PortalContext } from '../../context.ts'
import type { App } from '../../world/state.ts'
import type { Markup } from './markup.ts'
import { html } from './markup.ts'
import type { Texts } from './texts.ts'
import type { Visitor } from './visitor.ts'

/** The portal's applications, and what an administrator may do with each. */
export function appsPart({ world }: PortalContext, { user, texts }: Visitor): Markup {
  const apps = world.apps()
  return html`<section aria-labelledby="apps-heading">
  <h2 id="apps-heading">${texts.applications}</h2>
  ${user.admin ? undefined : html`<p class="quiet">${texts.adminOnly}</p>`}
  ${apps.length === 0
    ? html`<p class="empty">${texts.noApps}</p>`
    : html`<ul class="cards">${apps.map((app) => appCard(app, user.admin, texts))}</ul>`}
  ${user.admin ? registerForm(texts) : undefined}
</section>`
}

function appCard(app: App, admin: boolean, texts: Texts): Markup {
  return html`
  <li>
    <div class="card-heading"><h3>${app.name}</h3> ${badge(app, texts)}</div>
    <dl>
      <dt>client_id</dt><dd><code>${app.clientId}</code></dd>
      <dt>${texts.version}</dt><dd>${app.version}</dd>
      <dt>${texts.kind}</dt><dd>${texts[app.kind]}${app.ui ? '' : `, ${texts.withoutPages}`}</dd>
    </dl>
    <div class="actions">${openLink(app, admin, texts)}${admin ? adminForms(app, texts) : undefined}</div>
  </li>`
}

function badge(app: App, texts: Texts): Markup {
  const [state, text] = stateOf(app, texts)
  return html`<span class="badge" data-state="${state}">${text}</span>`
}

function stateOf(app: App, texts: Texts): [state: string, text: string] {
  if (!app.active) return ['none', texts.notInstalled]
  if (!app.installed) return ['wait', texts.installing]
  return app.paymentExpired ? ['hold', texts.unpaid] : ['good', texts.installed]
}

export function appPath(app: App): string {
  return `/marketplace/app/${app.id}/`
}

function openLink(app: App, admin: boolean, texts: Texts): Markup | undefined {
  if (!app.active || !app.ui) return undefined
  if (!app.installed) return admin ? html`<a class="button primary" href="${appPath(app)}">${texts.goOn}</a>` : undefined
  return app.handlerUrl === '' ? undefined : html`<a class="button primary" href="${appPath(app)}">${texts.open}</a>`
}

function adminForms(app: App, texts: Texts): Markup {
  const action = `/face/apps/${app.id}`
  if (!app.active) {
    return html`<form method="post" action="${action}/install"><button class="primary">${texts.install}</button></form>`
  }
  const update = html`<details><summary>${texts.update}</summary>
      <form method="post" action="${action}/update">
        <label>${texts.newVersion} <input name="version" required pattern="[0-9][0-9.]*" inputmode="decimal" autocomplete="off"></label>
        <button>${texts.update}</button>
      </form></details>`
  return html`
    <form method="post" action="${action}/install"><button>${texts.installAgain}</button></form>
    ${app.installed ? update : undefined}
    <details><summary>${texts.uninstall}</summary>
      <form method="post" action="${action}/uninstall">
        <label class="check"><input type="checkbox" name="clean" value="1"> ${texts.clean}</label>
        <button class="danger">${texts.uninstall}</button>
      </form></details>`
}

function registerForm(texts: Texts): Markup {
  return html`<details class="register"><summary>${texts.register}</summary>
    <form method="post" action="/face/apps" class="fields">
      <label>${texts.name} <input name="name" required maxlength="100"></label>
      <label>${texts.kind} <select name="kind"><option value="local">${texts.local}</option>
        <option value="market">${texts.market}</option></select></label>
      <label class="check"><input type="checkbox" name="api_only" value="1"> ${texts.apiOnly}</label>
      <label>${texts.handlerUrl} <input name="handler_url" type="url" placeholder="http://127.0.0.1:3000/"></label>
      <label>${texts.installUrl} <input name="install_url" type="url" placeholder="http://127.0.0.1:3000/install"></label>
      <label>${texts.scope} <input name="scope" placeholder="crm, imopenlines, user"></label>
      <label>${texts.clientId} <input name="client_id" placeholder="local.example"></label>
      <button class="primary">${texts.add}</button>
    </form></details>`
}
