import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import type { PortalOptions } from '../../start-portal.ts'
import type { Answer, TestWorld } from '../../test-support/world.ts'
import { call, CLIENT_ID, events, installUiApp, startWorld } from '../../test-support/world.ts'
import { bitrixJson } from './message-id.ts'

const EVENT = 'ONCRMDEALUPDATE'
const DAY_MS = 86_400_000

interface OfflineWorld extends TestWorld {
  rest(method: string, params?: object): Promise<Answer>
  result(method: string, params?: object): Promise<unknown>
  /** Raises the event for a deal, as a person at the portal does. */
  change(id: number): void
  /** Result of event.offline.get. */
  get(params?: object): Promise<{ process_id: string | null; events: Record<string, unknown>[] }>
  list(): Promise<Record<string, unknown>[]>
}

async function startOffline(options: PortalOptions = {}, bind: object = {}): Promise<OfflineWorld> {
  const { clock: _clock, ...others } = options
  const world = await startWorld(others)
  const { accessToken: auth } = await installUiApp(world, [])
  const rest = (method: string, params: object = {}): Promise<Answer> => call(world.portal, method, { auth, ...params })
  await rest('event.bind', { event: EVENT, event_type: 'offline', ...bind })
  return {
    ...world,
    rest,
    result: async (method, params = {}) => (await rest(method, params)).body['result'],
    change: (id) => void world.portal.control.fireEvent({ event: EVENT, data: { FIELDS: { ID: id } } }),
    get: async (params = {}) => Object((await rest('event.offline.get', params)).body['result']),
    list: async () => Object((await rest('event.offline.list')).body['result']),
  }
}

test('an offline event is kept, not sent; equal ones become one row until it is taken', async () => {
  const world = await startOffline()
  for (const id of [7, 8, 7]) world.change(id)
  expect(await world.result('event.get')).toEqual([{ event: EVENT, connector_id: '', offline: 1 }])
  const first = await world.get()
  expect(first).toEqual({
    process_id: null,
    events: [7, 8].map((id, index) => ({
      ID: String(index + 1), TIMESTAMP_X: '2026-01-01T00:00:01+00:00', EVENT_NAME: EVENT, EVENT_DATA: { FIELDS: { ID: id } },
      EVENT_ADDITIONAL: { user_id: '1' },
      MESSAGE_ID: createHash('md5').update(`${EVENT}|{"FIELDS":{"ID":${id}}}`).digest('hex'),
    })),
  })
  expect(await world.get()).toEqual({ process_id: null, events: [] })
  await world.settle()
  expect(events(world.receiver)).toEqual([])
})

test("a message's id is made over Bitrix24's own JSON", () => {
  expect(bitrixJson({ a: `<>&'"/é\\`, b: [], c: {}, d: { 0: 1, 1: 2 }, e: null })).toBe(
    String.raw`{"a":"\u003C\u003E\u0026\u0027\u0022\/é\\","b":[],"c":[],"d":[1,2],"e":null}`,
  )
})

test('reserved rows stay reserved, take in nothing new, and end by clear or error', async () => {
  const world = await startOffline()
  for (const id of [1, 2, 3]) world.change(id)
  const { process_id, events: rows } = await world.get({ clear: 0, limit: 2 })
  expect(process_id).toMatch(/^[a-z0-9]{32}$/)
  expect(rows.map(({ ID }) => ID)).toEqual(['1', '2'])
  world.change(1)
  expect((await world.list()).map(({ ID, PROCESS_ID, ERROR }) => [ID, PROCESS_ID, ERROR])).toEqual([
    ['1', process_id, '0'], ['2', process_id, '0'], ['3', '', '0'], ['4', '', '0'],
  ])
  await world.clock.advance(DAY_MS)
  const { accessToken: auth } = await installUiApp(world, [])
  const rest = (method: string, params: object): Promise<Answer> => call(world.portal, method, { auth, ...params })
  expect(Object((await rest('event.offline.get', { clear: 0, process_id })).body['result']).events).toHaveLength(2)
  await rest('event.offline.clear', { process_id, id: [1] })
  await rest('event.offline.error', { process_id, message_id: [rows[1]?.['MESSAGE_ID']] })
  const left = Object((await rest('event.offline.list', { order: { ID: 'DESC' } })).body['result'])
  expect(left.map((row: Record<string, unknown>) => [row['ID'], row['PROCESS_ID'], row['ERROR']])).toEqual([
    ['4', '', '0'], ['3', '', '0'], ['2', '', '1'],
  ])
})

