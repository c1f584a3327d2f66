import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPortal } from '@portline/portal'
import type { Portal } from '@portline/portal'
import { startPortals } from '@portline/portal/start-portals.ts'
import type { Portals } from '@portline/portal/start-portals.ts'
import { defineApp } from 'portline'
import { startAppSide } from 'portline/serve/start-app-side.ts'
import type { AppSide } from 'portline/serve/start-app-side.ts'
import type { EventView } from 'portline/serve/views.ts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { until } from './support/house.ts'

/** One app side, several portals: three of one OAuth server, and a box that has one of its own. */
const CLIENT_ID = 'app.portline.many'
const CLIENT_SECRET = 'the-client-secret-of-this-test'

/** So that a renewal, which tells an app the portal's present address, is never far. */
const SHORT_LIFETIME_S = 2

interface Handled {
  /** What the event's data said. */
  readonly from: unknown
  /** Whose event the handler was told it is. */
  readonly memberId: string
  /** Where its client called, and who answered there. */
  readonly domain: string
  readonly answered: unknown
}

let cloud: Portals
let box: Portal
let side: AppSide
let dataDir: string
let handled: Handled[]

beforeEach(async () => {
  handled = []
  dataDir = await mkdtemp(join(tmpdir(), 'portline-portals-'))
  cloud = await startPortals({ port: 0, oauthPort: 0, count: 3, oauthOptions: { accessLifetimeS: SHORT_LIFETIME_S } })
  box = await startPortal({ port: 0, oauthPort: 0, seed: 'box' })
})

afterEach(async () => {
  await side.stop()
  await Promise.all([cloud.stop(), box.stop()])
  await rm(dataDir, { recursive: true })
})

async function startSide(authServers: readonly string[]): Promise<void> {
  const app = defineApp({ name: 'many' })
  app.on('ONAPPINSTALL', () => {})
  app.on('ONAPPTEST', async ({ event, installation, b24 }) => {
    const answer = await b24.actions.v2.call.make({ method: 'app.option.get', params: { option: 'portal' } })
    const from = Object(Object(event.data).QUERY).from
    handled.push({ from, memberId: installation.memberId, domain: installation.domain, answered: answer.getData()?.result })
  })
  side = await startAppSide({
    apps: [{ app, clientId: CLIENT_ID, clientSecret: CLIENT_SECRET }], host: '127.0.0.1', port: 0, dataDir,
    authServers: [...authServers],
  })
}

/** @returns the status of the installer's page */
async function install(portal: Portal): Promise<number | null | undefined> {
  const base = `${side.url}/apps/many`
  portal.control.registerApp({
    name: 'many', kind: 'market', client_id: CLIENT_ID, client_secret: CLIENT_SECRET, scope: ['user'],
    install_url: `${base}/install`, handler_url: `${base}/placement`,
  })
  const { page } = await portal.control.install(CLIENT_ID)
  if (page?.status !== 200) return page?.status
  portal.control.finish(CLIENT_ID)
  await until(async () => (await events(portal, 'ONAPPINSTALL')).find(({ state }) => state === 'done'), 'ONAPPINSTALL to be done')
  // The portal's own mark, kept on it for the app: whoever answers a call shows who it is.
  await fetch(`${portal.url}/rest/app.option.set`, {
    method: 'POST', headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ auth: await adminToken(portal), options: { portal: portal.memberId } }),
  })
  return 200
}

async function adminToken(portal: Portal): Promise<string> {
  portal.control.registerApp({ name: 'many', kind: 'market', client_id: CLIENT_ID, redirect_uri: 'http://127.0.0.1:9/back' })
  const answer = await fetch(`${portal.url}/oauth/authorize/?client_id=${CLIENT_ID}&user_id=1`, { redirect: 'manual' })
  const code = new URL(answer.headers.get('location') ?? '').searchParams.get('code') ?? ''
  const grant = { grant_type: 'authorization_code', client_id: CLIENT_ID, client_secret: CLIENT_SECRET, code }
  const tokens: unknown = await (await fetch(`${portal.oauthUrl}/oauth/token/?${new URLSearchParams(grant)}`)).json()
  return String(Object(tokens).access_token)
}

