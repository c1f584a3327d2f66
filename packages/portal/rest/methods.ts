import { BASIC_SCOPE } from '@portline/wire/rest.ts'
import type { RestMethod } from './method.ts'
import { appInfo } from './methods/app-info.ts'
import { appOnlyMethods } from './methods/app-only-methods.ts'
import { appOptionMethods } from './methods/app-option.ts'
import { runBatch } from './methods/batch.ts'
import { featureGet } from './methods/feature-get.ts'
import { openLineConfigMethods } from './methods/openlines/config.ts'
import { openLineConfigList } from './methods/openlines/config-list.ts'
import { scopeMethods } from './methods/scope.ts'
import { serverTime } from './methods/server-time.ts'
import { crmItemMethods } from './methods/crm/item.ts'
import { crmRecordMethods } from './methods/crm/records.ts'
import { taskMethods } from './methods/tasks/task.ts'
import { accessMethods } from './methods/users/access.ts'
import { userChangeMethods } from './methods/users/change.ts'
import { departmentGet } from './methods/users/department.ts'
import { userListMethods } from './methods/users/list.ts'
import { userOptionMethods } from './methods/users/option.ts'
import { profileMethods } from './methods/users/profile.ts'

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

/** Deprecated (api-reference/common/system/methods.md): of one scope, of all with `full`, else of the caller's. */
const methodList: RestMethod = {
  name: 'methods',
  scopes: [BASIC_SCOPE],
  run: ({ caller, params }) => {
    const scope = params.text('scope')
    const full = params.text('full')
    const all = full !== undefined && full !== '0' && full.toLowerCase() !== 'false'
    const granted = [BASIC_SCOPE, ...caller.app.scope]
    return [...METHODS.values()]
      .filter(({ scopes }) => scopes.some((name) => (scope === undefined ? all || granted.includes(name) : name === scope)))
      .map(({ name }) => name)
  },
}

const METHODS = new Map<string, RestMethod>(
  [
    appInfo, ...appOptionMethods, batch, ...appOnlyMethods, featureGet,
    ...openLineConfigMethods, openLineConfigList, methodGet, methodList, ...scopeMethods, serverTime,
    ...crmRecordMethods, ...crmItemMethods, ...taskMethods, ...accessMethods,
    ...userChangeMethods, departmentGet, ...userListMethods, ...userOptionMethods, ...profileMethods,
  ].map((method) => [method.name, method]),
)

/** Case does not count. */
export function findMethod(name: string): RestMethod | undefined {
  return METHODS.get(name.toLowerCase())
}
