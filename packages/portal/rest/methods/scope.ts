import { BASIC_SCOPE } from '@portline/wire/rest.ts'
import type { RestMethod } from '../method.ts'

/** Scopes a portal knows (api-reference/scopes/permissions.md): answered to `full`. */
const ALL_SCOPES = [
  'basic', 'crm', 'user', 'user_brief', 'user_basic', 'user.userfield', 'im', 'imbot', 'imopenlines', 'imconnector', 'placement',
  'entity', 'task', 'tasks', 'sonet_group', 'log', 'calendar', 'disk', 'department', 'telephony', 'call', 'sale', 'catalog',
  'bizproc', 'lists', 'pull', 'mailservice', 'messageservice', 'booking', 'sign.b2e', 'rpa', 'landing', 'timeman',
  'contact_center',
]

/** api-reference/common/system/scope.md */
const scope: RestMethod = {
  name: 'scope',
  scopes: [BASIC_SCOPE],
  run: ({ caller, params }) => (isTrue(params.text('full')) ? ALL_SCOPES : caller.app.scope),
}

function isTrue(value: string | undefined): boolean {
  return value !== undefined && value !== '0' && value.toLowerCase() !== 'false'
}

export const scopeMethods = [scope]
