import { defineApp } from 'portline'
import { afterEach, expect, test } from 'vitest'
import { installApp, openHouse, until } from './support/house.ts'
import type { House } from './support/house.ts'

/** What belongs to a former installation, or to an earlier state, never undoes what came after it. */
let house: House
afterEach(() => house.close())

async function replay(id: string): Promise<{ status: number; error?: string }> {
  const response = await fetch(`${house.side.url}/api/events/${id}/replay`, { method: 'POST' })
  return { status: response.status, ...((await response.json()) as { error?: string }) }
}

test('an uninstall of a former installation cannot be replayed over the new one', async () => {
  house = await openHouse({ app: defineApp({ name: 'again' }) })
  await installApp(house)
  house.portal.control.uninstall(house.clientId, { clean: true })
  const former = await house.settled('ONAPPUNINSTALL')
  await installApp(house)
  expect(await replay(former.id)).toMatchObject({ status: 409, error: 'EVENT_NOT_REPLAYABLE' })
  expect(await house.installation()).toMatchObject({ status: 'active', generation: 2, accounts: [{ state: 'live' }] })
})

test('an uninstall that waits for its next try when the app is installed again does not close the new installation', async () => {
  let runs = 0
  const app = defineApp({ name: 'again' }).on('ONAPPUNINSTALL', () => {
    runs += 1
    throw new Error('never')
  })
  house = await openHouse({ app })
  await installApp(house)
  house.portal.control.uninstall(house.clientId, { clean: true })
  await until(() => (runs >= 2 ? true : undefined), 'two failures')
  const page = await house.portal.control.install(house.clientId)
  expect(page.page?.status).toBe(200)
  house.portal.control.finish(house.clientId)
  expect(await house.settled('ONAPPUNINSTALL')).toMatchObject({ state: 'dead', reason: 'FORMER_INSTALLATION' })
  expect(await house.settled('ONAPPINSTALL')).toMatchObject({ state: 'done' })
  expect(await house.installation()).toMatchObject({ status: 'active', generation: 2, domain: house.portal.domain, accounts: [{ state: 'live' }] })
})

test('a replayed install or connector event does not turn back what came after it', async () => {
  house = await openHouse({ app: defineApp({ name: 'again', connectors: [{ id: 'again_chat', name: 'Again' }] }) })
  await installApp(house)
  const install = await house.settled('ONAPPINSTALL')
  house.portal.control.update(house.clientId, { version: '2' })
  await house.settled('ONAPPUPDATE')
  await house.portal.control.switchConnector(107, 'again_chat', { active: true })
  await house.portal.control.switchConnector(107, 'again_chat', { active: false })
  const off = await house.settled('ONIMCONNECTORSTATUSDELETE')
  await house.portal.control.switchConnector(107, 'again_chat', { active: true })
  for (const { id } of [install, off]) {
    expect((await replay(id)).status).toBe(200)
    await until(async () => ((await house.event(id)).attemptLog.length === 2 ? true : undefined), 'the replay')
  }
  expect(await house.installation()).toMatchObject({ version: '2', connectorLines: [{ active: true }] })
})

test('a flood in a portal\'s name does not turn its true installation away', async () => {
  house = await openHouse({ app: defineApp({ name: 'flood' }), kind: 'local', ui: false })
  const forged = { event: 'ONAPPTEST', auth: { member_id: house.portal.memberId, application_token: 'x' } }
  for (let n = 0; n < 120; n++) await house.post(forged)
  await house.portal.control.install(house.clientId)
  await house.portal.control.drain()
  expect(await house.settled('ONAPPINSTALL')).toMatchObject({ state: 'done', proof: 'access_token' })
})

test('an operator token that is set is wanted on loopback too', async () => {
  house = await openHouse({ app: defineApp({ name: 'guarded' }), side: { operatorToken: 'operators only' } })
  const status = async (headers: Record<string, string>) => (await fetch(`${house.side.url}/api/events`, { headers })).status
  expect([await status({}), await status({ authorization: 'Bearer operators only' })]).toEqual([401, 200])
})
