import { expect, test } from 'vitest'
import type { Answer } from '../test-support/world.ts'
import { call, installUiApp, startWorld } from '../test-support/world.ts'

async function batch(params: object): Promise<Answer> {
  const world = await startWorld()
  const { accessToken } = await installUiApp(world)
  return call(world.portal, 'batch', { auth: accessToken, ...params })
}

test('commands run in order, and later ones refer to results of earlier ones', async () => {
  const { status, body } = await batch({
    cmd: {
      me: 'profile',
      set: 'app.option.set?options[who]=$result[me][NAME] $result[me][LAST_NAME]&options[all]=$result%5Bme%5D' +
        '&options[none]=$result[no][NAME]',
      get: 'app.option.get',
    },
  })
  expect(status).toBe(200)
  expect(body['result']).toMatchObject({
    result: {
      me: { ID: '1' }, set: true, get: { who: 'Anna Berg', all: { NAME: 'Anna' } },
    }, result_error: [], result_total: [], result_next: [],
    result_time: { me: { duration: 0 }, set: {}, get: {} },
  })
})

test('an error inside is told under its key, with HTTP 200 and the rest running on', async () => {
  const { status, body } = await batch({ cmd: ['no.such', 'batch', 'calendar.x', 'user.admin'] })
  expect(status).toBe(200)
  expect(body['result']).toMatchObject({
    result: { 3: true },
    result_error: [
      { error: 'ERROR_METHOD_NOT_FOUND', error_description: 'Method not found!' },
      { error: 'ERROR_BATCH_METHOD_NOT_ALLOWED', error_description: 'Method is not allowed for batch usage' },
      { error: 'ERROR_METHOD_NOT_FOUND' },
    ],
  })
})

test('halt stops at the first error', async () => {
  const { body } = await batch({ halt: 1, cmd: { a: 'user.admin', b: 'event.bind', c: 'user.admin' } })
  expect(body['result']).toMatchObject({
    result: { a: true }, result_error: { b: { error: 'ERROR_ARGUMENT', argument: 'EVENT' } },
  })
  expect(body['result']).not.toMatchObject({ result: { c: true } })
})

test('each command beyond the fiftieth is refused by itself', async () => {
  const cmd = Object.fromEntries(Array.from({ length: 52 }, (_, index) => [`c${index}`, 'server.time']))
  const { body } = await batch({ cmd })
  expect(body['result']).toMatchObject({ result_error: { c50: { error: 'ERROR_BATCH_LENGTH_EXCEEDED' }, c51: {} } })
  expect(Object.keys(Object(Object(body['result']).result))).toHaveLength(50)
})

test.each([[{}], [{ cmd: 'profile' }], [{ cmd: [] }], [{ cmd: [null, 7, {}] }], [{ cmd: { ['__proto__']: 'profile' } }]])(
  'odd commands %j are answered', async (params) => {
    expect((await batch(params)).status).toBe(200)
  },
)
