import { BASIC_SCOPE } from '@portline/wire/rest.ts'
import { PORTAL_LIMITS } from '../../limits.ts'
import { accessDenied, argumentMissing, RestError } from '../errors.ts'
import type { Caller, RestMethod } from '../method.ts'

/** api-reference/common/settings/app-option-get.md: one value or null, all values without `option`. */
const get: RestMethod = {
  name: 'app.option.get',
  scopes: [BASIC_SCOPE],
  run: ({ caller, params }) => {
    requireApp(caller)
    const option = params.text('option')
    if (option === undefined) return caller.app.options
    return Object.hasOwn(caller.app.options, option) ? caller.app.options[option] : null
  },
}

/** api-reference/common/settings/app-option-set.md: adds to what is there. Administrators only. */
const set: RestMethod = {
  name: 'app.option.set',
  scopes: [BASIC_SCOPE],
  run: ({ context, caller, params }) => {
    requireApp(caller)
    if (!caller.user.admin) throw accessDenied('Administrator authorization required')
    const given = params.get('options')
    if (typeof given !== 'object' || given === null || Object.keys(given).length === 0) throw argumentMissing('options')
    const options = Object.fromEntries([...Object.entries(caller.app.options), ...Object.entries(given)])
    if (JSON.stringify(options).length > PORTAL_LIMITS.maxOptionsChars) {
      throw new RestError('ERROR_CORE', 'The options are too large')
    }
    context.world.changeApp(caller.app, { options })
    return true
  },
}

/** Unlike other methods of an app, these don't say WRONG_AUTH_TYPE to a webhook. */
function requireApp(caller: Caller): void {
  if (caller.webhook !== undefined) throw accessDenied('Application context required')
}

export const appOptionMethods = [get, set]
