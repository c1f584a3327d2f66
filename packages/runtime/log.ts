import { pino } from 'pino'

/** What the rooms need of a log. A field never holds a secret: tokens, client_secret and application_token stay out by rule. */
export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export type LogLevel = 'silent' | 'error' | 'warn' | 'info' | 'debug'

/** The second fence behind the rule: should a field of one of these names ever be logged, its value does not come out. */
const REDACTED_FIELDS = ['access_token', 'refresh_token', 'application_token', 'client_secret', 'auth', 'AUTH_ID', 'REFRESH_ID']

/** JSON lines on stderr, so that stdout stays the program's own. */
export function createLog(level: LogLevel): Log {
  const paths = REDACTED_FIELDS.flatMap((name) => [name, `*.${name}`])
  return pino({ level, redact: { paths, censor: '[redacted]' } }, pino.destination({ dest: 2, sync: true }))
}

export const silentLog: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
