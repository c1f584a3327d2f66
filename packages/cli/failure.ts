import { CodedError, ERROR_TABLE } from '@portline/wire/errors.ts'
import type { ErrorCode } from '@portline/wire/errors.ts'
import { printable } from './printable.ts'

/** Ends the command with exit code 1 without another word: what was wrong has been said. */
export class AlreadyReported extends Error {}

/** How a failure looks on stderr: two lines for people, one JSON object for programs. */
export function failureText(error: unknown, json: boolean): string {
  const { code, description } = describe(error)
  if (json) return `${JSON.stringify({ error: code, error_description: description })}\n`
  return `error ${code}: ${printable(description)}\n  ${ERROR_TABLE[code].todo}\n`
}

export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERROR_TABLE, text)
}

function describe(error: unknown): { code: ErrorCode; description: string } {
  if (error instanceof CodedError) return { code: error.code, description: error.message }
  return { code: 'INTERNAL_ERROR', description: error instanceof Error ? (error.stack ?? error.message) : String(error) }
}
