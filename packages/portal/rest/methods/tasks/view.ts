import { mayUse } from '../../../records/access.ts'
import { isCustom } from '../../../records/entity.ts'
import { task } from '../../../records/entities/task.ts'
import type { RecordRow } from '../../../world/records.ts'
import type { User } from '../../../world/state.ts'
import type { RestCall } from '../../method.ts'

/** Shown only when `select` names them. */
const ON_REQUEST = new Set(['UF_CRM_TASK', 'UF_TASK_WEBDAV_FILES', 'UF_MAIL_MESSAGE'])
const DEFAULT_FIELDS = Object.keys(task.fields).filter((name) => !ON_REQUEST.has(name))

/** `CREATED_DATE` → `createdDate` */
export function camelCase(name: string): string {
  return name.toLowerCase().replaceAll(/_([a-z0-9])/g, (_match, char: string) => char.toUpperCase())
}

/** The answer of get, add and update: a task with what its card needs. */
export function viewTask(call: RestCall, row: RecordRow, select: readonly string[] = []): Record<string, unknown> {
  const names = selected(select.length === 0 ? [] : [...select, 'FAVORITE'])
  return {
    ...plainView(call, row, names),
    ...(names.includes('NEW_COMMENTS_COUNT') ? { newCommentsCount: 0 } : {}),
    action: actions(call.caller.user, row),
    ...(names.includes('CHECKLIST') ? { checkListTree: checkListTree(call.caller.user.id), checkListCanAdd: true } : {}),
  }
}

/** One task of a list; `subStatus` is the status sorted by, with the meta-status of an overdue task. */
export function viewListed(call: RestCall, row: RecordRow, select: readonly string[]): Record<string, unknown> {
  const names = selected(select)
  return { ...plainView(call, row, names), ...(names.includes('STATUS') ? { subStatus: subStatus(call, row) } : {}) }
}

function selected(select: readonly string[]): readonly string[] {
  if (select.length === 0) return DEFAULT_FIELDS
  const named = select.filter((name) => Object.hasOwn(task.fields, name) || isCustom(name))
  return select.includes('*') ? [...DEFAULT_FIELDS, ...named] : ['ID', ...named]
}

function plainView(call: RestCall, row: RecordRow, names: readonly string[]): Record<string, unknown> {
  const view: Record<string, unknown> = {}
  for (const name of names) if (name !== 'NEW_COMMENTS_COUNT') view[camelCase(name)] = shown(row, name)
  view['descriptionInBbcode'] = 'Y'
  view['group'] = []
  if (names.includes('CREATED_BY')) view['creator'] = person(call, row.values['CREATED_BY'])
  if (names.includes('RESPONSIBLE_ID')) view['responsible'] = person(call, row.values['RESPONSIBLE_ID'])
  if (names.includes('ACCOMPLICES')) view['accomplicesData'] = people(call, row.values['ACCOMPLICES'])
  if (names.includes('AUDITORS')) view['auditorsData'] = people(call, row.values['AUDITORS'])
  return view
}

function shown(row: RecordRow, name: string): unknown {
  if (name === 'ID') return String(row.id)
  const value = row.values[name]
  if (name === 'ACCOMPLICES' || name === 'AUDITORS' || name === 'CHECKLIST') return value ?? []
  return value ?? (name === 'DESCRIPTION' ? '' : null)
}

function person(call: RestCall, id: unknown): object {
  const user = call.context.world.user(Number(id))
  return {
    id: String(id),
    name: user === undefined ? '' : `${user.name} ${user.lastName}`.trim(),
    link: `/company/personal/user/${String(id)}/`,
    icon: '/bitrix/images/tasks/default_avatar.png',
    workPosition: user?.profile?.['WORK_POSITION'] ?? '',
  }
}

function people(call: RestCall, ids: unknown): object {
  return Array.isArray(ids) ? Object.fromEntries(ids.map((id) => [String(id), person(call, id)])) : []
}

function subStatus(call: RestCall, row: RecordRow): unknown {
  const { DEADLINE, STATUS } = row.values
  const overdue = typeof DEADLINE === 'string' && Date.parse(DEADLINE) < call.context.clock.now() && STATUS !== '5'
  return overdue ? '-1' : STATUS
}

/** What the caller may do with the task now, under the names of the task's card. */
function actions(user: User, row: RecordRow): Record<string, boolean> {
  const mine = mayUse(user, task, row)
  const owner = user.admin || row.values['CREATED_BY'] === String(user.id)
  const status = row.values['STATUS']
  const open = mine && (status === '2' || status === '3')
  return {
    accept: false, decline: false, complete: open, approve: owner && status === '4', disapprove: owner && status === '4',
    start: mine && status === '2', pause: mine && status === '3', delegate: mine, remove: owner, edit: mine, defer: open,
    renew: mine && (status === '4' || status === '5' || status === '6'), create: true, changeDeadline: mine,
    checklistAddItems: mine, addFavorite: true, deleteFavorite: false, rate: owner, take: false, 'edit.originator': false,
    'checklist.reorder': mine, 'elapsedtime.add': mine, 'dayplan.timer.toggle': false, 'edit.plan': mine, 'checklist.add': mine,
    'favorite.add': true, 'favorite.delete': false,
  }
}

function checkListTree(userId: number): object {
  const fields = {
    id: null, copiedId: null, entityId: null, userId, createdBy: null, parentId: null, title: '', sortIndex: null,
    displaySortIndex: '', isComplete: false, isImportant: false, completedCount: 0, members: [], attachments: [], nodeId: null,
  }
  return { nodeId: 0, fields, action: [], descendants: [] }
}