test('an error row is shown only when asked for, and swallows what happens to its object', async () => {
  const world = await startOffline()
  world.change(5)
  const { process_id, events: [row] } = await world.get({ clear: 0 })
  await world.rest('event.offline.error', { process_id, message_id: [row?.['MESSAGE_ID']] })
  world.change(5)
  expect((await world.get()).events).toEqual([])
  expect((await world.get({ error: 1 })).events).toMatchObject([{ ID: '1' }])
})

test('the traps: a process_id with clear left at 1 loses all its rows, a wrong one given to error loses the row', async () => {
  const world = await startOffline()
  for (const id of [1, 2, 3]) world.change(id)
  const { process_id } = await world.get({ clear: 0 })
  expect((await world.get({ process_id, limit: 1 })).events).toHaveLength(1)
  expect(await world.list()).toEqual([])
  world.change(9)
  const [row] = await world.list()
  const guess = { process_id: 'guessed', message_id: [row?.['MESSAGE_ID']] }
  expect(await world.result('event.offline.error', guess)).toBe(true)
  expect(await world.list()).toEqual([])
})

test('with both lists message_id decides, or id as the page says, by choice', async () => {
  for (const [offlineClear, left] of [['message_id', ['1']], ['id', ['2']]] as const) {
    const world = await startOffline({ variants: { offlineClear } })
    for (const id of [1, 2]) world.change(id)
    const { process_id, events: [, second] } = await world.get({ clear: 0 })
    await world.rest('event.offline.clear', { process_id, id: [1], message_id: [second?.['MESSAGE_ID']] })
    expect((await world.list()).map(({ ID }) => ID)).toEqual(left)
  }
})

test('a row is forgotten 2,952,000 seconds after its last change', async () => {
  const world = await startOffline()
  world.change(1)
  await world.clock.advance(20 * DAY_MS)
  world.change(1)
  // The installation below, which brings a fresh token, takes the last second.
  await world.clock.advance(2_951_999_000)
  const { accessToken: auth } = await installUiApp(world, [])
  expect((await call(world.portal, 'event.offline.list', { auth })).body).toMatchObject({ result: [{ ID: '1' }], total: 1 })
  await world.clock.advance(1_000)
  expect((await call(world.portal, 'event.offline.list', { auth })).body).toMatchObject({ result: [], total: 0 })
})

test('filters, orders and pages', async () => {
  const world = await startOffline()
  for (let id = 1; id <= 60; id++) world.change(id)
  const page = (await world.rest('event.offline.list', { start: 50 })).body
  expect(page).toMatchObject({ total: 60, result: { length: 10 } })
  expect((await world.rest('event.offline.list')).body).toMatchObject({ total: 60, next: 50, result: { length: 50 } })
  const ids = async (filter: object, order: object = {}): Promise<unknown[]> =>
    Object(await world.result('event.offline.list', { filter, order })).map(({ ID }: { ID: unknown }) => ID)
  expect(await ids({ '<=ID': 2 }, { ID: 'desc' })).toEqual(['2', '1'])
  expect(await ids({ '>ID': 57, '<ID': '60' })).toEqual(['58', '59'])
  expect(await ids({ '@ID': [3, 5] })).toEqual(['3', '5'])
  expect(await ids({ '%EVENT_NAME': 'lead' })).toEqual([])
  expect(await ids({ '>TIMESTAMP_X': '2030-01-01T00:00:00+00:00' })).toEqual([])
  expect(await ids({ PROCESS_ID: '', ERROR: 0, '=ID': 4 })).toEqual(['4'])
})

