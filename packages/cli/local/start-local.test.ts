import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLog } from '@portline/runtime/log.ts'
import { defineApp } from 'portline'
import type { App } from 'portline'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { jsonClient } from '../http-json.ts'
import type { EventList } from '../operator-api.ts'
import { startLocal } from './start-local.ts'
import type { Local } from './start-local.ts'

/** What an app may do on the local portal follows from what it handles. */
let dataDir: string
let local: Local | undefined
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'portline-local-'))
})
afterEach(async () => {
  await stop()
  await rm(dataDir, { recursive: true })
})

async function stop(): Promise<void> {
  for (const stopPart of local?.stopParts ?? []) await stopPart()
  local = undefined
}

async function start(app: App, ports = { port: 0, portalPort: 0, oauthPort: 0 }): Promise<Local> {
  local = await startLocal({ app, ...ports, dataDir, log: silentLog })
  return local
}

async function install({ appSide, portalApp }: Local): Promise<void> {
  await portalApp.register(appSide.url)
  await portalApp.install()
  await portalApp.finish()
  await handledBy({ appSide }, 'ONAPPINSTALL')
}

function portOf(url: string): number {
  return Number(new URL(url).port)
}

/** Asks again until there is an answer; the test's own time limit ends it. */
async function until<Value>(ask: () => Promise<Value | undefined>): Promise<Value> {
  for (;;) {
    const value = await ask()
    if (value !== undefined) return value
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

function handledBy({ appSide }: Pick<Local, 'appSide'>, code: string) {
  return until(async () => (await jsonClient(appSide.url).get<EventList>(`/api/events?event=${code}`)).events.find(({ state }) => state === 'done'))
}

async function bound({ portalApp }: Local, code: string): Promise<void> {
  await until(async () => (await portalApp.handlers()).find(({ event }) => event === code))
}

const deals = (): App => defineApp({ name: 'deals' }).on('ONCRMDEALADD', async ({ b24 }) => {
  await b24.actions.v2.call.make({ method: 'crm.deal.list' })
})

test('an app that handles CRM events gets them, and may call what they are about', async () => {
  const running = await start(deals())
  await install(running)
  await bound(running, 'ONCRMDEALADD')
  running.portal.control.fireEvent({ event: 'ONCRMDEALADD' })
  expect(await handledBy(running, 'ONCRMDEALADD')).toMatchObject({ attempts: 1 })
})

test('a handler that is new to an app on a kept portal widens its scope at the next start', async () => {
  const former = await start(defineApp({ name: 'deals' }))
  await install(former)
  const ports = { port: portOf(former.appSide.url), portalPort: portOf(former.portal.url), oauthPort: portOf(former.portal.oauthUrl) }
  expect(former.portal.control.app(former.portalApp.clientId).scope).not.toContain('crm')
  await stop()
  // What this process has open to the former servers is given up now, and not in the middle of what follows.
  await Promise.allSettled([fetch(former.portal.url), fetch(former.portal.oauthUrl), fetch(former.appSide.url)])
  const running = await start(deals(), ports)
  expect(running.portal.control.app(running.portalApp.clientId).scope).toContain('crm')
  await bound(running, 'ONCRMDEALADD')
})

test('what somebody granted the app on the portal stays granted', async () => {
  const { portal, portalApp } = await start(deals())
  portal.control.registerApp({ name: 'deals', kind: 'market', client_id: portalApp.clientId, scope: ['telephony'] })
  await portalApp.register()
  expect(portal.control.app(portalApp.clientId).scope).toEqual(expect.arrayContaining(['telephony', 'crm', 'imconnector']))
})

test('the scope has each permission once, and none for codes that every app may bind or nobody knows', async () => {
  const app = defineApp({ name: 'many' })
  for (const code of ['ONAPPTEST', 'ONCRMDEALADD', 'ONCRMLEADADD', 'ONCRMDYNAMICITEMADD_180', 'ONTASKADD', 'ONNOBODYKNOWS']) app.on(code, () => {})
  const { portal, portalApp } = await start(app)
  expect(portal.control.app(portalApp.clientId).scope).toEqual(['imopenlines', 'imconnector', 'placement', 'user', 'crm', 'task'])
})
