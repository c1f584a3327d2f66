import { IMCONNECTOR_SCOPE } from '../../connector-params.ts'
import { RestError } from '../../errors.ts'
import type { RestCall, RestMethod } from '../../method.ts'
import { plainText } from '../../params.ts'
import { CONFIG_FIELDS, viewConfig } from './config-fields.ts'
import { queueFields, queueUsers, storedQueue } from './queue.ts'

const DEFAULT_LIMIT = 50
const MAX_LIMIT = 200
const PARAMS_FIELDS: readonly string[] = ['select', 'filter', 'order', 'limit', 'offset']
const OPTIONS_FIELDS: readonly string[] = ['QUEUE', 'CONFIG_QUEUE', 'CHECK_PERMISSION']
/** Actions of the permission map that a line can be checked for. */
const PERMISSIONS: readonly string[] = ['MODIFY', 'VIEW', 'PERFORM', 'REMOVE']

/** imopenlines-config-list-get.md. Everything wrong is INVALID_FORMAT. */
export const openLineConfigList: RestMethod = { name: 'imopenlines.config.list.get', scopes: IMCONNECTOR_SCOPE, run: list }

type Row = Readonly<Record<string, unknown>>

function list(call: RestCall): Row[] {
  const { world } = call.context
  const params = mapOf(call.params.get('PARAMS'))
  const options = mapOf(call.params.get('OPTIONS'))
  refuseOthers('PARAMS', params, PARAMS_FIELDS)
  const select = readSelect(params['select'])
  const order = readOrder(params['order'])
  const matches = readFilter(params['filter'])
  const limit = Math.min(readNumber(params, 'limit', DEFAULT_LIMIT), MAX_LIMIT)
  const offset = readNumber(params, 'offset', 0)
  checkOptions(options)
  return world.lines().map(({ id, name }) => viewConfig(id, name, world.openLines.config(id)))
    .filter(matches).toSorted(order).slice(offset, offset + limit)
    .map((row) => ({ ...selected(row, select), ...queueOf(call, row, options) }))
}

function queueOf({ context }: RestCall, row: Row, options: Row): Row {
  const config = context.world.openLines.config(Number(row['ID']))
  const users = queueUsers(context, config)
  return {
    ...(options['QUEUE'] === 'Y' ? { QUEUE: users.map(Number), QUEUE_USERS_FIELDS: queueFields(users) } : {}),
    ...(options['CONFIG_QUEUE'] === 'Y' ? { CONFIG_QUEUE: storedQueue(config) } : {}),
  }
}

function selected(row: Row, names: readonly string[]): Row {
  return names.length === 0 ? row : Object.fromEntries(names.map((name) => [name, row[name]]))
}

function readSelect(given: unknown): string[] {
  if (given === undefined) return []
  if (typeof given !== 'object' || given === null) throw wrongFormat('select')
  const names = Object.values(given).map((name: unknown) => knownField('select', plainText(name) ?? ''))
  return names.includes('*') ? [] : names
}

function readOrder(given: unknown): (one: Row, other: Row) => number {
  if (given !== undefined && (typeof given !== 'object' || given === null)) throw wrongFormat('order')
  const terms = Object.entries(given ?? {}).map(([name, direction]: [string, unknown]) => {
    const word = (plainText(direction) ?? '').toUpperCase()
    const field = knownField('order', name)
    if (word !== 'ASC' && word !== 'DESC') throw invalid("A wrong sorting direction is passed in the PARAMS field 'order'")
    return { field, sign: word === 'ASC' ? 1 : -1 }
  })
  return (one, other) => {
    for (const { field, sign } of terms) {
      const difference = String(one[field]).localeCompare(String(other[field]), 'en', { numeric: true })
      if (difference !== 0) return difference * sign
    }
    return 0
  }
}

/** `=FIELD`, `!FIELD`, `%FIELD` or the bare name; a list means any of it. */
function readFilter(given: unknown): (row: Row) => boolean {
  if (given !== undefined && (typeof given !== 'object' || given === null)) throw wrongFormat('filter')
  const tests = Object.entries(given ?? {}).map(([key, value]: [string, unknown]) => {
    const [, operation = '', name = ''] = /^([^\w]*)(.*)$/s.exec(key) ?? []
    const field = knownField('filter', name)
    const values: unknown[] = typeof value === 'object' && value !== null ? Object.values(value) : [value]
    const wanted = values.map((item) => plainText(item) ?? '')
    return (row: Row): boolean => {
      const found = String(row[field] ?? '')
      if (operation.includes('%')) return wanted.some((text) => found.toLowerCase().includes(text.toLowerCase()))
      return wanted.includes(found) !== operation.startsWith('!')
    }
  })
  return (row) => tests.every((test) => test(row))
}

function knownField(parameter: string, given: string): string {
  const name = given.toUpperCase()
  if (!/^[A-Z0-9_]+$/.test(name) && name !== '*') throw invalid(`A wrong field name is passed in the PARAMS field '${parameter}'`)
  if (name !== '*' && !CONFIG_FIELDS.includes(name)) {
    throw invalid(`An unknown field '${given}' is passed in the PARAMS field '${parameter}'`)
  }
  return name
}

function readNumber(params: Row, name: string, fallback: number): number {
  const value = params[name]
  if (value === undefined) return fallback
  const text = plainText(value) ?? ''
  if (!/^\d+$/.test(text)) throw invalid(`A non-negative integer is expected in the PARAMS field '${name}'`)
  return Number(text)
}

function checkOptions(options: Row): void {
  refuseOthers('OPTIONS', options, OPTIONS_FIELDS)
  for (const name of ['QUEUE', 'CONFIG_QUEUE']) {
    if (typeof options[name] === 'object') throw invalid(`A wrong format for the OPTIONS field '${name}' is passed`)
  }
  const permission = options['CHECK_PERMISSION']
  if (permission !== undefined && !PERMISSIONS.includes((plainText(permission) ?? '').toUpperCase())) {
    throw invalid("An unknown value for the OPTIONS field 'CHECK_PERMISSION' is passed")
  }
}

function refuseOthers(parameter: string, given: Row, known: readonly string[]): void {
  const others = Object.keys(given).filter((name) => !known.includes(name))
  if (others.length > 0) throw invalid(`Unsupported ${parameter} fields are passed: ${others.join(', ')}`)
}

function mapOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function wrongFormat(field: string): RestError {
  return invalid(`A wrong format for the PARAMS field '${field}' is passed`)
}

function invalid(text: string): RestError {
  return new RestError('INVALID_FORMAT', text)
}
