import { expect, test } from 'vitest'
import { call, control } from '../../../test-support/world.ts'
import { eventsAfter, setScope, startRecordsWorld, tokenOf } from '../../../test-support/records.ts'

const EVE = { name: 'Eve', last_name: 'Olsen', email: 'eve@portal.example' }

test('users are listed with the fields that the widest granted scope shows', async () => {
  const world = await startRecordsWorld()
  const anna = { ID: '1', ACTIVE: true, NAME: 'Anna', LAST_NAME: 'Berg', UF_DEPARTMENT: [1], USER_TYPE: 'employee' }
  const EMAIL = 'anna.berg@portal.example'
  expect((await world.rest('user.get', { ID: 1 })).body).toMatchObject({
    result: [{ ...anna, EMAIL, LAST_LOGIN: expect.anything() }], total: 1,
  })
  setScope(world, ['user_brief', 'user_basic'])
  const [basic] = Object(await world.result('user.get', { FILTER: { ID: 1 } }))
  expect(basic).toMatchObject({ ...anna, EMAIL })
  expect(basic).not.toHaveProperty('LAST_LOGIN')
  setScope(world, ['user_brief'])
  const [brief] = Object(await world.result('user.get', { FILTER: { ID: 1 } }))
  expect(brief).toMatchObject(anna)
  expect(brief).not.toHaveProperty('EMAIL')
  expect(await world.result('user.fields')).not.toHaveProperty('EMAIL')
  expect(await world.result('user.current')).toEqual(brief)
  expect((await world.rest('user.add', {})).body).toMatchObject({ error: 'insufficient_scope' })
})

test.each<[string, object, string[]]>([
  ['user.get', {}, ['1', '2', '3']],
  ['user.get', { NAME: 'emil' }, ['2']],
  ['user.get', { FILTER: { '@NAME': ['Anna', 'Eve'] } }, ['1', '3']],
  ['user.get', { FILTER: { '%LAST_NAME': 'ov' } }, ['2']],
  ['user.get', { FILTER: { '!%=LAST_NAME': 'B%' } }, ['2', '3']],
  ['user.get', { FILTER: { '>ID': 1 }, sort: 'ID', order: 'DESC' }, ['3', '2']],
  ['user.get', { sort: 'LAST_NAME', order: 'ASC' }, ['1', '2', '3']],
  ['user.get', { FILTER: { ACTIVE: false } }, ['3']],
  ['user.get', { FILTER: { ACTIVE: 'Y' } }, ['1', '2']],
  ['user.get', { FILTER: { NO_SUCH: 1 } }, ['1', '2', '3']],
  ['user.search', { FILTER: { FIND: 'no em' } }, ['2']],
  ['user.search', { FILTER: { NAME: 'an' } }, ['1']],
])('%s with %j finds %j', async (method, params, ids) => {
  const { rest, portal } = await startRecordsWorld()
  portal.control.users.dismiss(portal.control.users.add(EVE).user.id)
  const { body } = await rest(method, { ...params, select: ['ID'] })
  expect(body).toMatchObject({ result: ids.map((ID) => ({ ID })), total: ids.length })
})

test('an empty list of users has no total, and one not counted has 0', async () => {
  const { rest } = await startRecordsWorld()
  expect((await rest('user.get', { ID: 99 })).body).toEqual({ result: [], time: expect.anything() })
  expect((await rest('user.get', { start: -1 })).body).toMatchObject({ total: 0 })
})

test('a user is invited by user.add, and ONUSERADD waits for the first sign-in', async () => {
  const world = await startRecordsWorld(['ONUSERADD'])
  const events = await eventsAfter(world, async () => {
    const own = { NAME: 'Eve', UF_DEPARTMENT: [1], WORK_POSITION: 'Baker', PERSONAL_BIRTHDAY: '1990-01-01' }
    expect(await world.result('user.add', { EMAIL: 'eve@portal.example', ...own })).toBe(3)
    expect(world.portal.control.users.list()[2]).toMatchObject({ id: 3, invited: true, active: true })
  })
  expect(events).toEqual([])
  const added = await eventsAfter(world, () => control(world.portal, '/users/3/sign-in', {}))
  expect(added).toEqual([{
    event: 'ONUSERADD',
    data: expect.objectContaining({
      ID: '3', ACTIVE: '1', EMAIL: 'eve@portal.example', NAME: 'Eve', UF_DEPARTMENT: ['1'], WORK_POSITION: 'Baker',
      PERSONAL_BIRTHDAY: '1990-01-01T00:00:00+00:00', DATE_REGISTER: '2026-01-01T00:00:00+00:00',
    }),
  }])
  expect(world.receiver.received[0]?.form['auth']).toMatchObject({ user_id: '3', scope: expect.stringContaining('user') })
  expect(world.receiver.received[0]?.form['auth']).not.toHaveProperty('refresh_token')
  expect(await eventsAfter(world, () => control(world.portal, '/users/3/sign-in', {}))).toEqual([])
})

