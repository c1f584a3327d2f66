import { deleteLine } from '../../../portal/open-lines/delete-line.ts'
import { IMCONNECTOR_SCOPE } from '../../connector-params.ts'
import { RestError } from '../../errors.ts'
import type { RestCall, RestMethod } from '../../method.ts'
import { plainText } from '../../params.ts'
import { readConfig, viewConfig } from './config-fields.ts'
import { queueFields, queueFull, queueUsers, readQueue } from './queue.ts'

/** imopenlines-config-get.md: false when there is no such line. */
const get: RestMethod = {
  name: 'imopenlines.config.get',
  scopes: IMCONNECTOR_SCOPE,
  run: (call) => {
    const { context, params } = call
    const line = context.world.line(requireConfigId(call))
    if (line === undefined) return false
    const config = context.world.openLines.config(line.id)
    const view = viewConfig(line.id, line.name, config)
    if (params.text('WITH_QUEUE') === 'N') return view
    const users = queueUsers(context, config)
    return { ...view, QUEUE: users, QUEUE_FULL: queueFull(users), QUEUE_USERS_FIELDS: queueFields(users), QUEUE_ONLINE: 'Y' }
  },
}

/** imopenlines-config-add.md: everything may be left out; the new line's number. */
const add: RestMethod = {
  name: 'imopenlines.config.add',
  scopes: IMCONNECTOR_SCOPE,
  run: (call) => {
    requirePermission(call)
    const given = paramsOf(call)
    const name = plainText(given['LINE_NAME'])
    const line = call.context.world.addLine(name ?? `Open Channel ${call.context.world.lines().length + 1}`)
    store(call, line.id, given)
    return line.id
  },
}

/** imopenlines-config-update.md. A line that isn't there is false, as it is for config.get. */
const update: RestMethod = {
  name: 'imopenlines.config.update',
  scopes: IMCONNECTOR_SCOPE,
  run: (call) => {
    const { world } = call.context
    const id = requireConfigId(call)
    requirePermission(call)
    const line = world.line(id)
    if (line === undefined) return false
    const given = paramsOf(call)
    world.renameLine(id, plainText(given['LINE_NAME']) ?? line.name)
    store(call, id, given)
    return true
  },
}

/** imopenlines-config-delete.md: the connectors leave the line with their events, then ONIMCONNECTORLINEDELETE. */
const remove: RestMethod = {
  name: 'imopenlines.config.delete',
  scopes: IMCONNECTOR_SCOPE,
  run: (call) => {
    const id = requireConfigId(call)
    requirePermission(call)
    if (call.context.world.line(id) === undefined) return false
    deleteLine(call.context, call.hit, id)
    return true
  },
}

/** imopenlines-config-path-get.md */
const path: RestMethod = {
  name: 'imopenlines.config.path.get',
  scopes: IMCONNECTOR_SCOPE,
  run: ({ context }) => ({ SERVER_ADDRESS: context.addresses.portal, PUBLIC_PATH: '/contact_center/' }),
}

/** imopenlines-revision-get.md: the figures of its example. */
const revision: RestMethod = {
  name: 'imopenlines.revision.get', scopes: IMCONNECTOR_SCOPE, run: () => ({ rest: 2, web: 1, mobile: 1 }),
}

function requireConfigId({ params }: RestCall): number {
  const id = Number.parseInt(params.text('CONFIG_ID') ?? '', 10)
  if (!Number.isSafeInteger(id) || id <= 0) throw new RestError('CONFIG_ID_EMPTY')
  return id
}

/** Who may change lines: administrators, on this portal. */
function requirePermission({ caller }: RestCall): void {
  if (!caller.user.admin) throw new RestError('CONFIG_WRONG_USER_PERMISSION')
}

function paramsOf({ params }: RestCall): Record<string, unknown> {
  const given = params.get('PARAMS')
  if (typeof given !== 'object' || given === null) return {}
  return Object.fromEntries(Object.entries(given).map(([key, value]) => [key.toUpperCase(), value]))
}

function store({ context, caller }: RestCall, line: number, given: Readonly<Record<string, unknown>>): void {
  const { openLines } = context.world
  const queue = given['QUEUE'] === undefined ? {} : { QUEUE: readQueue(given['QUEUE']) }
  const config = { ...openLines.config(line), ...readConfig(given), ...queue, MODIFY_USER_ID: String(caller.user.id) }
  openLines.setConfig(line, config)
}

export const openLineConfigMethods = [get, add, update, remove, path, revision]
