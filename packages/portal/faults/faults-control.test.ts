import { expect, test } from 'vitest'
import { PORTAL_LIMITS } from '../limits.ts'
import { control, send, startWorld } from '../test-support/world.ts'

test('a fault is added, listed with what it did, removed by its id, and all are cleared at once', async () => {
  const { portal } = await startWorld()
  const added = await control(portal, '/faults', { fault: 'slow_loris', on: 'token', first: 2 })
  expect(added).toMatchObject({
    status: 201,
    body: {
      fault: { id: 1, fault: 'slow_loris', on: 'token', first: 2, chunk_bytes: 16, every_ms: 1_000, matched: 0, struck: 0 },
    },
  })
  await control(portal, '/faults', { fault: 'lost' })
  await control(portal, '/faults', { fault: 'latency' })
  expect(await remove(`${portal.url}/control/faults/2`)).toMatchObject({ status: 200, body: { removed: 1 } })
  expect((await control(portal, '/faults')).body['faults']).toMatchObject([
    { id: 1, on: 'token' }, { id: 3, on: 'rest', delay_ms: 5_000 },
  ])
  expect(await remove(`${portal.url}/control/faults/2`)).toMatchObject({ status: 404, body: { error: 'NOT_FOUND' } })
  expect(await remove(`${portal.url}/control/faults/x`)).toMatchObject({ status: 400, body: { error: 'BAD_REQUEST' } })
  expect(await remove(`${portal.url}/control/faults`)).toMatchObject({ status: 200, body: { removed: 2 } })
  expect((await control(portal, '/faults')).body).toEqual({ faults: [] })
})

function remove(url: string): ReturnType<typeof send> {
  return send(url, { method: 'DELETE' })
}

test.each([
  [{}, 'fault: '], [{ fault: 'flood' }, 'fault: '], [{ fault: 'lost', on: 'rest' }, 'on: lost can strike delivery'],
  [{ fault: 'query_limit', on: 'token' }, 'on: query_limit can strike rest'],
  [{ fault: 'latency', event: 'ONAPPTEST' }, 'event: '],
  [{ fault: 'latency', on: 'delivery', method: 'profile' }, 'method: '], [{ fault: 'latency', delay_ms: -1 }, 'delay_ms: '],
  [{ fault: 'latency', delay_ms: 1e12 }, 'delay_ms: '], [{ fault: 'lost', probability: 2 }, 'probability: '],
  [{ fault: 'lost', first: 0 }, 'first: '], [{ fault: 'lost', every: 1.5 }, 'every: '],
  [{ fault: 'lost', event: 'ON(' }, 'event: '],
  [{ fault: 'renamed_portal' }, 'to: '], [{ fault: 'renamed_portal', to: 'file:///etc' }, 'to: '],
  [{ fault: 'lost', wehn: 'after' }, 'wehn'],
  [{ fault: 'broken_chunk', when: 'after' }, 'when'], [{ fault: 'error_answer', status: 200 }, 'error: '], [[], 'body: '],
])('a fault of %j is a BAD_REQUEST that names %s', async (spec, named) => {
  const { portal } = await startWorld()
  expect(await control(portal, '/faults', spec)).toMatchObject({
    status: 400, body: { error: 'BAD_REQUEST', error_description: expect.stringContaining(named) },
  })
  expect(portal.control.faults.list()).toEqual([])
})

test('there are only so many faults at a time', async () => {
  const { portal } = await startWorld()
  for (let count = 0; count < PORTAL_LIMITS.maxFaults; count++) portal.control.faults.add({ fault: 'lost' })
  expect(await control(portal, '/faults', { fault: 'lost' })).toMatchObject({ status: 400, body: { error: 'BAD_REQUEST' } })
})
