/** A field as tasks.task.getFields describes it. */
export interface TaskField {
  readonly title: string | null
  readonly type: 'array' | 'crm' | 'datetime' | 'disk_file' | 'double' | 'enum' | 'integer' | 'mail_message' | 'string'
  readonly values?: Readonly<Record<string, string>> | readonly string[]
  readonly default?: string | number | null
  readonly required?: true
  readonly primary?: true
}

const YES_NO = { Y: 'Yes', N: 'No' }
const STATUSES = { 2: 'Pending', 3: 'In Progress', 4: 'Awaiting Review', 5: 'Completed', 6: 'Deferred' }
const DURATIONS = ['secs', 'mins', 'hours', 'days', 'weeks', 'months', 'years']

/** api-reference/tasks/tasks-task-get-fields.md */
export const TASK_FIELDS: Readonly<Record<string, TaskField>> = {
  ID: { title: 'ID', type: 'integer', primary: true },
  PARENT_ID: { title: 'Base Task ID', type: 'integer', default: 0 },
  TITLE: { title: 'Title', type: 'string', required: true },
  DESCRIPTION: { title: 'Description', type: 'string' },
  MARK: { title: 'Rating', type: 'enum', values: { N: 'Negative', P: 'Positive' }, default: null },
  PRIORITY: { title: 'Priority', type: 'enum', values: { 2: 'High', 1: 'Medium', 0: 'Low' }, default: 1 },
  STATUS: { title: 'Status', type: 'enum', values: STATUSES, default: 2 },
  MULTITASK: { title: 'Multitask', type: 'enum', values: YES_NO, default: 'N' },
  NOT_VIEWED: { title: null, type: 'enum', values: YES_NO, default: 'N' },
  REPLICATE: { title: 'Recurring Task', type: 'enum', values: YES_NO, default: 'N' },
  GROUP_ID: { title: 'Project', type: 'integer', default: 0 },
  STAGE_ID: { title: 'Stage', type: 'integer', default: 0 },
  SPRINT_ID: { title: 'Sprint', type: 'integer', default: 0 },
  BACKLOG_ID: { title: 'Backlog', type: 'integer', default: 0 },
  CREATED_BY: { title: 'Creator', type: 'integer', required: true },
  CREATED_DATE: { title: null, type: 'datetime' },
  RESPONSIBLE_ID: { title: 'Participant', type: 'integer', required: true },
  ACCOMPLICES: { title: null, type: 'array' },
  AUDITORS: { title: null, type: 'array' },
  CHANGED_BY: { title: 'Modified By', type: 'integer' },
  CHANGED_DATE: { title: 'Modification Date', type: 'datetime' },
  STATUS_CHANGED_BY: { title: 'Status Changed By', type: 'integer' },
  STATUS_CHANGED_DATE: { title: 'Status Change Date', type: 'datetime' },
  CLOSED_BY: { title: 'Closed By', type: 'integer', default: null },
  CLOSED_DATE: { title: 'Closure Date', type: 'datetime', default: null },
  ACTIVITY_DATE: { title: null, type: 'datetime', default: null },
  DATE_START: { title: 'Start Date', type: 'datetime', default: null },
  DEADLINE: { title: 'Deadline', type: 'datetime', default: null },
  START_DATE_PLAN: { title: 'Planned Start', type: 'datetime', default: null },
  END_DATE_PLAN: { title: 'Planned Completion', type: 'datetime', default: null },
  GUID: { title: 'GUID', type: 'string', default: null },
  XML_ID: { title: 'XML_ID', type: 'string', default: null },
  COMMENTS_COUNT: { title: 'Number of Comments', type: 'integer', default: 0 },
  SERVICE_COMMENTS_COUNT: { title: null, type: 'integer', default: 0 },
  NEW_COMMENTS_COUNT: { title: null, type: 'integer', default: 0 },
  ALLOW_CHANGE_DEADLINE: { title: null, type: 'enum', values: YES_NO, default: 'N' },
  ALLOW_TIME_TRACKING: { title: null, type: 'enum', values: YES_NO, default: 'N' },
  TASK_CONTROL: { title: 'Accept Work', type: 'enum', values: YES_NO, default: 'N' },
  ADD_IN_REPORT: { title: 'Add to Report', type: 'enum', values: YES_NO, default: 'N' },
  FORKED_BY_TEMPLATE_ID: { title: 'Created from Template', type: 'enum', values: YES_NO, default: 'N' },
  TIME_ESTIMATE: { title: 'Estimated Time', type: 'integer' },
  TIME_SPENT_IN_LOGS: { title: 'Time Spent from Change History', type: 'integer' },
  MATCH_WORK_TIME: { title: 'Skip Weekends', type: 'integer' },
  FORUM_TOPIC_ID: { title: 'FORUM_TOPIC_ID', type: 'integer' },
  FORUM_ID: { title: 'FORUM_ID', type: 'integer' },
  SITE_ID: { title: 'SITE_ID', type: 'string' },
  SUBORDINATE: { title: 'Subordinate Task', type: 'enum', values: YES_NO, default: null },
  FAVORITE: { title: null, type: 'enum', values: YES_NO, default: null },
  EXCHANGE_MODIFIED: { title: 'EXCHANGE_MODIFIED', type: 'datetime', default: null },
  EXCHANGE_ID: { title: 'EXCHANGE_ID', type: 'integer', default: null },
  OUTLOOK_VERSION: { title: 'OUTLOOK_VERSION', type: 'integer', default: null },
  VIEWED_DATE: { title: 'Last Viewed Date', type: 'datetime' },
  SORTING: { title: 'Sorting Index', type: 'double' },
  DURATION_PLAN: { title: 'Spent (planned)', type: 'integer' },
  DURATION_FACT: { title: 'Spent (actual)', type: 'integer' },
  CHECKLIST: { title: null, type: 'array' },
  DURATION_TYPE: { title: 'DURATION_TYPE', type: 'enum', values: DURATIONS, default: 'days' },
  IS_MUTED: { title: null, type: 'enum', values: YES_NO, default: 'N' },
  IS_PINNED: { title: null, type: 'enum', values: YES_NO, default: 'N' },
  IS_PINNED_IN_GROUP: { title: null, type: 'enum', values: YES_NO, default: 'N' },
  FLOW_ID: { title: 'Flow', type: 'integer', default: 0 },
  UF_CRM_TASK: { title: 'CRM Entities', type: 'crm' },
  UF_TASK_WEBDAV_FILES: { title: 'Upload Files', type: 'disk_file' },
  UF_MAIL_MESSAGE: { title: null, type: 'mail_message' },
}
