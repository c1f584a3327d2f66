import type { PortalContext } from '../../context.ts'
import type { FrameOptions } from '../../portal/frame.ts'
import { frameForm } from '../../portal/frame.ts'
import { initData } from '../../portal/frame-parent.ts'
import type { App } from '../../world/state.ts'
import { appPath } from './apps-part.ts'
import { layout } from './layout.ts'
import { html, jsonElement } from './markup.ts'
import type { Visitor } from './visitor.ts'

/**
 * A page of an app inside a page of the portal: a form posts the tokens into the frame, and assets/frame.js answers what
 * the app's page asks (the frame protocol of b24jssdk and BX24.js).
 * @param bare shown in a slider of another such page
 */
export function framePage(context: PortalContext, visitor: Visitor, app: App, options: FrameOptions, bare: boolean): string {
  const { texts } = visitor
  const form = frameForm(context, app, options)
  const fields = Object.entries(form.fields).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)
  const data = {
    init: initData(context, app, visitor.user, form, options),
    appSid: form.appSid,
    appOrigin: new URL(form.action).origin,
    path: appPath(app),
    bare,
    users: context.world.users().filter(({ active }) => active).map(({ id, name, lastName }) => ({ id, name: `${name} ${lastName}` })),
    texts,
  }
  const body = html`<main class="frame" id="content" tabindex="-1">
  ${bare ? undefined : html`<p class="path"><a href="/">${texts.back}</a> / <span id="page-title">${app.name}</span></p>`}
  <div id="layout" aria-busy="true">
    <form id="opener" method="post" action="${form.action}" target="${form.frameName}">${fields}
      <noscript><button class="primary">${texts.noScript}</button></noscript></form>
    <iframe id="app-frame" name="${form.frameName}" title="${texts.frame} ${app.name}"></iframe>
  </div>
  <p id="notice" role="status" hidden></p>
  <dialog id="chooser" aria-labelledby="chooser-heading"><form method="dialog">
    <h2 id="chooser-heading"></h2><div id="choices"></div>
    <div class="actions"><button value="ok" class="primary">${texts.choose}</button>
      <button value="" formnovalidate>${texts.cancel}</button></div></form></dialog>
  <dialog id="slider" aria-label="${texts.frame} ${app.name}">
    <div class="bar"><strong id="slider-title">${app.name}</strong>
      <button type="button" id="slider-close" aria-label="${texts.close}">✕</button></div>
    <iframe id="slider-frame" title="${texts.frame} ${app.name}"></iframe></dialog>
  ${jsonElement('frame-data', data)}
</main>`
  return layout(context, visitor, { title: app.name, body, script: 'frame.js', bare })
}

/** The app has nothing to show: it runs in the background, or was removed. */
export function noFramePage(context: PortalContext, visitor: Visitor, app: App, finished: boolean): string {
  const { texts } = visitor
  const body = html`<main id="content">
  <p class="path"><a href="/">${texts.back}</a> / ${app.name}</p>
  ${finished ? html`<p role="status">${texts.installDone}</p>` : undefined}
  <p class="empty">${app.active ? texts.noPage : texts.notInstalled}</p>
</main>`
  return layout(context, visitor, { title: app.name, body })
}
