import type { Given } from '../../../records/change.ts'
import { asText } from '../../../records/values.ts'
import { RestError } from '../../errors.ts'
import type { RequestParams } from '../../params.ts'

/** api-reference/tasks/tasks-task-get.md: '100' when it is not given, '0' when it is no positive number. */
export function taskId(params: RequestParams): number {
  const given = params.get('taskId')
  if (given === undefined || given === null) {
    throw new RestError('100', 'CTaskItem All parameters in the constructor must have real class type (internal error)')
  }
  const id = Number.parseInt(asText(given) ?? '', 10)
  if (!(id > 0) || !Number.isSafeInteger(id)) throw new RestError('0', 'wrong task id')
  return id
}

/** A list or map; empty when absent. '100' for anything else, with the value in braces. */
export function listParam(params: RequestParams, name: string): Given {
  const given = params.get(name)
  if (given === undefined || given === null) return {}
  if (typeof given === 'object') return Object.fromEntries(Object.entries(given))
  const mismatch = `Invalid value {${asText(given) ?? ''}} to match with parameter {${name}}.`
  throw new RestError('100', `${mismatch} Should be value of type array. (internal error)`)
}

/** The fields of add and update, which can't be empty. */
export function fieldsParam(params: RequestParams): Given {
  const fields = listParam(params, 'fields')
  if (Object.keys(fields).length === 0) throw new RestError('100')
  return fields
}
