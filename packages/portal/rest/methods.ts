import { BASIC_SCOPE } from '@portline/wire/rest.ts'
import type { RestMethod } from './method.ts'
import { appInfo } from './methods/app-info.ts'
import { appOptionMethods } from './methods/app-option.ts'
import { runBatch } from './methods/batch.ts'
import { eventBind } from './methods/event-bind.ts'
import { eventListMethods } from './methods/event-lists.ts'
import { eventTest } from './methods/event-test.ts'
import { eventUnbind } from './methods/event-unbind.ts'
import { featureGet } from './methods/feature-get.ts'
import { connectorCardMethods } from './methods/imconnector-register.ts'
import { connectorLineMethods } from './methods/imconnector-line.ts'
import { scopeMethods } from './methods/scope.ts'
import { serverTime } from './methods/server-time.ts'
import { userMethods } from './methods/user.ts'

const batch: RestMethod = { name: 'batch', scopes: [BASIC_SCOPE], run: (call) => runBatch(call, findMethod) }
const methodGet: RestMethod = {
  name: 'method.get',
  scopes: [BASIC_SCOPE],
  run: ({ caller, params }) => {
    const method = findMethod(params.text('name') ?? '')
    const isAvailable = method?.scopes.some((scope) => scope === BASIC_SCOPE || caller.app.scope.includes(scope)) ?? false
    return { isExisting: method !== undefined, isAvailable }
  },
}

const METHODS = new Map<string, RestMethod>(
  [
    appInfo, ...appOptionMethods, batch, eventBind, ...eventListMethods, eventTest, eventUnbind, featureGet,
    ...connectorCardMethods, ...connectorLineMethods, methodGet, ...scopeMethods, serverTime, ...userMethods,
  ].map((method) => [method.name, method]),
)

/** Case does not count. */
export function findMethod(name: string): RestMethod | undefined {
  return METHODS.get(name.toLowerCase())
}
