import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Portal } from '@portline/portal'
import { startPortals } from '@portline/portal/start-portals.ts'
import type { Portals } from '@portline/portal/start-portals.ts'
import { encodeForm } from '@portline/wire/form/encode.ts'
import type { PhpMap } from '@portline/wire/form/value.ts'
import { defineApp } from 'portline'
import { startAppSide } from 'portline/serve/start-app-side.ts'
import type { AppSide } from 'portline/serve/start-app-side.ts'
import type { EventView, InstallationView } from 'portline/serve/views.ts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { forged, tokenOf } from '../support/attacker.ts'
import { until } from '../support/house.ts'

/** Who belongs to one portal, or to one app, has no say in another. Two portals under one authorization server, two apps in one process. */
const SHOP = { clientId: 'app.shop', clientSecret: 'the secret of the shop' }
const OTHER = { clientId: 'app.other', clientSecret: 'the secret of the other' }
let portals: Portals
let side: AppSide
let dataDir: string
let own: Portal
let foreign: Portal

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'portline-crossing-'))
  portals = await startPortals({ port: 0, oauthPort: 0, count: 2 })
  side = await startAppSide({
    apps: [
      { app: defineApp({ name: 'shop' }).on('ONAPPTEST', () => {}).on('ONAPPINSTALL', () => {}), ...SHOP },
      { app: defineApp({ name: 'other' }).on('ONAPPTEST', () => {}).on('ONAPPINSTALL', () => {}), ...OTHER },
    ],
    host: '127.0.0.1', port: 0, dataDir, authServers: [portals.oauth.url],
  })
  const [first, second] = portals.portals
  if (first === undefined || second === undefined) throw new Error('there are not two portals')
  own = first
  foreign = second
  for (const portal of [own, foreign]) {
    for (const [name, { clientId, clientSecret }] of [['shop', SHOP], ['other', OTHER]] as const) {
      const base = `${side.url}/apps/${name}`
      portal.control.registerApp({
        name, kind: 'market', client_id: clientId, client_secret: clientSecret, scope: ['user'],
        install_url: `${base}/install`, handler_url: `${base}/placement`, redirect_uri: 'http://127.0.0.1:9/back',
      })
    }
    await portal.control.install(SHOP.clientId)
    portal.control.finish(SHOP.clientId)
    await portal.control.drain()
    await until(async () => ((await installationOf(portal)).status === 'active' ? true : undefined), 'the installation')
  }
})
afterAll(async () => {
  await side.stop()
  await portals.stop()
  await rm(dataDir, { recursive: true })
})

async function installationOf(portal: Portal): Promise<InstallationView> {
  return (await (await fetch(`${side.url}/api/installations/shop/${portal.memberId}`)).json()) as InstallationView
}

async function post(app: string, form: PhpMap): Promise<{ status: number; body: { error?: string; state?: string; id?: string } }> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const response = await fetch(`${side.url}/apps/${app}/events`, { method: 'POST', headers, body: encodeForm(form) })
  return { status: response.status, body: (await response.json()) as object }
}

function applicationTokenOf(portal: Portal, { clientId } = SHOP): string {
  return portal.control.app(clientId).application_token
}

test('the application_token of one portal is worth nothing with the member_id of another', async () => {
  const before = await installationOf(own)
  for (const code of ['ONAPPTEST', 'ONAPPUNINSTALL', 'ONAPPINSTALL', 'ONAPPUPDATE']) {
    const answer = await post('shop', forged(code, { member_id: own.memberId, application_token: applicationTokenOf(foreign) }))
    expect(answer).toMatchObject({ status: 403, body: { error: 'APPLICATION_TOKEN_MISMATCH' } })
  }
  expect(await installationOf(own)).toEqual(before)
})

test('an administrator of one portal installs nothing in the name of another', async () => {
  const before = await installationOf(own)
  const access_token = await tokenOf({ portal: foreign, ...SHOP }, 1)
  const server_endpoint = `${portals.oauth.url}/rest/`
  for (const application_token of [applicationTokenOf(foreign), 'chosen by the attacker']) {
    for (const code of ['ONAPPINSTALL', 'ONAPPUPDATE']) {
      const answer = await post('shop', forged(code, { member_id: own.memberId, application_token, access_token, refresh_token: 'r', server_endpoint }))
      expect(answer).toMatchObject({ status: 403, body: { error: 'PROOF_REFUSED' } })
    }
  }
  const page = await fetch(`${side.url}/apps/shop/install`, { method: 'POST', body: new URLSearchParams({ member_id: own.memberId, AUTH_ID: access_token, REFRESH_ID: 'r' }) })
  expect([page.status, await page.json()]).toMatchObject([403, { error: 'PROOF_REFUSED' }])
  expect(await installationOf(own)).toEqual(before)
})

test('an event that is posted to another app\'s path is not that app\'s', async () => {
  const auth = { member_id: own.memberId, application_token: applicationTokenOf(own), server_endpoint: `${portals.oauth.url}/rest/` }
  expect(await post('other', forged('ONAPPTEST', auth))).toMatchObject({ status: 200, body: { state: 'held' } })
  const access_token = await tokenOf({ portal: own, ...SHOP }, 1)
  expect(await post('other', forged('ONAPPINSTALL', { ...auth, access_token, refresh_token: 'r' }))).toMatchObject({ status: 403, body: { error: 'PROOF_REFUSED' } })
  const { events } = (await (await fetch(`${side.url}/api/events?app=other&limit=50`)).json()) as { events: EventView[] }
  expect(events.filter(({ state }) => state === 'pending' || state === 'done')).toEqual([])
})

test('the same portal\'s other app has an application_token of its own', async () => {
  expect(applicationTokenOf(own, OTHER)).not.toBe(applicationTokenOf(own))
  const answer = await post('shop', forged('ONAPPTEST', { member_id: own.memberId, application_token: applicationTokenOf(own, OTHER) }))
  expect(answer).toMatchObject({ status: 403, body: { error: 'APPLICATION_TOKEN_MISMATCH' } })
})

test('names that look like another app\'s or another portal\'s are not it', async () => {
  for (const path of ['/apps/shop%2F/events', '/apps/SHOP/events', '/apps/../apps/shop/events', '/apps/shop/events/x', '/apps//events', '/apps/__proto__/events']) {
    const response = await fetch(side.url + path, { method: 'POST', body: new URLSearchParams(), redirect: 'manual' })
    expect([path, response.status >= 400]).toEqual([path, true])
  }
  for (const member_id of [`${own.memberId} `, `${own.memberId}/x`, `../${own.memberId}`, own.memberId.toUpperCase(), '__proto__']) {
    const { status, body } = await post('shop', forged('ONAPPTEST', { member_id, application_token: applicationTokenOf(own) }))
    expect([member_id, status === 400 || body.state === 'held']).toEqual([member_id, true])
  }
})
