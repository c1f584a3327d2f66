import type { Command } from 'commander'
import { CodedError, ERROR_TABLE } from '@portline/wire/errors.ts'
import type { ErrorCode } from '@portline/wire/errors.ts'
import { printable } from './printable.ts'

/** Ends the command with exit code 1 without another word: what was wrong has been said. */
export class AlreadyReported extends Error {}

/** How a failure looks on stderr: two lines for people, one JSON object for programs. `command`: the one that failed. */
export function failureText(error: unknown, json: boolean, command?: Command): string {
  const { code, description } = describe(error)
  if (json) return `${JSON.stringify({ error: code, error_description: description })}\n`
  return `error ${code}: ${printable(description)}\n  ${code === 'SERVER_UNREACHABLE' ? whereToAsk(command) : ERROR_TABLE[code].todo}\n`
}

/** Commands ask one of two servers, and some can do without. */
function whereToAsk(command: Command | undefined): string {
  if (command === undefined) return ERROR_TABLE.SERVER_UNREACHABLE.todo
  if (command.parent?.name() === 'portal') return 'Start a portal (portline portal, or portline dev), or give the address of one in PORTAL_URL.'
  const start = 'Start the app side (npm start, portline dev or portline start), or give its address in PORTLINE_URL'
  return command.options.some(({ long }) => long === '--data') ? `${start}; of one that does not run name the folder with --data.` : `${start}.`
}

export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERROR_TABLE, text)
}

function describe(error: unknown): { code: ErrorCode; description: string } {
  if (error instanceof CodedError) return { code: error.code, description: error.message }
  return { code: 'INTERNAL_ERROR', description: error instanceof Error ? (error.stack ?? error.message) : String(error) }
}
