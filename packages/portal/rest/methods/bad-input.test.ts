import { beforeAll, expect, test } from 'vitest'
import { PORTAL_LIMITS } from '../../limits.ts'
import { startRecordsWorld } from '../../test-support/records.ts'
import type { WorldState } from '../../world/state.ts'

/** A portal with one record of each kind, all of them the administrator's, and a task with a sub-task. */
let state: WorldState

beforeAll(async () => {
  const world = await startRecordsWorld()
  for (const kind of KINDS) await world.result(`crm.${kind}.add`, { fields: {} })
  await world.result('tasks.task.add', { fields: { TITLE: 'a', RESPONSIBLE_ID: 1 } })
  await world.result('tasks.task.add', { fields: { TITLE: 'b', RESPONSIBLE_ID: 1, PARENT_ID: 1 } })
  state = world.portal.control.snapshot()
})

const KINDS = ['lead', 'deal', 'contact', 'company'] as const

type Row = [method: string, params: object, error: string, text: string, status?: number]

function mustBeArray(method: string, name: string, others: object = {}): Row[] {
  return ['text', '', 5, true].map((value) => [method, { ...others, [name]: value }, '', `Parameter '${name}' must be array.`])
}

function badIds(method: string, others: object = {}): Row[] {
  return [undefined, null, '', 0, -1, '1x', 'x', 1.5, [], { a: 1 }, '99999999999999999999']
    .map((id) => [method, { ...others, id }, '', 'ID is not defined or invalid.'])
}

const CRM_ROWS: Row[] = KINDS.flatMap((kind): Row[] => [
  [`crm.${kind}.add`, {}, '', "Parameter 'fields' must be array."],
  ...mustBeArray(`crm.${kind}.add`, 'fields'),
  ...mustBeArray(`crm.${kind}.add`, 'params', { fields: {} }),
  ...mustBeArray(`crm.${kind}.update`, 'fields', { id: 1 }),
  ...mustBeArray(`crm.${kind}.update`, 'params', { id: 1, fields: {} }),
  ...mustBeArray(`crm.${kind}.list`, 'filter'),
  ...mustBeArray(`crm.${kind}.list`, 'order'),
  ...mustBeArray(`crm.${kind}.list`, 'select'),
  ...badIds(`crm.${kind}.get`),
  ...badIds(`crm.${kind}.delete`),
  ...badIds(`crm.${kind}.update`, { fields: {} }),
  [`crm.${kind}.get`, { id: 99 }, '', 'Not found'],
])

const EMAILS: [string, string][] = [['lead', 'Work e-mail'], ['contact', 'Work e-mail'], ['company', 'E-mail']]
const TASK_MISSING = 'CTaskItem All parameters in the constructor must have real class type (internal error)'
const WRONG_SELECT = 'Invalid value {x} to match with parameter {select}. Should be value of type array. (internal error)'
const NO_FIELDS = 'Could not find value for parameter {fields} (internal error)'
const ANNA = 'ANNA.berg@portal.example'
const CYCLE = 'Creating cyclic links in tasks is prohibited<br>'
const NO_SUCH_USER = 'The user specified in the "Responsible" field was not found<br>'
const TASK = { TITLE: 'x', RESPONSIBLE_ID: 1 }

function taskFields(method: string, others: object): Row[] {
  const given = (fields: object): object => ({ ...others, fields })
  return [
    [method, others, '100', NO_FIELDS],
    [method, given({}), '100', NO_FIELDS],
    [method, { ...others, fields: 'x' }, '100', WRONG_SELECT.replace('select', 'fields')],
    [method, given({ ...TASK, TITLE: '' }), 'ERROR_CORE', 'Task title is not specified<br>'],
    [method, given({ ...TASK, RESPONSIBLE_ID: 0 }), 'ERROR_CORE', 'Responsible person not specified<br>'],
    [method, given({ ...TASK, RESPONSIBLE_ID: 99 }), 'ERROR_CORE', NO_SUCH_USER],
    [method, given({ ...TASK, STATUS: 7 }), 'ERROR_CORE', 'Invalid status<br>'],
    [method, given({ ...TASK, STATUS: 'toString' }), 'ERROR_CORE', 'Invalid status<br>'],
    [method, given({ ...TASK, PARENT_ID: 99 }), 'ERROR_CORE', 'The task specified in the "Parent Task" field was not found<br>'],
    [
      method, given({ ...TASK, START_DATE_PLAN: '2026-02-02', END_DATE_PLAN: '2026-02-01' }),
      'ERROR_CORE', 'The end date specified in the scheduling is earlier than the start date<br>',
    ],
  ]
}

function badTaskIds(method: string, others: object = {}): Row[] {
  return [
    [method, others, '100', TASK_MISSING],
    ...['x', '', 0, -5, [], false].map((taskId): Row => [method, { ...others, taskId }, '0', 'wrong task id']),
  ]
}

