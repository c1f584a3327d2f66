import { CodedError } from '@portline/wire/errors.ts'
import type { Given } from '../../../records/change.ts'
import type { Entity } from '../../../records/entity.ts'
import { CURRENCIES } from '../../../records/entities/common.ts'
import { asText } from '../../../records/values.ts'
import { RestError } from '../../errors.ts'

/** What a portal refuses to store. Everything else that makes no sense it stores, or passes over. */
export function checkGiven(entity: Entity, given: Given): void {
  checkCurrency(entity, given)
  if (entity.fields['EMAIL'] !== undefined) checkEmails(entity, given['EMAIL'])
}

function checkCurrency(entity: Entity, given: Given): void {
  const currency = asText(given['CURRENCY_ID'])
  if (entity.fields['CURRENCY_ID'] === undefined || currency === undefined || CURRENCIES.has(currency)) return
  throw new RestError('', 'Invalid value for the "Currency" field')
}

/** What stands before `e-mail` in the name of the field, by VALUE_TYPE. */
const EMAIL_KINDS: Readonly<Record<string, string>> = { WORK: 'Work', HOME: 'Home', MAILING: 'Newsletter', OTHER: 'Other' }

function checkEmails(entity: Entity, given: unknown): void {
  for (const item of typeof given === 'object' && given !== null ? Object.values(given) : [given]) {
    const { value, type } = readEmail(item)
    if (value === undefined || /^[^\s@]+@[^\s@]+\.[^\s@.]+$/.test(value)) continue
    const name = entity.table === 'company' ? 'E-mail' : `${EMAIL_KINDS[type] ?? 'Work'} e-mail`
    throw new RestError('ERROR_CORE', `The field \`${name}\` contains an invalid address`)
  }
}

function readEmail(item: unknown): { value: string | undefined; type: string } {
  if (typeof item !== 'object' || item === null) return { value: asText(item), type: 'WORK' }
  return { value: asText(Reflect.get(item, 'VALUE')), type: asText(Reflect.get(item, 'VALUE_TYPE')) ?? 'WORK' }
}

/** A limit of this portal is what a full disk is to a real one. */
export function withinLimits<Result>(change: () => Result): Result {
  try {
    return change()
  } catch (error) {
    if (error instanceof CodedError) throw new RestError('', 'Disk resource exhausted')
    throw error
  }
}
