import { VirtualClock } from '@portline/runtime/clock.ts'
import { expect, test } from 'vitest'
import type { FaultSpec } from './faults/schema.ts'
import type { Portal } from './start-portal.ts'
import type { PortalState } from './state/portal-state.ts'
import type { Receiver } from './test-support/receiver.ts'
import { startReceiver } from './test-support/receiver.ts'
import { CLIENT_ID, CLIENT_SECRET, control, field, installUiApp, last, send, startTestPortal } from './test-support/world.ts'
import type { TestWorld } from './test-support/world.ts'

/** Where a run listens: the second one takes the ports of the first, so that not even addresses differ. */
interface Ports {
  readonly portal: number
  readonly oauth: number
  readonly app: number
}

interface Run extends TestWorld {
  /** Every byte that went either way, in order. */
  readonly transcript: string[]
  readonly ports: Ports
  end(): Promise<void>
}

const FREE: Ports = { portal: 0, oauth: 0, app: 0 }

async function startRun(ports: Ports, options: { seed?: string; state?: PortalState } = {}): Promise<Run> {
  const clock = new VirtualClock(options.state?.now_ms)
  const receiver: Receiver = await startReceiver(ports.app)
  const portal = await startTestPortal({
    seed: 'determinism', port: ports.portal, oauthPort: ports.oauth, clock, ...options,
    // One delivery at a time, for the order in which an app's own server takes several is not the portal's.
    queue: { concurrency: 1, maxDelayMs: 400, duplicateRate: 0.1, reorderRate: 0.1 },
  })
  const transcript: string[] = []
  receiver.onPost = ({ path, query, body }) => {
    transcript.push(`POST ${path}?${query}\n${body}`)
  }
  const stop = async (): Promise<void> => {
    await portal.stop()
    await receiver.stop()
  }
  const taken = { portal: portOf(portal.url), oauth: portOf(portal.oauthUrl), app: portOf(receiver.url) }
  return { portal, clock, receiver, transcript, ports: taken, end: stop, settle: () => settle(portal) }
}

function portOf(url: string): number {
  return Number(new URL(url).port)
}

async function settle(portal: Portal): Promise<void> {
  await portal.control.clock.advance(10_000)
}

/** Asks, and writes the whole answer down: status, headers, body. */
async function ask(run: Run, url: string, params?: object): Promise<Record<string, unknown>> {
  const init = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(params) }
  const { status, headers, body } = await send(url, params === undefined ? {} : init).catch((error: unknown) => ({
    status: 0, headers: new Headers(), body: { error: String(error) },
  }))
  run.transcript.push(`${url}\n${status}\n${JSON.stringify([...headers])}\n${JSON.stringify(body)}`)
  return body
}

const FAULTS: readonly FaultSpec[] = [
  { fault: 'query_limit', probability: 0.2 },
  { fault: 'no_refresh_token', on: 'delivery', every: 3 },
  { fault: 'duplicate', on: 'delivery', probability: 0.2 },
  { fault: 'lost', on: 'delivery', event: 'ONCRM*', probability: 0.3 },
  { fault: 'clock_skew', skew_ms: 7_000, every: 5 },
]

async function install(run: Run): Promise<string> {
  const { accessToken } = await installUiApp(run, ['ONAPPINSTALL', 'ONAPPTEST', 'ONAPPUPDATE', 'ONCRMLEADADD', 'ONUSERADD'])
  return accessToken
}

/** A long life: calls of all kinds, renewals, a connector, codes, faults, hours passing. */
async function live(run: Run, auth: string, rounds: number): Promise<void> {
  const { portal, receiver } = run
  const handler = `${receiver.url}/events`
  for (let round = 0; round < rounds; round++) {
    await ask(run, `${portal.url}/rest/event.test.json`, { auth, round, text: 'ü' })
    const cmd = { me: 'profile', admin: 'user.admin', test: 'event.test?a=$result[me][ID]' }
    await ask(run, `${portal.url}/rest/batch`, { auth, cmd })
    await ask(run, `${portal.url}/rest/event.bind?auth=${auth}`, { event: 'ONUSERADD', handler: `${handler}?n=${round}` })
    await ask(run, `${portal.url}/rest/imconnector.register`, {
      auth, ID: `chat_${round}`, NAME: 'Chat', ICON: { DATA_IMAGE: 'data:,' }, PLACEMENT_HANDLER: `${receiver.url}/settings`,
    })
    await ask(run, `${portal.url}/rest/imconnector.activate`, { auth, CONNECTOR: `chat_${round}`, LINE: 107, ACTIVE: 1 })
    portal.control.fireEvent({ event: 'ONCRMLEADADD', data: { FIELDS: { ID: round } } })
    await control(portal, '/events', { event: 'ONUSERADD', data: { ID: round }, user_id: round % 2 })
    await control(portal, `/apps/${CLIENT_ID}/open`, { placement: 'CRM_DEAL_DETAIL_TAB', options: { ID: round }, user_id: 2 })
    await renew(run, field(last(receiver).form, 'REFRESH_ID'))
    await control(portal, '/clock', { advance_ms: 37_000 })
  }
  await settle(portal)
}

