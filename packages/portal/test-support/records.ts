import type { Answer, TestWorld } from './world.ts'
import { call, CLIENT_ID, installUiApp, startWorld } from './world.ts'

export interface RecordsWorld extends TestWorld {
  /** Tokens of the administrator Anna (1) and the employee Emil (2). */
  readonly admin: string
  readonly employee: string
  /** Calls as the administrator. */
  rest(method: string, params?: object): Promise<Answer>
  /** The `result` of a call that has to succeed. */
  result(method: string, params?: object): Promise<unknown>
  asEmployee(method: string, params?: object): Promise<Answer>
}

const SCOPE = ['imopenlines', 'crm', 'task', 'user', 'department']

/** A portal with an installed app that may see records, tasks and users, bound to `codes` at `/events`. */
export async function startRecordsWorld(
  codes: readonly string[] = [], options: Parameters<typeof startWorld>[0] = {},
): Promise<RecordsWorld> {
  const world = await startWorld({ queue: { maxDelayMs: 0 }, ...options })
  const { accessToken: admin } = await installUiApp(world, [])
  setScope(world, SCOPE)
  for (const event of codes) {
    const bound = await call(world.portal, 'event.bind', { auth: admin, event, handler: `${world.receiver.url}/events` })
    if (bound.status !== 200) throw new Error(`event.bind ${event}: ${JSON.stringify(bound.body)}`)
  }
  const employee = await tokenOf(world, 2)
  const rest = (method: string, params: object = {}): Promise<Answer> => call(world.portal, method, { auth: admin, ...params })
  const result = async (method: string, params: object = {}): Promise<unknown> => {
    const answer = await rest(method, params)
    if (answer.status !== 200) throw new Error(`${method}: ${JSON.stringify(answer.body)}`)
    return answer.body['result']
  }
  const asEmployee = (method: string, params: object = {}): Promise<Answer> =>
    call(world.portal, method, { auth: employee, ...params })
  return { ...world, admin, employee, rest, result, asEmployee }
}

export function setScope({ portal }: Pick<TestWorld, 'portal'>, scope: readonly string[]): void {
  portal.control.registerApp({ name: 'Example', kind: 'local', client_id: CLIENT_ID, scope })
}

/** A token of that user, from the POST of the app's page. */
export async function tokenOf({ portal, receiver }: TestWorld, userId: number): Promise<string> {
  await portal.control.open(CLIENT_ID, { user_id: userId })
  const token = receiver.received.at(-1)?.form['AUTH_ID']
  if (typeof token !== 'string') throw new Error('The page got no AUTH_ID')
  return token
}

/** `data` of the events received since the last call with the receiver cleared, as decoded. */
export async function eventsAfter(world: RecordsWorld, action: () => Promise<unknown>): Promise<unknown[]> {
  await world.settle()
  world.receiver.received.length = 0
  await action()
  await world.settle()
  return world.receiver.received.map(({ form }) => ({ event: form['event'], data: form['data'] }))
}
