import { expect, test } from 'vitest'
import { CLIENT_ID, events, installUiApp, registerUiApp, startWorld } from '../test-support/world.ts'

test.each([500, 302, 404])('a handler that answers %i is not asked again', async (status) => {
  const world = await startWorld()
  await installUiApp(world, ['ONAPPTEST'])
  world.receiver.status = status
  world.portal.control.fireEvent({ event: 'ONAPPTEST', client_id: CLIENT_ID })
  await world.settle()
  await world.clock.advance(24 * 3_600_000)
  expect(events(world.receiver)).toHaveLength(1)
  expect(world.portal.control.deliveries().deliveries).toMatchObject([{ outcome: status }])
})

test('a handler that is not there leaves the error in the log', async () => {
  const world = await startWorld()
  await installUiApp(world, ['ONAPPTEST'])
  await world.receiver.stop()
  world.portal.control.fireEvent({ event: 'ONAPPTEST', client_id: CLIENT_ID })
  await world.settle()
  expect(world.portal.control.deliveries().deliveries).toMatchObject([{ outcome: 'ECONNREFUSED', response: '' }])
})

test('a handler that never answers is given up after its time', async () => {
  const world = await startWorld()
  await installUiApp(world, ['ONAPPTEST'])
  world.receiver.status = 0
  const arrived = new Promise<void>((resolve) => {
    world.receiver.onPost = () => resolve()
  })
  world.portal.control.fireEvent({ event: 'ONAPPTEST', client_id: CLIENT_ID })
  const drained = world.portal.control.drain()
  await world.clock.advance(1_000)
  await arrived
  await world.clock.advance(15_000)
  await drained
  expect(world.portal.control.deliveries().deliveries).toMatchObject([{ outcome: 'TIMEOUT' }])
})

test('one category does not wait for another, and a category sends four at a time', async () => {
  const world = await startWorld({ queue: { minDelayMs: 0, maxDelayMs: 0 } })
  await installUiApp(world, ['ONCRMLEADADD', 'ONAPPTEST'])
  world.receiver.status = 0
  let arrivals = 0
  const fiveArrived = new Promise<void>((resolve) => {
    world.receiver.onPost = () => {
      arrivals += 1
      if (arrivals === 5) resolve()
    }
  })
  for (let count = 0; count < 6; count++) world.portal.control.fireEvent({ event: 'ONCRMLEADADD', data: { count } })
  world.portal.control.fireEvent({ event: 'ONAPPTEST', client_id: CLIENT_ID })
  await fiveArrived
  const sent = world.portal.control.deliveries().deliveries.filter((delivery) => delivery.sent_at !== null)
  expect(sent.map((delivery) => delivery.category)).toEqual(['crm', 'crm', 'crm', 'crm', 'default'])
})

test('stopping drops what waits, and says so', async () => {
  const world = await startWorld({ queue: { minDelayMs: 60_000, maxDelayMs: 60_000 } })
  registerUiApp(world)
  const app = world.portal.control.registerApp({
    name: 'Api', kind: 'local', ui: false, install_url: `${world.receiver.url}/events`,
  }).app
  await world.portal.control.install(app.client_id)
  const drained = world.portal.control.drain()
  await world.portal.stop()
  await drained
  expect(world.portal.control.deliveries().deliveries).toMatchObject([{ outcome: 'STOPPED', sent_at: null }])
})

test('of an endless answer four kilobytes are kept', async () => {
  const world = await startWorld()
  await installUiApp(world, ['ONAPPTEST'])
  world.receiver.answer = 'x'.repeat(1_000_000)
  world.portal.control.fireEvent({ event: 'ONAPPTEST', client_id: CLIENT_ID })
  await world.settle()
  expect(world.portal.control.deliveries().deliveries[0]?.response).toHaveLength(4_096)
})
