import type { PortalContext } from '../../../context.ts'
import { plainText } from '../../params.ts'

interface QueueEntry {
  readonly ENTITY_TYPE: 'user' | 'department'
  readonly ENTITY_ID: string
}

/** QUEUE of config.add: a list of `{ENTITY_TYPE, ENTITY_ID}`; a bare id means a user. */
export function readQueue(given: unknown): QueueEntry[] {
  if (typeof given !== 'object' || given === null) return []
  return Object.values(given).flatMap((entry: unknown) => {
    const map: Record<string, unknown> = typeof entry === 'object' && entry !== null ? { ...entry } : { ENTITY_ID: entry }
    const id = plainText(map['ENTITY_ID'])
    const type = map['ENTITY_TYPE'] === 'department' ? 'department' : 'user'
    return id === undefined ? [] : [{ ENTITY_TYPE: type, ENTITY_ID: id } as const]
  })
}

export function storedQueue(config: Readonly<Record<string, unknown>>): QueueEntry[] {
  return readQueue(config['QUEUE'])
}

/** Employees of the queue, with what is shown of each; a department's are not known here. */
export function queueUsers(context: PortalContext, config: Readonly<Record<string, unknown>>): string[] {
  return storedQueue(config).filter(({ ENTITY_TYPE, ENTITY_ID }) =>
    ENTITY_TYPE === 'user' && context.world.user(Number(ENTITY_ID)) !== undefined).map(({ ENTITY_ID }) => ENTITY_ID)
}

/** By user id. Nothing is set for an operator unless an administrator did it by hand. */
export function queueFields(users: readonly string[]): Record<string, object> {
  const shown = { USER_NAME: null, USER_WORK_POSITION: null, USER_AVATAR: null, USER_AVATAR_ID: '0' }
  return Object.fromEntries(users.map((id) => [id, shown]))
}

export function queueFull(users: readonly string[]): Record<string, object> {
  const fields = queueFields(users)
  return Object.fromEntries(users.map((id, index) =>
    [id, { ID: String(index + 1), SORT: String(index), USER_ID: id, DEPARTMENT_ID: '0', ...fields[id] }]))
}
