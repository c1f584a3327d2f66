import { BASIC_SCOPE } from '@portline/wire/rest.ts'
import { PORTAL_LIMITS } from '../../../limits.ts'
import { accessDenied, argumentMissing, RestError } from '../../errors.ts'
import type { RestCall, RestMethod } from '../../method.ts'

/** api-reference/common/settings/user-option-get.md, -set.md: what an app keeps for the user who calls. */
export const userOptionMethods: readonly RestMethod[] = [
  { name: 'user.option.get', scopes: [BASIC_SCOPE], run: get },
  { name: 'user.option.set', scopes: [BASIC_SCOPE], run: set },
]

/** One value or null; all values without `option`. */
function get(call: RestCall): unknown {
  const options = optionsOf(call)
  const option = call.params.text('option')
  if (option === undefined) return options
  return Object.hasOwn(options, option) ? options[option] : null
}

/** Adds to what is there. */
function set(call: RestCall): true {
  const { context, caller: { app, user }, params } = call
  const before = optionsOf(call)
  const given = params.get('options')
  if (typeof given !== 'object' || given === null || Object.keys(given).length === 0) throw argumentMissing('options')
  const options = Object.fromEntries([...Object.entries(before), ...Object.entries(given)])
  const userOptions = { ...app.userOptions, [user.id]: options }
  if (JSON.stringify(userOptions).length > PORTAL_LIMITS.maxOptionsChars) {
    throw new RestError('ERROR_CORE', 'The options are too large')
  }
  context.world.changeApp(app, { userOptions })
  return true
}

function optionsOf({ caller }: RestCall): Record<string, unknown> {
  if (caller.webhook !== undefined) throw accessDenied('Application context required')
  return caller.app.userOptions?.[caller.user.id] ?? {}
}
