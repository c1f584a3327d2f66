import { expect, test } from 'vitest'
import { CONNECTOR, LINE, startConnectorWorld } from '../../../test-support/connector.ts'
import { call, CLIENT_ID, field, last } from '../../../test-support/world.ts'

test('a line is made, changed, read and listed with its settings', async () => {
  const world = await startConnectorWorld([])
  const PARAMS = { LINE_NAME: 'VIP', CRM: 'N', QUEUE_TIME: 90, QUEUE: [{ ENTITY_TYPE: 'user', ENTITY_ID: '2' }], UNKNOWN: 1 }
  const added = await world.rest('imopenlines.config.add', { PARAMS })
  expect(added.body['result']).toBe(108)
  const read = Object(await world.result('imopenlines.config.get', { CONFIG_ID: 108 }))
  expect(read).toMatchObject({
    ID: '108', LINE_NAME: 'VIP', ACTIVE: 'Y', CRM: 'N', QUEUE_TIME: '90', DATE_CREATE: {}, MODIFY_USER_ID: '1', QUEUE: ['2'],
    QUEUE_FULL: { 2: { USER_ID: '2', SORT: '0' } }, QUEUE_ONLINE: 'Y',
  })
  expect(read).not.toHaveProperty('UNKNOWN')
  expect(await world.result('imopenlines.config.update', { CONFIG_ID: 108, PARAMS: { LINE_NAME: 'Sales', ACTIVE: 'N' } }))
    .toBe(true)
  const selection = { select: ['ID', 'LINE_NAME'], filter: { ACTIVE: 'N' }, order: { ID: 'desc' } }
  const OPTIONS = { QUEUE: 'Y', CONFIG_QUEUE: 'Y' }
  const list = await world.rest('imopenlines.config.list.get', { PARAMS: selection, OPTIONS })
  expect(list.body['result']).toEqual([{
    ID: '108', LINE_NAME: 'Sales', QUEUE: [2], CONFIG_QUEUE: [{ ENTITY_TYPE: 'user', ENTITY_ID: '2' }],
    QUEUE_USERS_FIELDS: { 2: { USER_NAME: null, USER_WORK_POSITION: null, USER_AVATAR: null, USER_AVATAR_ID: '0' } },
  }])
  const page = { select: ['ID'], order: { ID: 'ASC' }, limit: 1, offset: 1 }
  const paged = await world.rest('imopenlines.config.list.get', { PARAMS: page })
  expect(paged.body['result']).toEqual([{ ID: '108' }])
})

test('deleting a line through REST raises what deleting it by hand raises', async () => {
  const world = await startConnectorWorld(['ONIMCONNECTORSTATUSDELETE', 'ONIMCONNECTORLINEDELETE'])
  expect(await world.result('imopenlines.config.delete', { CONFIG_ID: LINE })).toBe(true)
  await world.settle()
  expect(world.got('ONIMCONNECTORSTATUSDELETE')).toMatchObject([{ data: { connector: CONNECTOR } }])
  expect(world.got('ONIMCONNECTORLINEDELETE')).toMatchObject([{ data: '107' }])
  expect(await world.result('imopenlines.config.get', { CONFIG_ID: LINE })).toBe(false)
})

test('revision and path', async () => {
  const world = await startConnectorWorld([])
  expect(await world.result('imopenlines.revision.get')).toEqual({ rest: 2, web: 1, mobile: 1 })
  expect(await world.result('imopenlines.config.path.get')).toEqual({
    SERVER_ADDRESS: world.portal.url, PUBLIC_PATH: '/contact_center/',
  })
})

test.each([
  ['get', {}, 400, 'CONFIG_ID_EMPTY', "Config ID can't be empty"],
  ['update', { CONFIG_ID: 'x' }, 400, 'CONFIG_ID_EMPTY', "Config ID can't be empty"],
  ['delete', { CONFIG_ID: 0 }, 400, 'CONFIG_ID_EMPTY', "Config ID can't be empty"],
])('imopenlines.config.%s with %j is refused with %i %s', async (method, params, status, error, text) => {
  const world = await startConnectorWorld([])
  const answer = await world.rest(`imopenlines.config.${method}`, params)
  expect(answer).toMatchObject({ status, body: { error, error_description: text } })
})

test.each([
  [{ PARAMS: { page: 1 } }, 'Unsupported PARAMS fields are passed: page'],
  [{ PARAMS: { select: 'ID' } }, "A wrong format for the PARAMS field 'select' is passed"],
  [{ PARAMS: { order: 'ID' } }, "A wrong format for the PARAMS field 'order' is passed"],
  [{ PARAMS: { filter: 1 } }, "A wrong format for the PARAMS field 'filter' is passed"],
  [{ PARAMS: { limit: -1 } }, "A non-negative integer is expected in the PARAMS field 'limit'"],
  [{ PARAMS: { offset: 'x' } }, "A non-negative integer is expected in the PARAMS field 'offset'"],
  [{ PARAMS: { select: ['A B'] } }, "A wrong field name is passed in the PARAMS field 'select'"],
  [{ PARAMS: { select: ['NOPE'] } }, "An unknown field 'NOPE' is passed in the PARAMS field 'select'"],
  [{ PARAMS: { order: { NOPE: 'ASC' } } }, "An unknown field 'NOPE' is passed in the PARAMS field 'order'"],
  [{ PARAMS: { filter: { NOPE: 1 } } }, "An unknown field 'NOPE' is passed in the PARAMS field 'filter'"],
  [{ PARAMS: { order: { ID: 'UP' } } }, "A wrong sorting direction is passed in the PARAMS field 'order'"],
  [{ OPTIONS: { X: 1 } }, 'Unsupported OPTIONS fields are passed: X'],
  [{ OPTIONS: { QUEUE: [] } }, "A wrong format for the OPTIONS field 'QUEUE' is passed"],
  [{ OPTIONS: { CHECK_PERMISSION: 'x' } }, "An unknown value for the OPTIONS field 'CHECK_PERMISSION' is passed"],
])('imopenlines.config.list.get with %j is INVALID_FORMAT', async (params, text) => {
  const world = await startConnectorWorld([])
  const answer = await world.rest('imopenlines.config.list.get', params)
  expect(answer).toMatchObject({ status: 400, body: { error: 'INVALID_FORMAT', error_description: text } })
})

test.each(['add', 'update', 'delete'])('imopenlines.config.%s is for those who may change lines', async (method) => {
  const world = await startConnectorWorld([])
  await world.portal.control.open(CLIENT_ID, { user_id: 2 })
  const auth = field(last(world.receiver).form, 'AUTH_ID')
  expect(await call(world.portal, `imopenlines.config.${method}`, { auth, CONFIG_ID: LINE })).toMatchObject({
    status: 403, body: { error: 'CONFIG_WRONG_USER_PERMISSION', error_description: 'Permission denied' },
  })
})
