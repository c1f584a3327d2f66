import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { decodeForm } from '@portline/wire/form/decode.ts'
import type { FormMap } from '@portline/wire/form/value.ts'

/** An app whose pages run in the portal's frame: a real server, and pages that bundle nothing. */
export interface FrameApp {
  readonly url: string
  /** Forms that were posted to it, pages and events alike. */
  readonly posts: { readonly path: string; readonly query: URLSearchParams; readonly form: FormMap }[]
  stop(): Promise<void>
}

/** The official SDK as it is published. Its package exports no such path, so it is found from its main file. */
const SDK_FILE = join(dirname(createRequire(import.meta.url).resolve('@bitrix24/b24jssdk')), '../umd/index.min.js')

/** `/sdk/…` pages use the SDK, `/bx24/…` pages the script of their portal; `/bx24/finish` does nothing but finish. */
export async function startFrameApp(portalUrl: string): Promise<FrameApp> {
  const posts: FrameApp['posts'] = []
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://app')
    void readBody(request).then((body) => {
      if (pathname === '/sdk.js') return response.setHeader('Content-Type', 'text/javascript').end(readFileSync(SDK_FILE))
      if (request.method === 'POST') posts.push({ path: pathname, query: searchParams, form: decodeForm(body) })
      return response.setHeader('Content-Type', 'text/html; charset=utf-8').end(page(pathname, scriptsOf(pathname, portalUrl)))
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  const stop = (): Promise<void> => new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
  return { url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`, posts, stop }
}

function scriptsOf(path: string, portalUrl: string): string {
  if (path.startsWith('/sdk/')) return `<script src="/sdk.js"></script><script type="module">${SDK_PAGE}</script>`
  const script = path === '/bx24/finish' ? 'BX24.init(() => BX24.installFinish())' : BX24_PAGE
  return `<script src="${portalUrl}/api/v1/"></script><script>${script}</script>`
}

/** Each line of the output is `name=JSON`; each button does one thing a page of an app may do. */
function page(title: string, scripts: string): string {
  const buttons = ['call', 'batch', 'refresh', 'option', 'place', 'users', 'slide', 'close', 'finish']
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="color-scheme" content="light dark">
<title>Example</title><style>body { font: 15px/1.5 system-ui; margin: 1rem } pre { white-space: pre-wrap; overflow-wrap: anywhere }</style>
<h1>${title}</h1><p>${buttons.map((name) => `<button id="${name}">${name}</button>`).join(' ')}</p><pre id="out"></pre>
<script>
  const show = (name, value) => { document.getElementById('out').textContent += name + '=' + JSON.stringify(value) + '\\n' }
  const on = (name, action) => document.getElementById(name).addEventListener('click', action)
  addEventListener('error', ({ message }) => show('error', message))
  addEventListener('unhandledrejection', ({ reason }) => show('error', String(reason)))
</script>${scripts}</html>`
}

const SDK_PAGE = `
  const b24 = await B24Js.initializeB24Frame()
  const call = async (method, params = {}) => (await b24.actions.v2.call.make({ method, params })).getData().result
  show('init', {
    install: b24.isInstallMode, firstRun: b24.isFirstRun, lang: b24.getLang(), admin: b24.auth.isAdmin,
    placement: b24.placement.placement, options: b24.placement.options, slider: b24.placement.isSliderMode ?? false,
    memberId: b24.auth.getAuthData().member_id,
  })
  if (b24.isInstallMode) await call('event.bind', { event: 'ONAPPINSTALL', handler: location.origin + '/events' })
  show('profile', (await call('profile')).NAME)
  show('installed', (await call('app.info')).INSTALLED)
  on('call', async () => show('admin', await call('user.admin')))
  on('batch', async () => {
    const response = await b24.actions.v2.batch.make({ calls: { me: { method: 'profile' } }, options: { returnAjaxResult: false } })
    show('batch', response.getData().me.NAME)
  })
  on('refresh', async () => show('refreshed', (await b24.auth.refreshAuth()).access_token))
  on('option', async () => {
    await b24.options.appSet('colour', 'blue')
    await b24.options.userSet('size', 'small')
    show('options', [b24.options.appGet('colour'), b24.options.userGet('size'), await call('app.option.get', { option: 'colour' })])
  })
  on('place', async () => show('interface', await b24.placement.getInterface()))
  on('users', async () => show('user', await b24.dialog.selectUser()))
  on('slide', async () => { await b24.slider.openSliderAppPage({ colour: 'red', bx24_width: 500, bx24_title: 'Slid' }); show('closed', true) })
  on('close', () => b24.slider.closeSliderAppPage())
  on('finish', () => b24.installFinish())
  await b24.parent.setTitle('Told by the app')
  await b24.parent.resizeWindow(480, 520)
  show('ready', true)`

const BX24_PAGE = `
  const call = (method, params = {}) => new Promise((resolve) => BX24.callMethod(method, params, resolve))
  BX24.install(() => {
    show('first', true)
    BX24.callMethod('event.bind', { event: 'ONAPPINSTALL', handler: location.origin + '/events' }, (answer) => {
      show('bound', answer.data() ?? String(answer.error()))
      if (location.pathname !== '/bx24/install') BX24.installFinish()
    })
  })
  on('finish', () => BX24.installFinish())
  on('call', async () => show('admin', (await call('user.admin')).data()))
  on('batch', () => BX24.callBatch({ me: ['profile', {}], bad: { method: 'no.such' } }, (result) => {
    show('batch', [result.me.data().NAME, result.bad.error().getError().error])
  }))
  on('refresh', () => BX24.refreshAuth((auth) => show('refreshed', auth.access_token)))
  on('option', () => BX24.appOption.set('colour', 'blue', (options) => {
    BX24.userOption.set('size', 'small')
    show('options', [options, BX24.appOption.get('colour'), BX24.userOption.get('size')])
  }))
  on('place', () => BX24.placement.getInterface((result) => show('interface', result)))
  on('users', () => BX24.selectUsers((users) => show('users', users)))
  on('slide', () => BX24.openApplication({ colour: 'red' }, () => show('closed', true), { width: 500, title: 'Slid' }))
  on('close', () => BX24.closeApplication())
  BX24.init(async () => {
    show('init', {
      lang: BX24.getLang(), admin: BX24.isAdmin(), domain: BX24.getDomain(), info: BX24.placement.info(), memberId: BX24.getAuth().member_id,
    })
    show('profile', (await call('profile')).data().NAME)
    show('installed', (await call('app.info')).data().INSTALLED)
    BX24.setTitle('Told by the app')
    BX24.resizeWindow(480, 520, () => BX24.fitWindow(() => show('ready', true)))
  })`

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString('utf8')
}
