import { wrongLicense } from './errors.ts'
import type { RestCall } from './method.ts'

/** auth_connector, the name of one of an app's offline queues; '' is the unnamed one. WRONG_LICENSE when the licence lacks it. */
export function authConnectorOf({ context, params, hit }: RestCall): string {
  // Inside a batch it stands beside the commands.
  const name = params.text('auth_connector') ?? hit.initiator?.authConnector ?? ''
  if (name !== '' && !context.features.rest_auth_connector) throw wrongLicense('auth_connector')
  return name
}
