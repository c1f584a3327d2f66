import { expect, test } from 'vitest'
import { eventsAfter, startRecordsWorld } from '../../../test-support/records.ts'

const ANYTHING = expect.anything()
const MINE = { TITLE: 'Write', RESPONSIBLE_ID: 1 }

test('a task goes in with capitals and comes out in camelCase', async () => {
  const { result, clock } = await startRecordsWorld()
  const added = await result('tasks.task.add', {
    fields: {
      ...MINE, DESCRIPTION: 'b', DEADLINE: '2026-02-01T12:00:00+03:00', AUDITORS: [2], PRIORITY: 2, STATUS_CHANGED_BY: 9,
    },
  })
  expect(added).toMatchObject({
    task: {
      id: '1', title: 'Write', description: 'b', deadline: '2026-02-01T09:00:00+00:00', auditors: ['2'], accomplices: [],
      priority: '2', createdBy: '1', responsibleId: '1', status: '2', mark: null, parentId: null, groupId: '0',
      statusChangedBy: null,
      createdDate: '2026-01-01T00:00:01+00:00', guid: expect.stringMatching(/^\{[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\}$/),
      creator: { id: '1', name: 'Anna Berg', link: '/company/personal/user/1/' }, group: [], accomplicesData: [],
      auditorsData: { 2: { id: '2', name: 'Emil Novak' } }, action: { start: true, pause: false, 'edit.originator': false },
      checkListTree: { nodeId: 0 }, checkListCanAdd: true, newCommentsCount: 0, descriptionInBbcode: 'Y', siteId: 's1',
    },
  })
  expect(added).not.toHaveProperty('task.ufCrmTask')
  await clock.advance(60_000)
  expect(await result('tasks.task.update', { taskId: 1, fields: { STATUS: 5, GUID: 'mine' } })).toMatchObject({
    task: {
      status: '5', closedBy: '1', closedDate: '2026-01-01T00:01:01+00:00', statusChangedBy: '1', outlookVersion: '2',
      guid: expect.stringMatching(/^\{/), title: 'Write', action: { renew: true, complete: false },
    },
  })
  expect(await result('tasks.task.get', { taskId: '1', select: ['ID', 'TITLE', 'UF_CRM_TASK'] })).toEqual({
    task: { id: '1', title: 'Write', ufCrmTask: null, favorite: 'N', descriptionInBbcode: 'Y', group: [], action: ANYTHING },
  })
  expect(await result('tasks.task.delete', { taskId: 1 })).toEqual({ task: true })
  expect(await result('tasks.task.get', { taskId: 1 })).toEqual([])
})

test('its events say `undefined` where there is nothing to say, as real ones do', async () => {
  const world = await startRecordsWorld(['ONTASKADD', 'ONTASKUPDATE', 'ONTASKDELETE'])
  const events = await eventsAfter(world, async () => {
    await world.result('tasks.task.add', { fields: MINE })
    await world.result('tasks.task.update', { taskId: 1, fields: { TITLE: 'b' } })
    await world.result('tasks.task.delete', { taskId: 1 })
  })
  const ID = { ID: '1' }
  const nothing = { IS_ACCESSIBLE_BEFORE: 'undefined', IS_ACCESSIBLE_AFTER: 'undefined' }
  expect(events).toEqual([
    { event: 'ONTASKADD', data: { ...nothing, FIELDS_BEFORE: 'undefined', FIELDS_AFTER: ID, IS_ACCESSIBLE_BEFORE: 'N' } },
    { event: 'ONTASKUPDATE', data: { ...nothing, FIELDS_BEFORE: ID, FIELDS_AFTER: ID } },
    { event: 'ONTASKDELETE', data: { ...nothing, FIELDS_BEFORE: ID, FIELDS_AFTER: 'undefined', IS_ACCESSIBLE_AFTER: 'N' } },
  ])
  expect(world.portal.control.deliveries().deliveries.every(({ category }) => category === 'default')).toBe(true)
})

test('lists are sorted newest first, filtered and paged, and show the status twice', async () => {
  const { rest, result, asEmployee } = await startRecordsWorld()
  for (let count = 0; count < 52; count++) await result('tasks.task.add', { fields: { ...MINE, TITLE: `Task ${count}` } })
  await result('tasks.task.add', { fields: { TITLE: 'Emil’s', RESPONSIBLE_ID: 2, DEADLINE: '2025-12-01', STATUS: 3 } })
  const { body } = await rest('tasks.task.list', { select: ['ID', 'STATUS'] })
  expect(body).toMatchObject({ total: 53, next: 50 })
  expect(Object(body['result']).tasks).toHaveLength(50)
  expect(Object(body['result']).tasks[0]).toMatchObject({ id: '53', status: '3', subStatus: '-1' })
  const ids = async (params: object): Promise<unknown[]> => {
    const tasks: { id: string }[] = Object(await result('tasks.task.list', params)).tasks
    return tasks.map(({ id }) => id)
  }
  expect(await ids({ filter: { REAL_STATUS: 3 } })).toEqual(['53'])
  expect(await ids({ filter: { TITLE: 'Task 5%' }, order: { ID: 'asc' } })).toEqual(['6', '51', '52'])
  expect(await ids({ filter: { '>ID': 51, '!RESPONSIBLE_ID': 2 }, order: { TITLE: 'desc' }, start: -1 })).toEqual(['52'])
  expect((await asEmployee('tasks.task.list')).body).toMatchObject({ total: 1, result: { tasks: [{ id: '53' }] } })
  expect((await asEmployee('tasks.task.get', { taskId: 1 })).body['result']).toEqual([])
})

test('fields are described, with their values', async () => {
  const { result } = await startRecordsWorld()
  expect(await result('tasks.task.getFields')).toMatchObject({
    fields: {
      ID: { title: 'ID', type: 'integer', primary: true }, TITLE: { type: 'string', required: true },
      STATUS: { type: 'enum', values: { 2: 'Pending', 5: 'Completed' }, default: 2 },
    },
  })
})
