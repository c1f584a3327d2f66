import { knownTraits } from '@portline/wire/events/catalogue.ts'
import { BASIC_SCOPE } from '@portline/wire/rest.ts'
import type { App } from 'portline'

/** What connectors and widgets need, and the demo. */
const ALWAYS = ['imopenlines', 'imconnector', 'placement', 'user']

/**
 * The permissions with which an app is registered on a local portal: those that the events it handles need, which are those for
 * REST calls about the same records, too. On a real portal its developer chooses them.
 */
export function scopeOf(app: App): string[] {
  const needed = app.codes.flatMap((code) => knownTraits(code)?.scope ?? [])
  return [...new Set([...ALWAYS, ...needed])].filter((scope) => scope !== BASIC_SCOPE)
}
