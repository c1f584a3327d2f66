import { B24OAuth } from '@bitrix24/b24jssdk'
import { expect, test } from 'vitest'
import { VirtualClock } from '@portline/runtime/clock.ts'
import { setScope, startRecordsWorld } from './test-support/records.ts'
import type { RecordsWorld } from './test-support/records.ts'
import { CLIENT_ID, CLIENT_SECRET } from './test-support/world.ts'

const HOUR_S = 3_600
const DEALS = 120

/** The official SDK as it is, over plain HTTP. It reads the real clock itself. */
async function startWithSdk(): Promise<{ world: RecordsWorld; client: B24OAuth }> {
  const clock = new VirtualClock(Date.now())
  const world = await startRecordsWorld([], { clock })
  const client = new B24OAuth(
    {
      applicationToken: world.portal.control.app(CLIENT_ID).application_token, userId: 1, memberId: world.portal.memberId,
      accessToken: world.admin, refreshToken: world.admin, expires: Math.floor(Date.now() / 1_000) + HOUR_S, expiresIn: HOUR_S,
      scope: 'crm,task,user', domain: world.portal.domain, clientEndpoint: `${world.portal.url}/rest/`,
      serverEndpoint: `${world.portal.oauthUrl}/rest/`, status: 'L',
    },
    { clientId: CLIENT_ID, clientSecret: CLIENT_SECRET },
  )
  client.offClientSideWarning()
  return { world, client }
}

async function addDeals(client: B24OAuth): Promise<unknown[]> {
  const fields = (index: number): object => ({ TITLE: `Deal ${index + 1}`, OPPORTUNITY: index })
  const added = await client.actions.v2.batchByChunk.make<number>({
    calls: Array.from({ length: DEALS }, (_, index) => ['crm.deal.add', { fields: fields(index) }]),
    options: { isHaltOnError: true },
  })
  expect(added.getErrorMessages()).toEqual([])
  return added.getData() ?? []
}

test('the unmodified SDK adds 120 deals in chunks and lists them, at once, page by page, and by its own cursor', async () => {
  const { client } = await startWithSdk()
  expect(await addDeals(client)).toEqual(Array.from({ length: DEALS }, (_, index) => index + 1))

  const page = await client.actions.v2.call.make<{ ID: string }[]>({
    method: 'crm.deal.list', params: { order: { ID: 'ASC' }, start: 100 },
  })
  expect(page.getData()?.result).toHaveLength(20)
  expect(page.getTotal()).toBe(DEALS)
  expect(page.isMore()).toBe(false)

  const list = await client.actions.v2.callList.make<{ ID: string }>({
    method: 'crm.deal.list', params: { filter: { '>OPPORTUNITY': 9 }, select: ['ID', 'TITLE'] }, idKey: 'ID',
  })
  expect(list.getErrorMessages()).toEqual([])
  expect(list.getData()?.map(({ ID }) => Number(ID))).toEqual(Array.from({ length: 110 }, (_, index) => index + 11))

  const sizes: number[] = []
  const selecting = { method: 'crm.deal.list', params: { select: ['ID'] }, idKey: 'ID' }
  for await (const chunk of client.actions.v2.fetchList.make<{ ID: string }>(selecting)) {
    sizes.push(chunk.length)
  }
  expect(sizes).toEqual([50, 50, 20])
})

test('the unmodified SDK batches with references, halts, and shows totals', async () => {
  const { client } = await startWithSdk()
  await addDeals(client)
  const batch = await client.actions.v2.batch.make({
    calls: {
      list: { method: 'crm.deal.list', params: { order: { ID: 'DESC' }, select: ['ID'] } },
      first: { method: 'crm.deal.get', params: { id: '$result[list][0][ID]' } },
    },
    options: { isHaltOnError: true, returnAjaxResult: true },
  })
  const data: unknown = batch.getData()
  expect(batch.isSuccess).toBe(true)
  const first: unknown = Object(data).first
  expect(Object(first).getData().result).toMatchObject({ ID: '120', TITLE: 'Deal 120' })
  expect(Object(Object(data).list).getTotal()).toBe(DEALS)
  // Not crm.deal.get: its errors have no code, as on a real portal, and inside a batch the SDK takes that for success.
  const halted = await client.actions.v2.batch.make({
    calls: [['crm.contact.delete', { id: 999 }], ['crm.deal.delete', { id: 1 }]],
    options: { isHaltOnError: true, returnAjaxResult: false },
  })
  expect(halted.getErrorMessages()).toEqual(['Element not found'])
  const still = await client.actions.v2.call.make<{ ID: string }>({ method: 'crm.deal.get', params: { id: 1 } })
  expect(still.getData()?.result).toMatchObject({ ID: '1' })
})

test('the unmodified SDK lists tasks by their camelCase id and users by theirs', async () => {
  const { world, client } = await startWithSdk()
  setScope(world, ['crm', 'task', 'user'])
  for (const TITLE of ['a', 'b', 'c']) await world.result('tasks.task.add', { fields: { TITLE, RESPONSIBLE_ID: 1 } })
  const tasks = await client.actions.v2.callList.make<{ id: string }>({
    method: 'tasks.task.list', params: { select: ['ID', 'TITLE'] }, idKey: 'id', cursorIdKey: 'ID', customKeyForResult: 'tasks',
  })
  expect(tasks.getData()?.map(({ id }) => id)).toEqual(['1', '2', '3'])
  const users = await client.actions.v2.callList.make<{ ID: string }>({ method: 'user.get', params: {}, idKey: 'ID' })
  expect(users.getData()?.map(({ ID }) => ID)).toEqual(['1', '2'])
})
