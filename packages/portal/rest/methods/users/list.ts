import type { Field } from '../../../records/entity.ts'
import type { Condition, Predicate } from '../../../records/filter.ts'
import { compile, readCondition } from '../../../records/filter.ts'
import { PAGE_SIZE } from '../../../records/find.ts'
import { asText } from '../../../records/values.ts'
import type { RecordRow } from '../../../world/records.ts'
import type { User } from '../../../world/state.ts'
import type { RestCall, RestMethod } from '../../method.ts'
import { Page, readStart } from '../../page.ts'
import { allowedUserFields, USER_SCOPES, userValues, viewUser } from './user-fields.ts'

/** Fields whose values are compared as dates; all others but ID as text. */
const DATES = new Set([
  'TIMESTAMP_X', 'DATE_REGISTER', 'LAST_LOGIN', 'LAST_ACTIVITY_DATE', 'PERSONAL_BIRTHDAY', 'UF_EMPLOYMENT_DATE',
])
/** What user.search looks for in each word of FIND. */
const SEARCHED = ['NAME', 'LAST_NAME', 'SECOND_NAME', 'WORK_POSITION', 'EMAIL'] as const

/**
 * api-reference/user/user-get.md and user-search.md; details from the module source (rest/lib/api/user.php): the filter may
 * also stand beside the other parameters, what names no visible field is passed over, an empty result has no total.
 */
export const userListMethods: readonly RestMethod[] = [
  { name: 'user.get', scopes: USER_SCOPES, run: (call) => list(call, false) },
  { name: 'user.search', scopes: USER_SCOPES, run: (call) => list(call, true) },
]

function list(call: RestCall, isSearch: boolean): unknown {
  const { context, caller, params } = call
  const allowed = allowedUserFields(caller.app.scope)
  const nowMs = context.clock.now()
  const tests = readFilter(call, allowed, isSearch)
  const rows = context.world.users().map((user) => ({ user, row: { id: user.id, values: userValues(user, nowMs) } }))
    .filter(({ row }) => tests.every((test) => test(row)))
  sortUsers(rows, asText(params.get('sort')), asText(params.get('order')))
  const start = readStart(params)
  const first = Math.max(0, start)
  const names = selected(params.get('select'), allowed)
  const result = rows.slice(first, first + PAGE_SIZE).map(({ user }) => viewUser(user, nowMs, names))
  if (result.length === 0) return result
  const next = first + result.length
  return new Page(result, start < 0 ? 0 : rows.length, start >= 0 && next < rows.length ? next : undefined)
}

function fieldOf(name: string): Field {
  if (name === 'ID') return { type: 'integer', title: name }
  return { type: DATES.has(name) ? 'datetime' : 'string', title: name }
}

function readFilter({ params }: RestCall, allowed: readonly string[], isSearch: boolean): Predicate[] {
  const filter = params.get('FILTER')
  const entries = typeof filter === 'object' && filter !== null ? Object.entries(filter) : params.withoutAuth()
  return entries.flatMap(([key, value]) => {
    const condition = readCondition(key.toUpperCase())
    const special = specialTest(condition, value, isSearch)
    if (special !== undefined) return [special]
    if (!allowed.includes(condition.name)) return []
    return [compile(condition, fieldOf(condition.name), readValue(condition.name, value))]
  })
}

function specialTest({ name }: Condition, value: unknown, isSearch: boolean): Predicate | undefined {
  if (name === 'NAME_SEARCH' || (isSearch && name === 'FIND')) return findTest(asText(value) ?? '')
  if (name === 'UF_DEPARTMENT_NAME' && isSearch) return findTest('')
  if (isSearch && (name === 'NAME' || name === 'LAST_NAME' || name === 'SECOND_NAME' || name === 'WORK_POSITION')) {
    return (row) => startsWith(row, name, (asText(value) ?? '').toLowerCase())
  }
  return undefined
}

/** Every word begins some field of the user's. */
function findTest(text: string): Predicate {
  const words = text.toLowerCase().split(/\s+/).filter((word) => word !== '')
  return (row) => words.every((word) => SEARCHED.some((name) => startsWith(row, name, word)))
}

function startsWith(row: RecordRow, name: string, text: string): boolean {
  const value = row.values[name]
  return typeof value === 'string' && value.toLowerCase().startsWith(text)
}

/** Y and N are taken in every form PHP has for them. */
function readValue(name: string, value: unknown): unknown {
  if (name !== 'ACTIVE' && name !== 'IS_ONLINE') return value
  const text = asText(value)
  return text === undefined || text === '0' || text === 'N' || text === 'false' ? 'N' : 'Y'
}

/** Both, or neither counts (module source: prepareUserGetOrder). */
function sortUsers(
  rows: { readonly user: User; readonly row: RecordRow }[], sort: string | undefined, order: string | undefined,
): void {
  if (sort === undefined || order === undefined) return
  const name = sort.toUpperCase()
  const sign = order.toUpperCase() === 'DESC' ? -1 : 1
  const key = ({ row }: { readonly row: RecordRow }): string => String(row.values[name] ?? '').toLowerCase()
  rows.sort((one, other) => {
    if (name === 'ID') return sign * (one.row.id - other.row.id)
    const [first, second] = [key(one), key(other)]
    return first === second ? one.row.id - other.row.id : sign * (first < second ? -1 : 1)
  })
}

function selected(select: unknown, allowed: readonly string[]): string[] {
  const asked: unknown[] = typeof select === 'object' && select !== null ? Object.values(select) : []
  if (asked.length === 0 || asked.includes('*')) return [...allowed]
  return allowed.filter((name) => asked.includes(name) || (asked.includes('UF_*') && name.startsWith('UF_')))
}
