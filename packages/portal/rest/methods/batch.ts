import { CodedError } from '@portline/wire/errors.ts'
import { decodeForm } from '@portline/wire/form/decode.ts'
import { BATCH_MAX_COMMANDS } from '@portline/wire/rest.ts'
import { isInScope } from '../authorise.ts'
import { expandReferences } from '../batch-references.ts'
import { asRestError } from '../errors.ts'
import { failure } from '../envelope.ts'
import { RestError } from '../errors.ts'
import type { RestCall, RestMethod } from '../method.ts'
import { Page } from '../page.ts'
import { RequestParams } from '../params.ts'
import { emptyMap } from '../php-json.ts'
import type { MethodRun } from '../run-method.ts'
import { runMethod } from '../run-method.ts'

interface BatchResult {
  readonly result: Record<string, unknown>
  readonly result_error: Record<string, unknown>
  readonly result_total: Record<string, unknown>
  readonly result_next: Record<string, unknown>
  readonly result_time: Record<string, unknown>
}

type FindMethod = (name: string) => RestMethod | undefined

/** What a batch may not hold: itself, and the transfer of files. */
const NOT_IN_BATCH = new Set(['batch', 'upload', 'download'])

/**
 * settings/how-to-call-rest-api/batch.md: up to 50 commands `method?query`, run in order, later ones referring to results
 * of earlier ones. HTTP 200 whatever happens inside; with `halt` the first failure is the last command.
 */
export async function runBatch(call: RestCall, findMethod: FindMethod): Promise<BatchResult> {
  const batch: BatchResult = {
    result: emptyMap(), result_error: emptyMap(), result_total: emptyMap(), result_next: emptyMap(), result_time: emptyMap(),
  }
  const commands = readCommands(call.params.get('cmd'))
  const halt = isTrue(call.params.text('halt'))
  for (const [index, [key, command]] of commands.entries()) {
    const startMs = call.context.clock.now()
    try {
      if (index >= BATCH_MAX_COMMANDS) throw new RestError('ERROR_BATCH_LENGTH_EXCEEDED')
      addResult(batch, key, await runCommand(call, command, batch.result, findMethod, startMs))
    } catch (error) {
      batch.result_error[key] = innerFailure(error)
      if (halt) break
    }
  }
  return batch
}

function readCommands(cmd: unknown): [string, unknown][] {
  return typeof cmd === 'object' && cmd !== null ? Object.entries(cmd) : []
}

function addResult(batch: BatchResult, key: string, { result, time }: MethodRun): void {
  batch.result_time[key] = time
  batch.result[key] = result instanceof Page ? result.result : result
  if (!(result instanceof Page)) return
  batch.result_total[key] = result.total
  if (result.next !== undefined) batch.result_next[key] = result.next
}

function runCommand(
  call: RestCall, command: unknown, results: Record<string, unknown>, findMethod: FindMethod, startMs: number,
): Promise<MethodRun> {
  const [name = '', query = ''] = splitCommand(typeof command === 'string' ? command : '')
  const method = findMethod(name)
  if (NOT_IN_BATCH.has(name.toLowerCase())) throw new RestError('ERROR_BATCH_METHOD_NOT_ALLOWED')
  if (method === undefined) throw new RestError('ERROR_METHOD_NOT_FOUND')
  if (!isInScope(method, call.caller.app.scope)) throw new RestError('insufficient_scope', '')
  const given = Object.entries(decodeForm(query))
  const params = new RequestParams(given.map(([key, value]) => [key, expandReferences(value, results)] as const))
  return runMethod({ ...call, params }, method, startMs)
}

function splitCommand(command: string): string[] {
  const mark = command.indexOf('?')
  return mark === -1 ? [command] : [command.slice(0, mark), command.slice(mark + 1)]
}

function innerFailure(error: unknown): object {
  if (error instanceof CodedError) return error.toBody()
  return failure(asRestError(error))
}

function isTrue(value: string | undefined): boolean {
  return value !== undefined && value !== '0' && value.toLowerCase() !== 'false'
}