test('auth_connector names a queue of its own, and keeps the changes of that exchange out of it', async () => {
  const world = await startOffline({}, { auth_connector: 'shop' })
  await world.rest('event.bind', { event: 'ONAPPTEST', event_type: 'offline', auth_connector: 'shop' })
  expect(await world.result('event.bind', { event: EVENT, event_type: 'offline' })).toBe(true)
  await world.rest('event.test', { auth_connector: 'shop' })
  expect((await world.get({ auth_connector: 'shop' })).events).toEqual([])
  await world.rest('event.test', { auth_connector: 'other' })
  world.change(3)
  expect((await world.get({ auth_connector: 'shop' })).events).toMatchObject([{ EVENT_NAME: 'ONAPPTEST' }, { EVENT_NAME: EVENT }])
  expect((await world.get()).events).toMatchObject([{ EVENT_NAME: EVENT }])
  expect(await world.result('event.unbind', { event: EVENT, event_type: 'offline' })).toEqual({ count: 1 })
  expect(await world.result('event.unbind', { event: EVENT, event_type: 'offline', auth_connector: 'shop' }))
    .toEqual({ count: 1 })
})

test('without names an own change is left out, too, unless chosen otherwise', async () => {
  for (const [offlineOwnChanges, count] of [['skip', 0], ['skip-named', 1]] as const) {
    const world = await startOffline({ variants: { offlineOwnChanges } })
    await world.rest('event.bind', { event: 'ONAPPTEST', event_type: 'offline' })
    await world.rest('event.test')
    expect((await world.get()).events).toHaveLength(count)
  }
})

test('ONOFFLINEEVENT announces new rows, to each handler once in its interval, with a refresh_token and no data', async () => {
  const world = await startOffline()
  const handler = (name: string): string => `${world.receiver.url}/${name}`
  await world.rest('event.bind', { event: 'onOfflineEvent', handler: handler('default') })
  await world.rest('event.bind', { event: 'onOfflineEvent', handler: handler('slow'), options: { minTimeout: 10 } })
  const told = (): string[] => events(world.receiver).map(({ path }) => path).toSorted()
  world.change(1)
  world.change(2)
  await world.settle()
  expect(told()).toEqual(['/default', '/slow'])
  const [notice] = events(world.receiver)
  expect(notice?.form).toMatchObject({ event: 'ONOFFLINEEVENT', auth: { refresh_token: expect.any(String), user_id: '1' } })
  expect(notice?.form['data']).toBeUndefined()
  await world.clock.advance(1_000)
  world.change(3)
  await world.settle()
  expect(told()).toEqual(['/default', '/default', '/slow'])
  await world.clock.advance(10_000)
  world.change(4)
  await world.settle()
  expect(told()).toEqual(['/default', '/default', '/default', '/slow', '/slow'])
})

test('minTimeout 0: once for all that one hit puts into the queue', async () => {
  const world = await startOffline({ variants: { offlineOwnChanges: 'skip-named' } })
  await world.rest('event.bind', { event: 'ONAPPTEST', event_type: 'offline' })
  const handler = `${world.receiver.url}/notice`
  await world.rest('event.bind', { event: 'ONOFFLINEEVENT', handler, options: { minTimeout: '0' } })
  await world.rest('batch', { cmd: { one: 'event.test?a=1', two: 'event.test?a=2' } })
  await world.settle()
  expect(events(world.receiver)).toHaveLength(1)
  await world.rest('event.test', { a: 3 })
  await world.settle()
  expect(events(world.receiver)).toHaveLength(2)
})

test("an uninstalled app's queue is gone", async () => {
  const world = await startOffline()
  world.change(1)
  world.portal.control.uninstall(CLIENT_ID, { clean: false })
  expect(world.portal.control.snapshot().offline?.events).toEqual([])
})

const ID32 = 'a'.repeat(32)
const MESSAGE_IDS = 'Value must be array of MESSAGE_ID values'

