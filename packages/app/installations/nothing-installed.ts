import { CodedError } from '@portline/wire/errors.ts'

/** Says which of the names that were given is the unknown one. `apps`: of all installations that could have been meant. */
export function nothingInstalled(apps: readonly string[], app: string | undefined, portal: string | undefined): CodedError {
  if (app === undefined) return new CodedError('NOT_FOUND', `no installation on a portal "${portal ?? ''}"; portline portals list shows all`)
  if (apps.includes(app)) return new CodedError('NOT_FOUND', `the app "${app}" is not installed on a portal "${portal ?? ''}"; portline portals list shows where it is`)
  const known = apps.length === 0 ? 'nothing is installed here' : `installed here: ${[...new Set(apps)].join(', ')}`
  return new CodedError('NOT_FOUND', `no portal has an app "${app}" installed; ${known}`)
}
