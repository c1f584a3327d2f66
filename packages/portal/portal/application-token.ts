import { createHash } from 'node:crypto'
import type { App } from '../world/state.ts'

/**
 * The app's application_token on this portal: the stored value, else the recipe of the module source (rest_util.php). It
 * stays the same over updates and over reinstalling a market app, and changes when a local app is deleted and made anew.
 */
export function applicationToken(app: App, memberId: string): string {
  if (app.applicationToken !== '') return app.applicationToken
  // A market app's secret is not known to the portal: the recipe runs over an empty one and the marketplace's shared key.
  const local = app.kind === 'local'
  const sharedKey = local ? md5(memberId + app.clientSecret) : app.sharedKey
  return md5([memberId, String(app.id), local ? app.clientSecret : '', sharedKey].join('|'))
}

export function md5(text: string): string {
  return createHash('md5').update(text).digest('hex')
}
