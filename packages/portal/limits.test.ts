import { VirtualClock } from '@portline/runtime/clock.ts'
import { expect, test } from 'vitest'
import { PORTAL_LIMITS } from './limits.ts'
import { OAuthServer } from './oauth/oauth-server.ts'
import { DEFAULT_OAUTH_OPTIONS } from './oauth/options.ts'
import { registerApp } from './portal/register-app.ts'
import { DeliveryLog } from './queue/delivery-log.ts'
import { QueueServer } from './queue/queue-server.ts'
import { call, CLIENT_ID, installUiApp, startWorld } from './test-support/world.ts'
import { defaultWorld } from './world/default-world.ts'
import { World } from './world/world.ts'

const OAUTH = new OAuthServer(DEFAULT_OAUTH_OPTIONS, new VirtualClock())
const DELIVERY = {
  client_id: CLIENT_ID, event: 'ONAPPTEST', event_handler_id: 1, category: 'default', url: 'http://127.0.0.1:9/', body: 'x',
} as const

function repeat(times: number, action: (index: number) => unknown): void {
  for (let index = 0; index < times; index++) action(index)
}

test('apps, lines, rows and connectors end at their limits', () => {
  const world = new World(defaultWorld('limits'))
  const row = { clientId: 'a', event: 'ONAPPTEST', url: 'http://127.0.0.1/', userId: 0 }
  const connector = { clientId: 'a', name: 'N', placementHandler: 'http://127.0.0.1/' }
  const oneMoreApp = (): unknown => registerApp({ world, oauth: OAUTH }, { name: 'N', kind: 'local' })
  repeat(PORTAL_LIMITS.maxApps, oneMoreApp)
  repeat(PORTAL_LIMITS.maxLines - 1, () => world.addLine('N'))
  repeat(PORTAL_LIMITS.maxHandlerRowsPerApp, () => world.addHandler(row))
  repeat(PORTAL_LIMITS.maxConnectorsPerApp, (index) => world.putConnector({ ...connector, id: `c${index}` }))
  const oneMoreConnector = (): void => world.putConnector({ ...connector, id: 'more' })
  for (const oneMore of [oneMoreApp, () => world.addLine('N'), () => world.addHandler(row), oneMoreConnector]) {
    expect(oneMore).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }))
  }
  world.putConnector({ ...connector, id: 'c0', name: 'changed' })
  world.addHandler({ ...row, clientId: 'b' })
})

test('deleted apps are forgotten from the oldest on', () => {
  const world = new World(defaultWorld('limits'))
  const deleteOne = (): void => world.deleteApp(registerApp({ world, oauth: OAUTH }, { name: 'N', kind: 'local' }).app)
  repeat(PORTAL_LIMITS.maxDeletedApps, deleteOne)
  expect(world.appById(1)).toBeDefined()
  deleteOne()
  expect(world.appById(1)).toBeUndefined()
  expect(world.appById(2)).toBeDefined()
})

test('of spent tokens the expired are forgotten first, then the oldest', () => {
  const world = new World(defaultWorld('limits'))
  repeat(PORTAL_LIMITS.maxSpentTokens, (index) => world.spend(String(index), index === 5 ? 10 : 1_000, 1))
  world.spend('after expiry', 1_000, 10)
  expect([world.isSpent('0'), world.isSpent('5')]).toEqual([true, false])
  world.spend('too many', 1_000, 10)
  expect([world.isSpent('0'), world.isSpent('1'), world.isSpent('too many')]).toEqual([false, true, true])
})

test('the log of deliveries keeps the latest, by count and by characters', () => {
  const log = new DeliveryLog()
  repeat(PORTAL_LIMITS.maxLoggedDeliveries + 1, () => log.add({ ...DELIVERY, queued_at: '' }))
  expect(log.list(0, 1)).toMatchObject([{ id: 2 }])
  log.add({ ...DELIVERY, queued_at: '', body: 'x'.repeat(PORTAL_LIMITS.maxLoggedChars) })
  expect(log.list(0, 10)).toMatchObject([{ id: PORTAL_LIMITS.maxLoggedDeliveries + 2 }])
})

test('a full category refuses, says so in the log, and another takes on', () => {
  const queue = new QueueServer(
    new VirtualClock(), () => 'limits', { minDelayMs: 1_000, maxDelayMs: 1_000, timeoutMs: 1, concurrency: 1 },
  )
  repeat(PORTAL_LIMITS.maxQueuedPerCategory + 1, () => queue.enqueue(DELIVERY))
  queue.enqueue({ ...DELIVERY, category: 'crm' })
  const [full, taken] = queue.log.list(PORTAL_LIMITS.maxQueuedPerCategory, 2)
  expect([full?.outcome, taken?.outcome]).toEqual(['QUEUE_FULL', null])
  queue.stop()
})

test('options, handler addresses and event codes have their lengths', async () => {
  const world = await startWorld()
  const { accessToken: auth } = await installUiApp(world)
  const half = 'x'.repeat(PORTAL_LIMITS.maxOptionsChars / 2)
  expect((await call(world.portal, 'app.option.set', { auth, options: { a: half } })).status).toBe(200)
  expect(await call(world.portal, 'app.option.set', { auth, options: { b: half } })).toMatchObject({
    status: 400, body: { error: 'ERROR_CORE' },
  })
  const handler = `http://127.0.0.1/${'x'.repeat(PORTAL_LIMITS.maxHandlerUrlChars)}`
  expect(await call(world.portal, 'event.bind', { auth, event: 'ONAPPTEST', handler })).toMatchObject({
    status: 400, body: { error: 'ERROR_CORE' },
  })
  const event = `ONCRM${'X'.repeat(PORTAL_LIMITS.maxEventCodeChars)}`
  expect(await call(world.portal, 'event.bind', { auth, event, handler: 'http://127.0.0.1/' })).toMatchObject({
    body: { error: 'ERROR_EVENT_NOT_FOUND' },
  })
})
