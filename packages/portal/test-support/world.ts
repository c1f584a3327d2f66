import { VirtualClock } from '@portline/runtime/clock.ts'
import { afterEach } from 'vitest'
import type { FormMap } from '@portline/wire/form/value.ts'
import type { AppView } from '../face/views.ts'
import type { Portal, PortalOptions } from '../start-portal.ts'
import { startPortal } from '../start-portal.ts'
import type { Received, Receiver } from './receiver.ts'
import { startReceiver } from './receiver.ts'

const running: { stop(): Promise<void> }[] = []

afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop()))
})

/** A portal on free ports under a clock that stands still, and one app's server; both stop after the test. */
export interface TestWorld {
  readonly portal: Portal
  readonly clock: VirtualClock
  readonly receiver: Receiver
  /** Lets the queue server's delays pass and waits until it is empty. */
  settle(): Promise<void>
}

export async function startWorld(
  { clock = new VirtualClock(), ...options }: PortalOptions & { clock?: VirtualClock } = {},
): Promise<TestWorld> {
  const receiver = await startReceiver()
  const portal = await startTestPortal({ ...options, clock })
  running.push(receiver)
  const settle = async (): Promise<void> => {
    const drained = portal.control.drain()
    await clock.advance(LONGER_THAN_ANY_DELAY_MS)
    await drained
  }
  return { portal, clock, receiver, settle }
}

const LONGER_THAN_ANY_DELAY_MS = 1_000

export async function startTestPortal(options: PortalOptions): Promise<Portal> {
  const portal = await startPortal({ port: 0, oauthPort: 0, ...options })
  running.push(portal)
  return portal
}

export const CLIENT_ID = 'local.64a1b2c3d4e5f6.12345678'
export const CLIENT_SECRET = 'a-secret-of-fifty-characters'

/** An app with pages whose installer and handler live at the receiver. */
export function registerUiApp({ portal, receiver }: TestWorld, clientId = CLIENT_ID): AppView {
  return portal.control.registerApp({
    name: 'Example', kind: 'local', client_id: clientId, client_secret: CLIENT_SECRET, scope: ['imopenlines', 'user', 'crm'],
    handler_url: `${receiver.url}/app`, install_url: `${receiver.url}/install`, redirect_uri: `${receiver.url}/oauth`,
  }).app
}

export interface Installed {
  /** The frame POST of the installer. */
  readonly frame: Received
  readonly accessToken: string
  readonly refreshToken: string
}

/** Installs an app with pages, binds the events at `/events` as its installer would, and finishes. */
export async function installUiApp(
  world: TestWorld, codes: readonly string[] = ['ONAPPINSTALL'], clientId = CLIENT_ID,
): Promise<Installed> {
  registerUiApp(world, clientId)
  await world.portal.control.install(clientId)
  const frame = last(world.receiver)
  const accessToken = field(frame.form, 'AUTH_ID')
  for (const event of codes) {
    await call(world.portal, 'event.bind', { auth: accessToken, event, handler: `${world.receiver.url}/events` })
  }
  world.portal.control.finish(clientId)
  await world.settle()
  return { frame, accessToken, refreshToken: field(frame.form, 'REFRESH_ID') }
}

export interface Answer {
  readonly status: number
  readonly body: Record<string, unknown>
  readonly headers: Headers
}

/** A REST call with a JSON body. */
export function call(portal: Portal, method: string, params: object = {}): Promise<Answer> {
  return send(
    `${portal.url}/rest/${method}`,
    { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(params) },
  )
}

/** A call of the control API. */
export function control(portal: Portal, path: string, body?: unknown): Promise<Answer> {
  return send(`${portal.url}/control${path}`, body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) })
}

export async function send(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, { redirect: 'manual', ...init })
  const text = await response.text()
  return { status: response.status, headers: response.headers, body: text.startsWith('{') ? JSON.parse(text) : { text } }
}

export function events(receiver: Receiver): Received[] {
  return receiver.received.filter((received) => received.form['event'] !== undefined)
}

export function last(receiver: Receiver): Received {
  const received = receiver.received.at(-1)
  if (received === undefined) throw new Error('The receiver got nothing')
  return received
}

/** A value deep in a decoded form; fails loudly when it is not a string. */
export function field(form: FormMap, ...path: string[]): string {
  let value: unknown = form
  for (const key of path) value = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
  if (typeof value !== 'string') throw new Error(`No field ${path.join('.')}`)
  return value
}
