import type { App } from '../define-app.ts'

/** Pages shown inside the portal's frame. They speak to the portal through its own script (BX24, sdk/bx24-js-sdk). */
const BX24_SCRIPT = 'https://api.bitrix24.com/api/v1/'

/** Ends the installer: without installFinish the portal never sends an event (settings/app-installation/installation-finish.md). */
export function installedPage(app: App): string {
  return page(
    app,
    `<h1>${escapeHtml(app.name)} is being installed</h1><p>This page closes by itself.</p>`,
    `<script src="${BX24_SCRIPT}"></script><script>BX24.init(function () { BX24.installFinish() })</script>`,
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
