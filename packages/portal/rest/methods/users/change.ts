import { inviteUser, isEmail, isEmailTaken } from '../../../portal/users.ts'
import { isoDate, parseDate } from '../../../records/dates.ts'
import { asText } from '../../../records/values.ts'
import type { User } from '../../../world/state.ts'
import { argumentWrong, RestError } from '../../errors.ts'
import type { RestCall, RestMethod } from '../../method.ts'
import { USER_FIELDS } from './user-fields.ts'

/** api-reference/user/user-add.md, user-update.md; the order of the checks is the module source's (rest/lib/api/user.php). */
export const userChangeMethods: readonly RestMethod[] = [
  { name: 'user.add', scopes: ['user'], run: add },
  { name: 'user.update', scopes: ['user'], run: update },
]

/** Kept on the user himself, or by the portal only. */
const NOT_IN_PROFILE = new Set([
  'ID', 'ACTIVE', 'NAME', 'LAST_NAME', 'EMAIL', 'LAST_LOGIN', 'DATE_REGISTER', 'IS_ONLINE', 'TIMESTAMP_X', 'LAST_ACTIVITY_DATE',
  'USER_TYPE', 'TIME_ZONE', 'PERSONAL_PHOTO', 'WORK_LOGO',
])

function accessDenied(): RestError {
  return new RestError('ERROR_CORE', 'access_denied')
}

/** Invites a user: ONUSERADD follows when he first signs in, which the control API lets him do. */
function add(call: RestCall): number {
  const { context, caller, params } = call
  if (!caller.user.admin) throw accessDenied()
  if (params.text('EXTRANET') === 'Y') throw noGroup(params.get('SONET_GROUP_ID'))
  checkTypes(call)
  const email = (params.text('EMAIL') ?? '').trim()
  if (!isEmail(email)) throw argumentWrong('', 'wrong_email')
  const profile = readProfile(call)
  if (profile['UF_DEPARTMENT'] === undefined) throw argumentWrong('', 'no_extranet_field')
  if (isEmailTaken(context, email)) throw argumentWrong('', 'A user with this email already exists')
  const name = params.text('NAME') ?? ''
  return inviteUser(context, { name, lastName: params.text('LAST_NAME') ?? '', email, profile }).id
}

/** There are no groups here, so whichever is named is wrong. */
function noGroup(given: unknown): RestError {
  if (given === undefined || given === null || given === '') return argumentWrong('', 'no_sonet_group_for_extranet')
  return new RestError('ERROR_NO_GROUP')
}

/** Texts have to be texts; a number in JSON is none. */
function checkTypes({ params }: RestCall): void {
  for (const [given, value] of params.withoutAuth()) {
    const name = given.toUpperCase()
    const isFile = name === 'PERSONAL_PHOTO' || name === 'WORK_LOGO'
    if (/^(WORK|PERSONAL)_/.test(name) && !isFile && typeof value !== 'string') throw argumentWrong(name, 'invalid_type_field')
  }
}

function update(call: RestCall): true {
  const { context, caller, params } = call
  const id = Number(params.text('ID') ?? 0)
  if (!(id > 0)) throw accessDenied()
  if (!caller.user.admin && caller.user.id !== id) throw accessDenied()
  const user = context.world.user(id)
  if (user === undefined) throw new RestError('ERROR_CORE', '')
  context.world.changeUser(id, readChanges(call, user))
  return true
}

/** Only an administrator dismisses people and moves them between departments. */
function readChanges(call: RestCall, user: User): Partial<User> {
  const { context, caller, params } = call
  const email = params.text('EMAIL')?.trim()
  if (email !== undefined && (!isEmail(email) || isEmailTaken(context, email, user.id))) throw new RestError('ERROR_CORE', '')
  const { UF_DEPARTMENT, ...own } = readProfile(call)
  const department = caller.user.admin && UF_DEPARTMENT !== undefined ? { UF_DEPARTMENT } : {}
  const active = params.get('ACTIVE')
  const isActive = active !== undefined && asText(active) !== undefined && asText(active) !== 'N' && asText(active) !== '0'
  return {
    name: params.text('NAME') ?? user.name,
    lastName: params.text('LAST_NAME') ?? user.lastName,
    email: email ?? user.email,
    active: caller.user.admin && active !== undefined ? isActive : user.active,
    profile: { ...user.profile, ...own, ...department },
  }
}

function readProfile({ params }: RestCall): Record<string, string | readonly string[]> {
  const profile: Record<string, string | readonly string[]> = {}
  for (const [given, value] of params.withoutAuth()) {
    const name = given.toUpperCase()
    if (!Object.hasOwn(USER_FIELDS, name) || NOT_IN_PROFILE.has(name)) continue
    const read = name === 'UF_DEPARTMENT' ? readDepartments(value) : readText(name, value)
    if (read !== undefined) profile[name] = read
  }
  return profile
}

function readDepartments(value: unknown): string[] | undefined {
  const items: unknown[] = typeof value === 'object' && value !== null ? Object.values(value) : [value]
  const ids = items.map((item) => asText(item)).filter((id) => id !== undefined && /^\d+$/.test(id)).map(String)
  return ids.length === 0 ? undefined : ids
}

function readText(name: string, value: unknown): string {
  const text = asText(value) ?? ''
  if (name !== 'PERSONAL_BIRTHDAY') return text
  const ms = parseDate(text)
  return ms === undefined ? '' : isoDate(ms)
}
