import type { Given } from '../../../records/change.ts'
import { RestError } from '../../errors.ts'
import type { RequestParams } from '../../params.ts'

/** A map; empty when absent. PHP knows lists and maps as one. "Parameter 'x' must be array." for anything else. */
export function mapParam(params: RequestParams, name: string): Given {
  const given = params.get(name)
  return given === undefined || given === null ? {} : requireMap(given, name)
}

/** The same, and it has to be there. */
export function requiredMap(params: RequestParams, name: string): Given {
  return requireMap(params.get(name), name)
}

function requireMap(given: unknown, name: string): Given {
  if (typeof given !== 'object' || given === null) throw new RestError('', `Parameter '${name}' must be array.`)
  return Object.fromEntries(Object.entries(given))
}

/** A positive integer. */
export function idParam(params: RequestParams): number {
  const text = params.text('id') ?? ''
  const id = Number(text)
  if (!/^\d+$/.test(text) || id < 1 || !Number.isSafeInteger(id)) throw new RestError('', 'ID is not defined or invalid.')
  return id
}