async function renew(run: Run, refreshToken: string): Promise<void> {
  const query = new URLSearchParams({
    grant_type: 'refresh_token', client_id: CLIENT_ID, client_secret: CLIENT_SECRET, refresh_token: refreshToken,
  })
  await ask(run, `${run.portal.oauthUrl}/oauth/token/?${query}`)
  await ask(run, `${run.portal.oauthUrl}/oauth/token/?${query}`)
}

async function end(run: Run, auth: string): Promise<string[]> {
  const { portal } = run
  portal.control.update(CLIENT_ID, { version: '2', rotate_application_token: true })
  await settle(portal)
  await ask(run, `${portal.url}/rest/event.bind`, { auth, event: 'ONAPPUNINSTALL', handler: `${run.receiver.url}/events` })
  portal.control.uninstall(CLIENT_ID, { clean: true })
  await settle(portal)
  run.transcript.push(JSON.stringify(portal.control.deliveries({ limit: 1_000 })), JSON.stringify(portal.control.state()))
  await run.end()
  return run.transcript
}

async function wholeLife(ports: Ports, seed: string): Promise<{ transcript: string[]; ports: Ports }> {
  const run = await startRun(ports, { seed })
  for (const fault of FAULTS) run.portal.control.faults.add(fault)
  const auth = await install(run)
  await live(run, auth, 12)
  return { transcript: await end(run, auth), ports: run.ports }
}

test('the same seed and the same calls give the same bytes: events, answers, headers, log and state', async () => {
  const first = await wholeLife(FREE, 'one')
  const second = await wholeLife(first.ports, 'one')
  expect(first.transcript.length).toBeGreaterThan(120)
  expect(second.transcript).toEqual(first.transcript)
  const other = await wholeLife(first.ports, 'two')
  expect(other.transcript).not.toEqual(first.transcript)
})

test('a portal taken over in the middle of its life goes on as the first one does', async () => {
  const first = await startRun(FREE)
  for (const fault of FAULTS) first.portal.control.faults.add(fault)
  const auth = await install(first)
  await live(first, auth, 4)
  // Mid-life: deliveries of all kinds still wait.
  for (let n = 0; n < 30; n++) {
    const event = n % 2 === 0 ? 'ONAPPTEST' : 'ONUSERADD'
    first.portal.control.fireEvent({ event, client_id: CLIENT_ID, data: { n } })
  }
  const exported = first.portal.control.state()
  const state = JSON.parse(JSON.stringify(exported))
  expect(state.queue.waiting.length).toBeGreaterThan(20)
  first.transcript.length = 0
  await live(first, auth, 4)
  const firstState = first.portal.control.state()
  await first.end()

  const second = await startRun(first.ports, { seed: 'ignored', state })
  expect(second.portal.control.state()).toEqual(exported)
  await live(second, auth, 4)
  expect(second.transcript).toEqual(first.transcript)
  expect(second.portal.control.state()).toEqual(firstState)
  await second.end()

  const third = await startRun(first.ports, { seed: 'another portal' })
  await control(third.portal, '/lines', { name: 'of before' })
  expect(await control(third.portal, '/state', state)).toMatchObject({ status: 200, body: { member_id: state.memberId } })
  await live(third, auth, 4)
  expect(third.transcript).toEqual(first.transcript)
  expect(third.portal.control.state()).toEqual(firstState)
  await third.end()
})

test('a state larger than other bodies may be is taken', async () => {
  const run = await startRun(FREE)
  await installUiApp(run, ['ONAPPTEST'])
  run.portal.control.fireEvent({ event: 'ONAPPTEST', client_id: CLIENT_ID, data: { long: 'x'.repeat(3_000_000) } })
  const state = run.portal.control.state()
  expect((await control(run.portal, '/state', state)).status).toBe(200)
  expect(run.portal.control.state()).toEqual(state)
  await run.end()
})

test.each([
  [{}], [{ format: 2 }], ['text'], [{ queue: { last_id: -1 } }],
])('importing %j is a BAD_REQUEST and changes nothing', async (state) => {
  const run = await startRun(FREE)
  const before = run.portal.control.state()
  const given = typeof state === 'object' && 'queue' in state ? { ...before, ...state } : state
  expect(await control(run.portal, '/state', given)).toMatchObject({ status: 400, body: { error: 'BAD_REQUEST' } })
  expect(run.portal.control.state()).toEqual(before)
  await run.end()
})