const ROWS: Row[] = [
  ...CRM_ROWS,
  ['crm.lead.update', { id: 99, fields: {} }, '', 'Not found'],
  ['crm.deal.update', { id: 99, fields: {} }, '', 'Not found'],
  ['crm.contact.update', { id: 99, fields: {} }, '', 'Contact is not found'],
  ['crm.company.update', { id: 99, fields: {} }, '', 'Company is not found'],
  ['crm.lead.delete', { id: 99 }, '', 'Not found'],
  ['crm.deal.delete', { id: 99 }, '', 'Not found'],
  ['crm.contact.delete', { id: 99 }, 'ERROR_CORE', 'Element not found'],
  ['crm.company.delete', { id: 99 }, '', 'Company is not found'],
  ['crm.deal.add', { fields: { CURRENCY_ID: 'XXX' } }, '', 'Invalid value for the "Currency" field'],
  ['crm.deal.update', { id: 1, fields: { CURRENCY_ID: 'XXX' } }, '', 'Invalid value for the "Currency" field'],
  ...EMAILS.map(([kind, name]): Row => [
    `crm.${kind}.add`, { fields: { EMAIL: [{ VALUE: 'nobody' }] } },
    'ERROR_CORE', `The field \`${name}\` contains an invalid address`,
  ]),
  [
    'crm.contact.update', { id: 1, fields: { EMAIL: [{ VALUE: 'a@b', VALUE_TYPE: 'HOME' }] } },
    'ERROR_CORE', 'The field `Home e-mail` contains an invalid address',
  ],
  ...taskFields('tasks.task.add', {}),
  ...taskFields('tasks.task.update', { taskId: 1 }),
  ...badTaskIds('tasks.task.get'),
  ...badTaskIds('tasks.task.update', { fields: { TITLE: 'x' } }),
  ...badTaskIds('tasks.task.delete'),
  ['tasks.task.get', { taskId: 1, select: 'x' }, '100', WRONG_SELECT],
  ['tasks.task.list', { select: 'x' }, '100', WRONG_SELECT],
  ['tasks.task.list', { order: 'x' }, '100', WRONG_SELECT.replace('select', 'order')],
  ['tasks.task.list', { filter: 'x' }, '100', WRONG_SELECT.replace('select', 'filter')],
  ['tasks.task.list', { order: { NO_SUCH: 'asc' } }, '0', 'Invalid sorting key (internal error)'],
  ['tasks.task.list', { order: { __proto__x: 'asc' } }, '0', 'Invalid sorting key (internal error)'],
  ['tasks.task.update', { taskId: 99, fields: { TITLE: 'x' } }, '0', 'Action on the task is not allowed (internal error)'],
  ['tasks.task.update', { taskId: 1, fields: { PARENT_ID: 1 } }, 'ERROR_CORE', 'Cannot bind the node to itself<br>'],
  ['tasks.task.update', { taskId: 1, fields: { PARENT_ID: 2 } }, 'ERROR_CORE', CYCLE],
  ['tasks.task.delete', { taskId: 99 }, '1048582', 'No access to delete the task'],
  ['user.add', {}, 'ERROR_ARGUMENT', 'wrong_email'],
  ['user.add', { EMAIL: 'nobody' }, 'ERROR_ARGUMENT', 'wrong_email'],
  ['user.add', { EMAIL: ['a@b.example'] }, 'ERROR_ARGUMENT', 'wrong_email'],
  ['user.add', { EMAIL: ANNA, UF_DEPARTMENT: 1 }, 'ERROR_ARGUMENT', 'A user with this email already exists'],
  ['user.add', { EMAIL: 'a@b.example' }, 'ERROR_ARGUMENT', 'no_extranet_field'],
  ['user.add', { EMAIL: 'a@b.example', EXTRANET: 'Y' }, 'ERROR_ARGUMENT', 'no_sonet_group_for_extranet'],
  ['user.add', { EMAIL: 'a@b.example', EXTRANET: 'Y', SONET_GROUP_ID: [5] }, 'ERROR_NO_GROUP', 'Group is specified incorrectly'],
  ['user.add', { EMAIL: 'a@b.example', UF_DEPARTMENT: 1, WORK_PHONE: 5 }, 'ERROR_ARGUMENT', 'invalid_type_field'],
  ['user.update', {}, 'ERROR_CORE', 'access_denied'],
  ['user.update', { ID: 'x' }, 'ERROR_CORE', 'access_denied'],
  ['user.update', { ID: 99 }, 'ERROR_CORE', ''],
  ['user.update', { ID: 2, EMAIL: 'nobody' }, 'ERROR_CORE', ''],
  ['user.option.set', {}, 'ERROR_ARGUMENT', "Argument 'options' is null or empty"],
  ['user.option.set', { options: 'x' }, 'ERROR_ARGUMENT', "Argument 'options' is null or empty"],
  ['user.option.set', { options: [] }, 'ERROR_ARGUMENT', "Argument 'options' is null or empty"],
]

test.each(ROWS)('%s with %j is answered %s, %s', async (method, params, error, text, status = 400) => {
  const { rest } = await startRecordsWorld([], { state })
  expect(await rest(method, params)).toMatchObject({ status, body: { error, error_description: text } })
})

