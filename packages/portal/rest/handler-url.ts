import { RestError } from './errors.ts'

/** The check of a handler's address. `localhost` has no dot and fails on a portal too; an address of digits passes. */
export function checkHandlerUrl(handler: string): void {
  const url = URL.parse(handler)
  if (url === null || url.hostname.indexOf('.') < 1) throw new RestError('ERROR_WRONG_HANDLER_URL')
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new RestError('ERROR_UNSUPPORTED_PROTOCOL')
}
