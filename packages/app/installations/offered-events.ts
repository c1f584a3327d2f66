import type { B24OAuth } from '@bitrix24/b24jssdk'
import { knownTraits } from '@portline/wire/events/catalogue.ts'
import { BASIC_SCOPE } from '@portline/wire/rest.ts'
import { callRest } from '../bitrix24/call-rest.ts'

/** What a portal lets this app bind. */
export interface EventOffer {
  readonly offered: ReadonlySet<string>
  /** Permissions of the app. */
  readonly granted: ReadonlySet<string>
}

/** Errors: RestError, and those of the token keeper. */
export async function readOffer(b24: B24OAuth): Promise<EventOffer> {
  const offered = new Set(textsIn(await callRest(b24, 'events')))
  return { offered, granted: new Set([BASIC_SCOPE, ...textsIn(await callRest(b24, 'scope'))]) }
}

/** The permission that an event needs and the app has not; nothing of an event that is not known here. */
export function missingScope(event: string, granted: ReadonlySet<string>): string | undefined {
  const traits = knownTraits(event)
  return traits === undefined || [traits.scope, ...(traits.alsoIn ?? [])].some((scope) => granted.has(scope)) ? undefined : traits.scope
}

function textsIn(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : []
}
