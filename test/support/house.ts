import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPortal } from '@portline/portal'
import type { Portal, PortalOptions } from '@portline/portal'
import { encodeForm } from '@portline/wire/form/encode.ts'
import type { PhpMap } from '@portline/wire/form/value.ts'
import type { App } from 'portline'
import { startAppSide } from 'portline/serve/start-app-side.ts'
import type { AppSide, AppSideOptions } from 'portline/serve/start-app-side.ts'
import type { EventView, InstallationView } from 'portline/serve/views.ts'

/** A portal and an app side on loopback, each real, that know nothing of each other but their addresses. */
export interface House {
  readonly portal: Portal
  readonly dataDir: string
  readonly clientId: string
  readonly clientSecret: string
  side: AppSide
  /** Ends the app side and starts it again on the same data, perhaps with a newer app of the same name. */
  restart(newer?: App): Promise<void>
  events(query?: Record<string, string>): Promise<EventView[]>
  event(id: string): Promise<EventView & { attemptLog: { outcome: string; calls: { method: string }[]; notes: string[]; error?: { code: string } }[] }>
  installation(): Promise<InstallationView>
  /** The newest event of a code that has come, once it is in one of the states; never one before it. */
  settled(code: string, states?: readonly string[]): Promise<EventView>
  post(form: PhpMap | string, headers?: Record<string, string>): Promise<{ status: number; body: { id?: string; state?: string; reason?: string; error?: string } }>
  close(): Promise<void>
}

export interface HouseOptions {
  readonly app: App
  readonly ui?: boolean
  readonly kind?: 'local' | 'market'
  readonly portal?: PortalOptions
  readonly side?: Partial<AppSideOptions>
}

export async function openHouse({ app, ui = true, kind = 'market', portal: portalOptions, side: sideOptions }: HouseOptions): Promise<House> {
  const dataDir = await mkdtemp(join(tmpdir(), 'portline-house-'))
  const portal = await startPortal({ port: 0, oauthPort: 0, ...portalOptions })
  const clientId = 'app.portline.test'
  const clientSecret = 'the-client-secret-of-this-test'
  const start = (port: number, running = app): Promise<AppSide> =>
    startAppSide({
      apps: [{ app: running, clientId, clientSecret }], host: '127.0.0.1', port, dataDir, authServers: [portal.oauthUrl], ...sideOptions,
    })
  const first = await start(0)
  const base = `${first.url}/apps/${app.name}`
  portal.control.registerApp({
    name: app.name, kind, client_id: clientId, client_secret: clientSecret, ui, scope: ['imopenlines', 'imconnector', 'user'],
    install_url: ui ? `${base}/install` : `${base}/events`, handler_url: `${base}/placement`, redirect_uri: 'http://127.0.0.1:9/back',
  })

  const house: House = {
    portal, dataDir, clientId, clientSecret,
    side: first,
    async restart(newer) {
      await house.side.stop()
      house.side = await start(Number(new URL(house.side.url).port), newer)
    },
    events: async (query = {}) => {
      const { events } = await get<{ events: EventView[] }>(`${house.side.url}/api/events?${new URLSearchParams({ limit: '200', ...query })}`)
      return events
    },
    event: (id) => get(`${house.side.url}/api/events/${id}`),
    installation: () => get(`${house.side.url}/api/installations/${app.name}/${portal.memberId}`),
    settled: (code, states = ['done', 'dead']) =>
      until(async () => {
        const [newest] = await house.events({ event: code, limit: '1' })
        return newest !== undefined && states.includes(newest.state) ? newest : undefined
      }, `${code} to be ${states.join(' or ')}`),
    async post(form, headers = {}) {
      const response = await fetch(`${base}/events`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
        body: typeof form === 'string' ? form : encodeForm(form),
      })
      return { status: response.status, body: (await response.json()) as { id?: string } }
    },
    async close() {
      await house.side.stop()
      await portal.stop()
      await rm(dataDir, { recursive: true })
    },
  }
  return house
}

/** Installs the app as an administrator would, and waits until its ONAPPINSTALL is done. */
export async function installApp(house: House): Promise<void> {
  const { page } = await house.portal.control.install(house.clientId)
  if (page !== undefined && page.status !== 200) throw new Error(`the install page answered ${page.status}: ${page.body}`)
  house.portal.control.finish(house.clientId)
  await house.portal.control.drain()
  const event = await house.settled('ONAPPINSTALL')
  if (event.state !== 'done') throw new Error(`ONAPPINSTALL is ${event.state}: ${event.reason}`)
}

/** Asks again until there is an answer. The limit only ends a test that would never end: nothing is measured by it. */
export async function until<Value>(ask: () => Promise<Value | undefined> | Value | undefined, what: string, limitMs = 30_000): Promise<Value> {
  const giveUpAtMs = Date.now() + limitMs
  for (;;) {
    const value = await ask()
    if (value !== undefined) return value
    if (Date.now() > giveUpAtMs) throw new Error(`waited in vain for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

async function get<Value>(url: string): Promise<Value> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`)
  return (await response.json()) as Value
}
