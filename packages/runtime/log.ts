import { createRequire } from 'node:module'
import type * as Pino from 'pino'

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

/** Its writer is loaded with the first line: a start that has nothing to say is not to wait for it. */
export interface LateLog extends Log {
  /** To be called once there is time: a first line about a machine that has run out of files would come too late. */
  load(): void
}

/** JSON lines on stderr, so that stdout stays the program's own. */
export function createLog(level: LogLevel): LateLog {
  let opened: Pino.Logger | undefined
  const writer = (): Pino.Logger => (opened ??= openWriter(level))
  return {
    load: () => void writer(),
    debug: (fields, message) => writer().debug(fields, message),
    info: (fields, message) => writer().info(fields, message),
    warn: (fields, message) => writer().warn(fields, message),
    error: (fields, message) => writer().error(fields, message),
  }
}

function openWriter(level: LogLevel): Pino.Logger {
  const { pino } = createRequire(import.meta.url)('pino') as typeof Pino
  const paths = REDACTED_FIELDS.flatMap((name) => [name, `*.${name}`])
  return pino({ level, redact: { paths, censor: '[redacted]' } }, pino.destination({ dest: 2, sync: true }))
}

export const silentLog: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