test.each<Row>([
  ['crm.deal.get', { id: 1 }, '', 'Access denied.'],
  ['crm.lead.update', { id: 1, fields: {} }, '', 'Access denied.'],
  ['crm.contact.delete', { id: 1 }, '', 'Access denied.'],
  ['crm.company.get', { id: 1 }, '', 'Access denied.'],
  ['tasks.task.update', { taskId: 1, fields: { TITLE: 'x' } }, '0', 'Action on the task is not allowed (internal error)'],
  ['tasks.task.delete', { taskId: 1 }, '1048582', 'No access to delete the task'],
  ['user.add', { EMAIL: 'a@b.example' }, 'ERROR_CORE', 'access_denied'],
  ['user.update', { ID: 1, NAME: 'x' }, 'ERROR_CORE', 'access_denied'],
])('an employee who calls %s with %j is answered %s, %s', async (method, params, error, text) => {
  const { asEmployee } = await startRecordsWorld([], { state })
  expect(await asEmployee(method, params)).toMatchObject({ status: 400, body: { error, error_description: text } })
})

/** Every way to be wrong in every parameter: each gets an answer of Bitrix24's, never a 500. */
const NONSENSE: readonly unknown[] = [
  null, '', 'x', -1, 1e300, 0, true, [], [[]], {}, { '>': {} }, { ID: {} }, { '!@ID': null }, { '%TITLE': [[]] },
  { constructor: 1 }, [{}], { __proto__: null, toString: 'x' }, { PHONE: 5, EMAIL: [null] }, { EMAIL: { VALUE: {} } },
  { DEADLINE: 'soon' }, { ACCOMPLICES: { a: {} } }, { TITLE: ['x'], RESPONSIBLE_ID: {} }, { UF_CRM_1: { a: [{}] } },
  { BEGINDATE: '31.02.2026' },
]
const NONSENSICAL: [method: string, names: string[], others?: object][] = [
  ['crm.contact.add', ['fields', 'params'], { fields: {} }],
  ['crm.contact.get', ['id']],
  ['crm.contact.list', ['filter', 'order', 'select', 'start']],
  ['crm.contact.update', ['id', 'fields', 'params'], { id: 1, fields: {} }],
  ['crm.contact.delete', ['id']],
  ['crm.contact.fields', ['id']],
  ['crm.deal.add', ['fields']],
  ['crm.deal.list', ['filter', 'order', 'select']],
  ['crm.item.add', ['entityTypeId', 'fields'], { entityTypeId: 3, fields: {} }],
  ['crm.item.list', ['filter', 'order', 'select', 'start'], { entityTypeId: 3 }],
  ['crm.item.update', ['id', 'fields'], { entityTypeId: 2, id: 1, fields: {} }],
  ['tasks.task.add', ['fields']],
  ['tasks.task.get', ['taskId', 'select'], { taskId: 1 }],
  ['tasks.task.list', ['filter', 'order', 'select', 'start']],
  ['tasks.task.update', ['taskId', 'fields'], { taskId: 1, fields: { TITLE: 'x' } }],
  ['tasks.task.delete', ['taskId']],
  ['user.get', ['FILTER', 'ID', 'NAME_SEARCH', 'sort', 'order', 'select', 'start'], { sort: 'NAME', order: 'ASC' }],
  ['user.search', ['FILTER', 'FIND']],
  ['user.add', ['EMAIL', 'UF_DEPARTMENT', 'NAME', 'EXTRANET'], { EMAIL: 'a@b.example', UF_DEPARTMENT: 1 }],
  ['user.update', ['ID', 'NAME', 'UF_DEPARTMENT', 'PERSONAL_BIRTHDAY', 'WORK_POSITION'], { ID: 2 }],
  ['user.access', ['ACCESS']],
  ['access.name', ['ACCESS']],
  ['user.option.get', ['option']],
  ['user.option.set', ['options']],
  ['department.get', ['ID', 'NAME']],
]

test.each(NONSENSICAL)('%s takes any nonsense in %j without failing itself', async (method, names, others = {}) => {
  const { rest } = await startRecordsWorld([], { state })
  for (const value of NONSENSE) {
    for (const name of names) {
      const { status, body } = await rest(method, { ...others, [name]: value })
      expect([200, 400], `${method} ${name}=${JSON.stringify(value)}: ${JSON.stringify(body)}`).toContain(status)
    }
  }
})

test('what is more than the portal keeps is refused as a full disk', async () => {
  const { rest } = await startRecordsWorld([], { state })
  const fields = { COMMENTS: 'x'.repeat(PORTAL_LIMITS.maxRecordChars) }
  const full = { status: 400, body: { error: '', error_description: 'Disk resource exhausted' } }
  expect(await rest('crm.deal.add', { fields })).toMatchObject(full)
  expect(await rest('crm.deal.update', { id: 1, fields })).toMatchObject(full)
  expect((await rest('crm.deal.list')).body['total']).toBe(1)
})
