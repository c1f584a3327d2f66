import { expect, test } from 'vitest'
import { PORTAL_LIMITS } from '../../limits.ts'
import { startRecordsWorld } from '../../test-support/records.ts'
import type { RecordsWorld } from '../../test-support/records.ts'
import { call, control } from '../../test-support/world.ts'
import { OperatingTime } from './operating-time.ts'
import { RateLimit } from './rate-limit.ts'

const BLOCKED = {
  status: 429, body: { error: 'OPERATION_TIME_LIMIT', error_description: 'Method is blocked due to operation time limit.' },
}

/** Waits for a call that takes portal time, moving the time along. */
async function slowly<Answer>(world: RecordsWorld, answering: Promise<Answer>, seconds: number): Promise<Answer> {
  // The request has to have arrived before the clock moves, else it would find it moved already.
  await new Promise((resolve) => {
    setTimeout(resolve, 40)
  })
  await world.clock.advance(seconds * 1_000)
  return answering
}

test('nothing is limited until it is switched on', async () => {
  const { rest, portal } = await startRecordsWorld()
  expect(portal.control.limits.settings()).toEqual({ rate: 'off', operating: 'off', slow: {} })
  for (let count = 0; count < 60; count++) await rest('server.time')
  expect((await rest('server.time')).status).toBe(200)
})

const PLANS = [['standard', 50, 2], ['enterprise', 250, 5]] as const

test.each(PLANS)('%s: a bucket of %i that leaks %i a second', async (rate, bucket, leak) => {
  const { rest, clock, portal } = await startRecordsWorld()
  await control(portal, '/limits', { rate })
  const burst = async (count: number): Promise<number[]> => {
    const statuses: number[] = []
    for (let index = 0; index < count; index++) statuses.push((await rest('server.time')).status)
    return statuses
  }
  expect(new Set(await burst(bucket + 1))).toEqual(new Set([200]))
  expect(await rest('no.such')).toMatchObject({
    status: 503, body: { error: 'QUERY_LIMIT_EXCEEDED', error_description: 'Too many requests' },
  })
  await clock.advance(999)
  expect(await burst(1)).toEqual([503])
  await clock.advance(1)
  expect(await burst(leak + 1)).toEqual([...Array.from({ length: leak }, () => 200), 503])
  await control(portal, '/limits', { rate: 'off' })
  expect(await burst(1)).toEqual([200])
})

test('a batch is one request', async () => {
  const { result } = await startRecordsWorld([], { limits: { rate: 'standard' } })
  const cmd = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`c${index}`, 'server.time']))
  for (let count = 0; count < 10; count++) expect(await result('batch', { cmd })).toMatchObject({ result_error: [] })
})

test('operating time adds up, the call that goes over succeeds, and a minute is forgotten after ten', async () => {
  const world = await startRecordsWorld()
  world.portal.control.limits.change({ operating: 480, slow: { 'CRM.deal.list': 60 } })
  const startS = world.clock.now() / 1_000
  const list = (): ReturnType<RecordsWorld['rest']> => slowly(world, world.rest('crm.deal.list'), 60)
  for (let minutes = 1; minutes <= 9; minutes++) {
    expect(await list()).toMatchObject({
      status: 200, body: { time: { duration: 60, processing: 60, operating: minutes * 60, operating_reset_at: startS + 600 } },
    })
  }
  expect(await world.rest('crm.deal.list')).toMatchObject(BLOCKED)
  expect((await world.rest('crm.deal.fields')).body['time']).toMatchObject({ operating: 0 })
  await world.clock.advance(60_000)
  expect((await list()).body['time']).toMatchObject({ operating: 540 - 60, operating_reset_at: startS + 120 + 600 })
})

test('calls of less than a tenth of a second cost nothing, failing calls neither', async () => {
  const world = await startRecordsWorld()
  world.portal.control.limits.change({ slow: { 'crm.deal.list': 0.09, 'crm.deal.get': 5 } })
  expect((await slowly(world, world.rest('crm.deal.list'), 1)).body['time']).toMatchObject({ processing: 0.09, operating: 0 })
  expect((await slowly(world, world.rest('crm.deal.get', { id: 9 }), 5)).status).toBe(400)
  await world.result('crm.deal.add', { fields: {} })
  expect((await slowly(world, world.rest('crm.deal.get', { id: 1 }), 5)).body['time']).toMatchObject({ operating: 5 })
})

test('in a batch each command counts as the method it is, the batch itself not at all', async () => {
  const world = await startRecordsWorld()
  world.portal.control.limits.change({ operating: 15, slow: { 'crm.deal.list': 10 } })
  const cmd = { a: 'crm.deal.list', b: 'crm.deal.list', c: 'crm.deal.list', d: 'server.time' }
  const { status, body } = await slowly(world, world.rest('batch', { cmd }), 20)
  expect(status).toBe(200)
  expect(body['time']).toMatchObject({ duration: 20, operating: 0 })
  expect(body['result']).toMatchObject({
    result_error: { c: BLOCKED.body }, result_time: { a: { operating: 10 }, b: { operating: 20 }, d: { operating: 0 } },
  })
  expect((await call(world.portal, 'crm.deal.list', { auth: world.employee })).status).toBe(429)
})

test('by the newer module source a caller is shut out for five minutes and then begins anew', async () => {
  const world = await startRecordsWorld([], { variants: { operatingLimit: 'source' } })
  world.portal.control.limits.change({ operating: 15, slow: { 'crm.deal.list': 20 } })
  await slowly(world, world.rest('crm.deal.list'), 20)
  expect(await world.rest('crm.deal.list')).toMatchObject(BLOCKED)
  await world.clock.advance(299_000)
  expect((await world.rest('crm.deal.list')).status).toBe(429)
  await world.clock.advance(1_000)
  expect((await slowly(world, world.rest('crm.deal.list'), 20)).body['time']).toMatchObject({ operating: 20 })
  world.portal.control.limits.change({ slow: { 'server.time': 10 } })
  const batch = await slowly(world, world.rest('batch', { cmd: { a: 'server.time' } }), 10)
  expect(batch.body['time']).toMatchObject({ operating: 5 })
})

test.each([
  [{ rate: 'fast' }, 'rate'], [{ operating: -1 }, 'operating'], [{ other: 1 }, 'other'],
  [{ slow: { 'crm.deal.list': 61 } }, 'slow'],
  [{ slow: { 'no.such': 1 } }, 'no.such'],
])('the control API refuses %j', async (body, named) => {
  const { portal } = await startRecordsWorld()
  expect(await control(portal, '/limits', body)).toMatchObject({
    status: 400, body: { error: 'BAD_REQUEST', error_description: expect.stringContaining(named) },
  })
})

test('addresses and callers are forgotten from the one unseen for longest', () => {
  const rate = new RateLimit()
  for (let index = 0; index <= PORTAL_LIMITS.maxRateBuckets; index++) {
    for (let count = index === 0 ? 51 : 1; count > 0; count--) rate.admit('standard', String(index), 0)
  }
  expect(rate.admit('standard', '0', 0)).toBe(true)
  const operating = new OperatingTime()
  for (let index = 0; index <= PORTAL_LIMITS.maxOperatingUsages; index++) operating.record(String(index), 'm', 0, 1)
  expect([operating.read('0', 'm', 0, 0).operating, operating.read('1', 'm', 0, 0).operating]).toEqual([0, 1])
})