test('ONUSERADD shows what the scope of the app shows', async () => {
  const world = await startRecordsWorld(['ONUSERADD'])
  setScope(world, ['user_brief'])
  world.portal.control.users.add(EVE)
  const [added] = await eventsAfter(world, async () => world.portal.control.users.signIn(3))
  expect(added).toMatchObject({ data: { ID: '3', NAME: 'Eve' } })
  expect(added).not.toHaveProperty('data.EMAIL')
})

test('a dismissed user’s tokens are good for nothing, until he signs in again', async () => {
  const world = await startRecordsWorld()
  expect((await world.asEmployee('user.current')).status).toBe(200)
  expect(await control(world.portal, '/users/2/dismiss', {})).toMatchObject({ status: 200, body: { user: { active: false } } })
  expect(await world.asEmployee('user.current')).toMatchObject({ status: 401, body: { error: 'authorization_error' } })
  await world.result('user.update', { ID: 2, ACTIVE: 'Y' })
  expect((await world.asEmployee('user.current')).status).toBe(200)
  await world.result('user.update', { ID: 2, ACTIVE: 'N' })
  expect((await world.asEmployee('profile')).status).toBe(401)
})

test('a user changes his own profile, but neither his department nor whether he works here', async () => {
  const world = await startRecordsWorld()
  const changes = { WORK_POSITION: 'Cook', NAME: 'Emilio', UF_DEPARTMENT: [7], ACTIVE: 'N' }
  expect((await world.asEmployee('user.update', { ID: 2, ...changes })).body['result']).toBe(true)
  expect((await world.asEmployee('user.current')).body['result']).toMatchObject({
    NAME: 'Emilio', WORK_POSITION: 'Cook', UF_DEPARTMENT: [1],
  })
  await world.result('user.update', { ID: 2, UF_DEPARTMENT: 7 })
  expect((await world.asEmployee('user.current')).body['result']).toMatchObject({ UF_DEPARTMENT: [7] })
})

test('options are kept per user', async () => {
  const { result, asEmployee } = await startRecordsWorld()
  await result('user.option.set', { options: { a: 1, b: 'x' } })
  await result('user.option.set', { options: { b: 'y' } })
  expect(await result('user.option.get')).toEqual({ a: 1, b: 'y' })
  expect(await result('user.option.get', { option: 'b' })).toBe('y')
  expect(await result('user.option.get', { option: 'toString' })).toBeNull()
  expect((await asEmployee('user.option.get')).body['result']).toEqual([])
})

test('access codes: everything for an administrator, himself and everybody for anyone else', async () => {
  const { result, asEmployee } = await startRecordsWorld()
  const has = async (ACCESS: unknown): Promise<unknown> => (await asEmployee('user.access', { ACCESS })).body['result']
  expect(await result('user.access', { ACCESS: ['G9'] })).toBe(true)
  expect([await has(['U1', 'G1']), await has(['U2']), await has('AU'), await has([])]).toEqual([false, true, true, false])
  expect(await result('access.name', { ACCESS: ['U2', 'AU', 'U99', 'G2'] })).toEqual({
    U2: { provider: 'Users', name: 'Emil Novak', provider_id: 'user' },
    AU: { provider: '', name: 'All authorized users', provider_id: 'other' },
    G2: { provider: '', name: 'All visitors', provider_id: 'other' },
  })
  expect(await result('access.name')).toBe(false)
})

test('there is one department', async () => {
  const { rest } = await startRecordsWorld()
  expect((await rest('department.get')).body).toMatchObject({ result: [{ ID: '1', NAME: 'Company', SORT: 500 }], total: 1 })
  expect((await rest('department.get', { ID: 2 })).body).toMatchObject({ result: [], total: 0 })
})

test('the control API refuses what makes no user', async () => {
  const { portal } = await startRecordsWorld()
  expect(await control(portal, '/users', { ...EVE, admin: true })).toMatchObject({
    status: 201, body: { user: { id: 3, ...EVE, admin: true, active: true, invited: true }, queued: 0, skipped: [] },
  })
  expect(await control(portal, '/users', EVE)).toMatchObject({ status: 400, body: { error: 'BAD_REQUEST' } })
  expect(await control(portal, '/users', { ...EVE, email: 'no address' })).toMatchObject({ status: 400 })
  expect(await control(portal, '/users/9/sign-in', {})).toMatchObject({ status: 404, body: { error: 'NOT_FOUND' } })
  expect(await control(portal, '/users/x/dismiss', {})).toMatchObject({ status: 400 })
  expect((await control(portal, '/users')).body['users']).toHaveLength(3)
})

test('an invited user may open an app and call as himself', async () => {
  const world = await startRecordsWorld()
  world.portal.control.users.add(EVE)
  const token = await tokenOf(world, 3)
  const { body } = await call(world.portal, 'profile', { auth: token })
  expect(body['result']).toMatchObject({ ID: '3', NAME: 'Eve', ADMIN: false })
})