async function events(portal: Portal, event: string): Promise<EventView[]> {
  const query = new URLSearchParams({ event, portal: portal.memberId, limit: '200' })
  const body: unknown = await (await fetch(`${side.url}/api/events?${query}`)).json()
  return Object(body).events
}

function fire(portal: Portal): void {
  portal.control.fireEvent({ event: 'ONAPPTEST', client_id: CLIENT_ID, data: { QUERY: { from: portal.memberId } } })
}

async function handledCount(count: number): Promise<void> {
  await until(() => (handled.length >= count ? true : undefined), `${count} events to be handled`)
}

test('one app side serves three portals of one OAuth server and never mixes them up', async () => {
  await startSide([cloud.oauth.url])
  for (const portal of cloud.portals) expect(await install(portal)).toBe(200)
  const rounds = 5
  for (let round = 0; round < rounds; round++) for (const portal of cloud.portals) fire(portal)
  await handledCount(rounds * cloud.portals.length)
  for (const portal of cloud.portals) {
    const own = handled.filter(({ memberId }) => memberId === portal.memberId)
    expect(own).toHaveLength(rounds)
    for (const one of own) {
      expect(one).toEqual({ from: portal.memberId, memberId: portal.memberId, domain: portal.domain, answered: portal.memberId })
    }
  }
  const [gone, ...others] = cloud.portals
  gone?.control.uninstall(CLIENT_ID, { clean: true })
  for (const portal of others) fire(portal)
  await handledCount((rounds + 1) * cloud.portals.length - 1)
  expect(handled.slice(-others.length).map(({ memberId }) => memberId).toSorted()).toEqual(
    others.map(({ memberId }) => memberId).toSorted(),
  )
})

test('a portal that is renamed keeps working under its member_id', async () => {
  await startSide([cloud.oauth.url])
  const [portal, other] = cloud.portals
  if (portal === undefined || other === undefined) throw new Error('There are three portals')
  for (const one of [portal, other]) await install(one)
  fire(portal)
  await handledCount(1)
  const before = portal.domain
  await portal.control.rename()
  fire(portal)
  fire(other)
  await handledCount(3)
  expect(portal.domain).not.toBe(before)
  expect(handled.filter(({ memberId }) => memberId === portal.memberId)).toMatchObject([
    { answered: portal.memberId }, { answered: portal.memberId },
  ])
  expect(handled.find(({ memberId }) => memberId === other.memberId)).toMatchObject({
    domain: other.domain, answered: other.memberId,
  })
})

test('a box with an authorization server of its own is served when that server is trusted', async () => {
  await startSide([cloud.oauth.url, box.oauthUrl])
  const [first] = cloud.portals
  if (first === undefined) throw new Error('There are three portals')
  for (const portal of [first, box]) {
    expect(await install(portal)).toBe(200)
    fire(portal)
  }
  await handledCount(2)
  for (const portal of [first, box]) {
    expect(handled.find(({ memberId }) => memberId === portal.memberId)).toMatchObject({
      from: portal.memberId, domain: portal.domain, answered: portal.memberId,
    })
  }
})

test('and refused when it is not, while the cloud goes on', async () => {
  await startSide([cloud.oauth.url])
  expect(await install(box)).toBe(403)
  const [first] = cloud.portals
  if (first === undefined) throw new Error('There are three portals')
  await install(first)
  box.control.finish(CLIENT_ID)
  fire(box)
  fire(first)
  await handledCount(1)
  expect(handled).toMatchObject([{ memberId: first.memberId }])
  expect((await events(box, 'ONAPPTEST')).filter(({ state }) => state === 'done')).toEqual([])
})
