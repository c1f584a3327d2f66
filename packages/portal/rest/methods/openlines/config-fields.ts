import { PHP_OBJECT } from '../../php-json.ts'

const YES_NO_NO = [
  'CRM_CHAT_TRACKER', 'WATCH_TYPING', 'WELCOME_MESSAGE', 'AGREEMENT_MESSAGE', 'CATEGORY_ENABLE', 'WORKTIME_ENABLE', 'TEMPORARY',
  'KPI_FIRST_ANSWER_ALERT', 'KPI_FURTHER_ANSWER_ALERT', 'KPI_CHECK_OPERATOR_ACTIVITY', 'SEND_NOTIFICATION_EMPTY_QUEUE',
  'USE_WELCOME_FORM', 'IGNORE_WELCOME_FORM_RESPONSIBLE', 'WELCOME_BOT_ENABLE',
] as const
const YES_NO_YES = [
  'ACTIVE', 'CRM', 'CRM_CREATE_THIRD', 'CRM_FORWARD', 'CRM_TRANSFER_CHANGE', 'CHECK_AVAILABLE', 'VOTE_MESSAGE',
  'VOTE_BEFORE_FINISH', 'VOTE_CLOSING_DELAY', 'WELCOME_FORM_DELAY', 'SEND_WELCOME_EACH_SESSION', 'CONFIRM_CLOSE',
] as const
/** Numbers and words; numbers are texts too, as the database gives them. */
const PLAIN = {
  CRM_CREATE: 'lead', CRM_CREATE_SECOND: '0', CRM_SOURCE: 'create', QUEUE_TIME: '60', NO_ANSWER_TIME: '60', QUEUE_TYPE: 'evenly',
  WELCOME_MESSAGE_TEXT: '', VOTE_TIME_LIMIT: '0', VOTE_MESSAGE_1_TEXT: '', VOTE_MESSAGE_1_LIKE: '', VOTE_MESSAGE_1_DISLIKE: '',
  VOTE_MESSAGE_2_TEXT: '', VOTE_MESSAGE_2_LIKE: '', VOTE_MESSAGE_2_DISLIKE: '', AGREEMENT_ID: '0', CATEGORY_ID: '0',
  WELCOME_BOT_JOIN: 'always', WELCOME_BOT_ID: '0', WELCOME_BOT_TIME: '600', WELCOME_BOT_LEFT: 'queue', NO_ANSWER_RULE: 'none',
  NO_ANSWER_FORM_ID: '0', NO_ANSWER_BOT_ID: '0', NO_ANSWER_TEXT: '', WORKTIME_FROM: '9', WORKTIME_TO: '18.30',
  WORKTIME_TIMEZONE: 'Europe/Berlin', WORKTIME_DAYOFF_RULE: 'none', WORKTIME_DAYOFF_FORM_ID: '0', WORKTIME_DAYOFF_BOT_ID: '0',
  WORKTIME_DAYOFF_TEXT: '', CLOSE_RULE: 'none', CLOSE_FORM_ID: '0', CLOSE_BOT_ID: '0', CLOSE_TEXT: '', FULL_CLOSE_TIME: '10',
  AUTO_CLOSE_RULE: 'none', AUTO_CLOSE_FORM_ID: '0', AUTO_CLOSE_BOT_ID: '0', AUTO_CLOSE_TIME: '14400', AUTO_CLOSE_TEXT: '',
  AUTO_EXPIRE_TIME: '86400', LANGUAGE_ID: 'en', QUICK_ANSWERS_IBLOCK_ID: '0', SESSION_PRIORITY: '0',
  TYPE_MAX_CHAT: 'answered_new', MAX_CHAT: '0', OPERATOR_DATA: 'profile', KPI_FIRST_ANSWER_TIME: '0',
  KPI_FIRST_ANSWER_TEXT: '', KPI_FURTHER_ANSWER_TIME: '0',
  KPI_FURTHER_ANSWER_TEXT: '', WELCOME_FORM_ID: '0',
} as const
const OTHER = {
  WORKTIME_HOLIDAYS: [''], WORKTIME_DAYOFF: [''], DEFAULT_OPERATOR_DATA: [], KPI_FIRST_ANSWER_LIST: null,
  KPI_FURTHER_ANSWER_LIST: null, XML_ID: null,
} as const

/** Settings of a line nobody has changed (imopenlines-config-get.md), without ID, LINE_NAME and what the portal keeps itself. */
export const CONFIG_DEFAULTS: Readonly<Record<string, unknown>> = {
  ...Object.fromEntries(YES_NO_NO.map((name) => [name, 'N'])),
  ...Object.fromEntries(YES_NO_YES.map((name) => [name, 'Y'])),
  ...PLAIN,
  ...OTHER,
}

const YES_NO: ReadonlySet<string> = new Set([...YES_NO_NO, ...YES_NO_YES])

/** What config.list.get can select, sort and filter by. */
export const CONFIG_FIELDS: readonly string[] = [
  'ID', 'LINE_NAME', ...Object.keys(CONFIG_DEFAULTS), 'DATE_CREATE', 'DATE_MODIFY', 'MODIFY_USER_ID',
]

/** Known settings out of what was given; a switch is Y or N, a number becomes text. Anything unknown is passed over. */
export function readConfig(given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const config: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(given)) {
    const name = key.toUpperCase()
    if (!Object.hasOwn(CONFIG_DEFAULTS, name)) continue
    if (YES_NO.has(name)) config[name] = value === 'Y' || value === true ? 'Y' : 'N'
    else config[name] = typeof value === 'number' || typeof value === 'boolean' ? String(Number(value)) : value
  }
  return config
}

/** Dates are objects of PHP's without anything public. */
export function viewConfig(id: number, name: string, config: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { MODIFY_USER_ID = '0', QUEUE: _queue, ...settings } = config
  return {
    ID: String(id), LINE_NAME: name, ...CONFIG_DEFAULTS, ...settings,
    DATE_CREATE: PHP_OBJECT, DATE_MODIFY: PHP_OBJECT, MODIFY_USER_ID,
  }
}
