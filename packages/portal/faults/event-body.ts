import { TOKENLESS_AUTH_KEY_ORDER } from '@portline/wire/envelope.ts'

/** Bodies are cut between parameters, never decoded: what a fault leaves alone stays byte for byte. */
const AUTH = 'auth%5B'

const TOKENLESS = TOKENLESS_AUTH_KEY_ORDER.map((key) => `${AUTH}${key}%5D=`)

/** What the portal sends before the event's own parameters: credentials (4), client_id, additional (3), auth (3), address (2). */
const PARAMETERS_BEFORE_EVENT = 13

export function withoutRefreshToken(body: string): string {
  return keep(body, (parameter) => !parameter.startsWith(`${AUTH}refresh_token%5D=`))
}

/** As nobody's event: the five keys that are left, in their own order. */
export function withoutTokens(body: string): string {
  const parameters = body.split('&')
  const auth = TOKENLESS.flatMap((start) => parameters.filter((parameter) => parameter.startsWith(start)))
  return [...parameters.filter((parameter) => !parameter.startsWith(AUTH)), ...auth].join('&')
}

/**
 * As PHP's max_input_vars leaves it on the way from the portal to the OAuth server: of the first so many parameters nothing
 * is lost, of the event's others everything is, `ts` included. The auth block is appended later and stays whole.
 */
export function truncated(body: string, maxInputVars: number): string {
  const room = Math.max(0, maxInputVars - PARAMETERS_BEFORE_EVENT)
  let count = 0
  return keep(body, (parameter) => parameter.startsWith(AUTH) || ++count <= room)
}

function keep(body: string, isKept: (parameter: string) => boolean): string {
  return body.split('&').filter(isKept).join('&')
}
