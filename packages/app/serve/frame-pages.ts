import type { App } from '../define-app.ts'
import { isLoopbackHost } from './operator-guard.ts'

/** Pages shown inside the portal's frame. They speak to the portal through Bitrix24's script (BX24, sdk/bx24-js-sdk). */
const BX24_SCRIPT_PATH = '/api/v1/'
const BX24_SCRIPT_ORIGIN = 'https://api.bitrix24.com'

/** A portal on this machine brings the script itself: a developer's machine may have no way to the real one. */
function bx24Script(clientEndpoint: string): string {
  const { origin, hostname } = new URL(clientEndpoint)
  return `${isLoopbackHost(hostname) ? origin : BX24_SCRIPT_ORIGIN}${BX24_SCRIPT_PATH}`
}

/** Ends the installer: without installFinish the portal never sends an event (settings/app-installation/installation-finish.md). */
export function installedPage(app: App, clientEndpoint: string): string {
  return page(
    app,
    `<h1>${escapeHtml(app.name)} is being installed</h1><p>This page closes by itself.</p>`,
    `<script src="${escapeHtml(bx24Script(clientEndpoint))}"></script><script>BX24.init(function () { BX24.installFinish() })</script>`,
  )
}

export function connectedPage(app: App, line: string): string {
  return page(app, `<h1>Connected</h1><p>This connector now serves open line ${escapeHtml(line)}.</p>`)
}

export function openedPage(app: App): string {
  return page(app, `<h1>${escapeHtml(app.name)}</h1><p>This app works in the background.</p>`)
}

export function failedPage(app: App, code: string, description: string): string {
  return page(app, `<h1>This did not work</h1><p><code>${escapeHtml(code)}</code></p><p>${escapeHtml(description)}</p>`)
}

function page(app: App, body: string, scripts = ''): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(app.name)}</title>
<style>:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;margin:3rem auto;max-width:34rem;padding:0 1rem}</style>
</head><body><main>${body}</main>${scripts}</body></html>
`
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
