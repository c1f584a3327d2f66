import { BASIC_SCOPE } from '@portline/wire/rest.ts'
import { argumentMissing, argumentOfType, RestError } from './errors.ts'
import type { RestCall } from './method.ts'

/** Plain "Access denied!", without a reason. */
export function requireAdmin({ caller }: RestCall): void {
  if (!caller.user.admin) throw new RestError('ACCESS_DENIED')
}

/** Scopes whose places the app may use. */
export function grantedScopes({ caller }: RestCall): string[] {
  return [...caller.app.scope, BASIC_SCOPE]
}

/**
 * PLACEMENT in upper case. What is no text is of the wrong type, also when it is missing; an empty one is missing.
 * @param sourceWording what the module calls the argument when it is empty
 */
export function requirePlacement({ context, params }: RestCall, sourceWording: string): string {
  const given = params.get('PLACEMENT')
  const documented = context.variants.placementArguments === 'documented'
  if (typeof given !== 'string') throw documented ? argumentMissing('PLACEMENT') : argumentOfType('PLACEMENT', 'string')
  if (given === '') throw argumentMissing(documented ? 'PLACEMENT' : sourceWording)
  if (given.toUpperCase() === 'DEFAULT' && sourceWording !== 'PLACEMENT') {
    throw argumentMissing(documented ? 'PLACEMENT' : 'The placement code has an incorrect value')
  }
  return given.toUpperCase()
}
