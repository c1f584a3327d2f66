import { RestError } from './errors.ts'
import type { RestMethod } from './method.ts'

/** Methods a webhook may not call: 403 WRONG_AUTH_TYPE before any other check of theirs. */
export function appOnly(methods: readonly RestMethod[]): RestMethod[] {
  return methods.map((method) => ({
    ...method,
    run: (call) => {
      if (call.caller.webhook !== undefined) throw wrongAuthType()
      return method.run(call)
    },
  }))
}

function wrongAuthType(): RestError {
  return new RestError('WRONG_AUTH_TYPE', 'Current authorization type is denied for this method Application context required')
}
