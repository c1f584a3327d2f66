import { isoDateTime } from '../dates.ts'
import type { DraftValues, Entity, Field, Fields, Moment } from '../entity.ts'
import { atNow, byUser } from './common.ts'
import type { TaskField } from './task-fields.ts'
import { TASK_FIELDS } from './task-fields.ts'

/** What only the portal itself sets. */
const READ_ONLY = new Set([
  'ID', 'CREATED_DATE', 'CHANGED_BY', 'CHANGED_DATE', 'STATUS_CHANGED_BY', 'STATUS_CHANGED_DATE', 'CLOSED_BY', 'CLOSED_DATE',
  'ACTIVITY_DATE', 'COMMENTS_COUNT', 'SERVICE_COMMENTS_COUNT', 'NEW_COMMENTS_COUNT', 'FORUM_TOPIC_ID', 'FORUM_ID', 'SITE_ID',
  'FAVORITE', 'OUTLOOK_VERSION', 'VIEWED_DATE', 'CHECKLIST', 'IS_MUTED', 'IS_PINNED', 'IS_PINNED_IN_GROUP', 'NOT_VIEWED',
])

type Initial = NonNullable<Field['initial']>
const PENDING = '2'
const COMPLETED = '5'

const INITIAL: Readonly<Record<string, Initial>> = {
  PRIORITY: '1', STATUS: PENDING, MULTITASK: 'N', NOT_VIEWED: 'N', REPLICATE: 'N', STAGE_ID: '0', GROUP_ID: '0', SITE_ID: 's1',
  ALLOW_CHANGE_DEADLINE: 'N', ALLOW_TIME_TRACKING: 'N', TASK_CONTROL: 'N', ADD_IN_REPORT: 'N', TIME_ESTIMATE: '0',
  MATCH_WORK_TIME: 'N', SUBORDINATE: 'N', FAVORITE: 'N', OUTLOOK_VERSION: '1', DURATION_TYPE: 'days', IS_MUTED: 'N',
  IS_PINNED: 'N', IS_PINNED_IN_GROUP: 'N', CREATED_BY: byUser, CHANGED_BY: byUser, CREATED_DATE: atNow, CHANGED_DATE: atNow,
  ACTIVITY_DATE: atNow, STATUS_CHANGED_DATE: atNow,
}

/** Lists are plain values in a task; files and mails are kept as the text they came as. */
function engineField(name: string, { title, type, values }: TaskField): Field {
  const isYesNo = values !== undefined && !Array.isArray(values) && Object.hasOwn(values, 'Y')
  const initial = INITIAL[name]
  return {
    type: engineType(name, type, isYesNo),
    title: title ?? name,
    ...(type === 'array' || name.startsWith('UF_') ? { multiple: true as const } : {}),
    ...(READ_ONLY.has(name) ? { readOnly: true as const } : {}),
    ...(initial === undefined ? {} : { initial }),
  }
}

function engineType(name: string, type: TaskField['type'], isYesNo: boolean): Field['type'] {
  if (isYesNo || name === 'MATCH_WORK_TIME') return 'char'
  return type === 'integer' || type === 'double' || type === 'datetime' ? type : 'string'
}

const fields: Fields = Object.fromEntries(Object.entries(TASK_FIELDS).map(([name, field]) => [name, engineField(name, field)]))

/** The literal text that stands in task events where there is nothing to say (api-reference/tasks/events-tasks). */
const NOTHING = 'undefined'

export const task: Entity = {
  table: 'task',
  fields,
  participants: ['CREATED_BY', 'RESPONSIBLE_ID', 'ACCOMPLICES', 'AUDITORS'],
  event: (change, id) => ({
    event: `ONTASK${change}`,
    data: {
      FIELDS_BEFORE: change === 'ADD' ? NOTHING : { ID: id },
      FIELDS_AFTER: change === 'DELETE' ? NOTHING : { ID: id },
      IS_ACCESSIBLE_BEFORE: change === 'ADD' ? 'N' : NOTHING,
      IS_ACCESSIBLE_AFTER: change === 'DELETE' ? 'N' : NOTHING,
    },
  }),
  derive: (draft, before, moment) => {
    if (before === undefined) return
    draft['CHANGED_DATE'] = isoDateTime(moment.nowMs)
    draft['ACTIVITY_DATE'] = isoDateTime(moment.nowMs)
    draft['CHANGED_BY'] = String(moment.userId)
    draft['OUTLOOK_VERSION'] = String(Number(draft['OUTLOOK_VERSION']) + 1)
    if (before['STATUS'] !== draft['STATUS']) deriveStatus(draft, moment)
  },
}

function deriveStatus(draft: DraftValues, { nowMs, userId }: Moment): void {
  draft['STATUS_CHANGED_DATE'] = isoDateTime(nowMs)
  draft['STATUS_CHANGED_BY'] = String(userId)
  if (draft['STATUS'] === COMPLETED) {
    draft['CLOSED_DATE'] = isoDateTime(nowMs)
    draft['CLOSED_BY'] = String(userId)
  } else {
    delete draft['CLOSED_DATE']
    delete draft['CLOSED_BY']
  }
}
