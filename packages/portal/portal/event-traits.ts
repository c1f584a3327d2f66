import type { EventTraits } from '@portline/wire/events/catalogue.ts'
import { knownTraits } from '@portline/wire/events/catalogue.ts'
import { SOURCE_VARIANTS } from '../variants.ts'
import type { Variants } from '../variants.ts'

/** Any code can be fired: an unknown one travels in the default queue, with tokens and without a refresh_token. */
export function traitsOf(code: string, variants: Pick<Variants, 'eventRefreshToken'> = SOURCE_VARIANTS): EventTraits {
  const traits = knownTraits(code) ?? { scope: '', queue: 'default', sendAuth: true, sendRefreshToken: false }
  return variants.eventRefreshToken === 'documented' ? { ...traits, sendRefreshToken: traits.sendAuth } : traits
}

/** Whether one of the scopes lets an app bind the event; `basic` is among them where every app has it. */
export function isAllowedIn({ scope, alsoIn = [] }: EventTraits, scopes: readonly string[]): boolean {
  return scopes.includes(scope) || alsoIn.some((other) => scopes.includes(other))
}
