import type { PortalKey } from './port.ts'

/** One string for a map's key. Neither part can hold a slash. */
export function keyOf({ app, memberId }: PortalKey): string {
  return `${app}/${memberId}`
}