test.each([
  ['get', { limit: 0 }, 400, 'ERROR_ARGUMENT', 'Value must be positive integer', 'LIMIT'],
  ['get', { limit: 'x' }, 400, 'ERROR_ARGUMENT', 'Value must be positive integer', 'LIMIT'],
  ['get', { filter: { APP_ID: 1 } }, 400, 'ERROR_ARGUMENT', 'Filter field not allowed: APP_ID', 'filter'],
  ['get', { filter: { PROCESS_ID: 'x' } }, 400, 'ERROR_ARGUMENT', 'Filter field not allowed: PROCESS_ID', 'filter'],
  ['get', { filter: { '!ID': 1 } }, 400, 'ERROR_ARGUMENT', 'Filter operation not allowed: !', 'filter'],
  ['get', { filter: { '>ID': [1] } }, 400, 'ERROR_ARGUMENT', "The value of an argument '>ID' has an invalid type", '>ID'],
  ['get', { order: { APP_ID: 'ASC' } }, 400, 'ERROR_ARGUMENT', 'Order field not allowed: APP_ID', 'order'],
  ['get', { order: { ID: 'UP' } }, 400, 'ERROR_ARGUMENT', 'Order direction should be one of {ASC|DESC}', 'order'],
  ['list', { filter: { X: 1 } }, 400, 'ERROR_ARGUMENT', 'Filter field not allowed: X', 'filter'],
  ['clear', {}, 400, 'ERROR_ARGUMENT', "Argument 'PROCESS_ID' is null or empty", 'PROCESS_ID'],
  ['clear', { process_id: 'x', message_id: 'y' }, 400, 'ERROR_ARGUMENT', MESSAGE_IDS, 'message_id'],
  ['clear', { process_id: 'x', message_id: ['y'] }, 400, 'ERROR_ARGUMENT', MESSAGE_IDS, 'messsage_id'],
  ['clear', { process_id: 'x', id: ['0'] }, 400, 'ERROR_ARGUMENT', 'Value must be array of integers', 'id'],
  ['clear', { process_id: 'x', id: 'one' }, 400, 'ERROR_ARGUMENT', 'Value must be array of integers', 'id'],
  ['error', { message_id: [ID32] }, 400, 'ERROR_ARGUMENT', "Argument 'PROCESS_ID' is null or empty", 'PROCESS_ID'],
  ['error', { process_id: 'x', message_id: 5 }, 400, 'ERROR_ARGUMENT', MESSAGE_IDS, 'message_id'],
])('event.offline.%s with %j is refused with %i %s', async (method, params, status, error, text, argument) => {
  const world = await startOffline()
  const answer = await world.rest(`event.offline.${method}`, params)
  expect(answer).toMatchObject({ status, body: { error, error_description: text, argument } })
})

test.each(['get', 'list', 'clear', 'error'])('event.offline.%s is for administrators', async (method) => {
  const world = await startOffline()
  const page = await world.portal.control.open(CLIENT_ID, { user_id: 2 })
  expect(page.page?.status).toBe(200)
  const auth = String(world.receiver.received.at(-1)?.form['AUTH_ID'])
  expect(await call(world.portal, `event.offline.${method}`, { auth, process_id: 'x' })).toMatchObject({
    status: 403, body: { error: 'ACCESS_DENIED', error_description: 'Access denied!' },
  })
})

test('what the licence lacks is WRONG_LICENSE, and feature.get says so beforehand', async () => {
  const world = await startOffline({ features: { rest_offline_extended: false, rest_auth_connector: false } })
  const text = 'This feature is not enabled for the current license'
  const refusal = (feature: string): object => ({
    status: 403, body: { error: 'WRONG_LICENSE', error_description: `${text}: ${feature}` },
  })
  expect(await world.rest('event.offline.get', { clear: 0 })).toMatchObject(refusal('extended offline events handling'))
  expect(await world.rest('event.offline.list', { auth_connector: 'a' })).toMatchObject(refusal('auth_connector'))
  expect(await world.rest('event.bind', { event: EVENT, event_type: 'offline', auth_connector: 'a' }))
    .toMatchObject(refusal('auth_connector'))
  expect(await world.result('feature.get', { CODE: 'rest_offline_extended' })).toEqual({ value: 'N' })
})
