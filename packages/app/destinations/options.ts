import { CodedError } from '@portline/wire/errors.ts'
import { DELIVERY_TIMEOUT_MAX_MS } from '../limits.ts'

/** What `read` answers. Errors: DESTINATION_INVALID naming the option. */
export function checked<Value>(option: string, read: () => Value): Value {
  try {
    return read()
  } catch (error) {
    throw new CodedError('DESTINATION_INVALID', `${option}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

export function checkedTimeoutMs(timeoutMs: number): number {
  return checkedWhole('timeoutMs', timeoutMs, DELIVERY_TIMEOUT_MAX_MS)
}

export function checkedWhole(option: string, value: number, most: number): number {
  if (Number.isSafeInteger(value) && value >= 1 && value <= most) return value
  throw new CodedError('DESTINATION_INVALID', `${option} must be a whole number, 1 to ${most}`)
}
