import { connect } from 'node:net'
import { VirtualClock } from '@portline/runtime/clock.ts'
import { CodedError } from '@portline/wire/errors.ts'
import { defineApp } from 'portline'
import type { App, Handler } from 'portline'
import { STREAM_CLIENTS } from 'portline/limits.ts'
import { afterEach, describe, expect, test } from 'vitest'
import { installApp, openHouse, until } from './support/house.ts'
import type { House } from './support/house.ts'

/** What an app's handler may do, and what becomes of its event. */
let house: House
afterEach(() => house.close())

async function houseWith(handler: Handler<'ONAPPTEST'>, options: { timeoutMs?: number } = {}): Promise<House> {
  const app: App = defineApp({ name: 'handlers' }).on('ONAPPTEST', handler, options)
  house = await openHouse({ app })
  await installApp(house)
  return house
}

async function openedWithCrm(app: App): Promise<void> {
  house = await openHouse({ app })
  house.portal.control.registerApp({ name: app.name, kind: 'market', client_id: house.clientId, scope: ['crm', 'user'] })
  await installApp(house)
}

function fire(): void {
  house.portal.control.fireEvent({ event: 'ONAPPTEST', data: { QUERY: { any: 'data' } }, client_id: house.clientId })
}

test('a handler that fails is tried again, and every attempt is on record', async () => {
  const attempts: number[] = []
  await houseWith(({ event, note }) => {
    attempts.push(event.attempt)
    note(`attempt ${event.attempt}`)
    if (attempts.length < 2) throw new Error('not yet')
  })
  fire()
  const waiting = await house.settled('ONAPPTEST', ['pending', 'done'])
  await until(async () => ((await house.event(waiting.id)).attempts >= 1 ? true : undefined), 'the first attempt')
  const done = await house.settled('ONAPPTEST', ['done'])
  expect(attempts).toEqual([1, 2])
  expect((await house.event(done.id)).attemptLog).toMatchObject([
    { outcome: 'failed', error: { code: 'HANDLER_FAILED', message: 'not yet' }, notes: ['attempt 1'] },
    { outcome: 'done', notes: ['attempt 2'] },
  ])
})

test('the calls a handler makes are on record, with Bitrix24\'s code where one fails', async () => {
  await houseWith(async ({ b24 }) => {
    await b24.actions.v2.call.make({ method: 'profile' })
    await b24.actions.v2.call.make({ method: 'no.such.method' }).catch(() => {})
  })
  fire()
  const { id } = await house.settled('ONAPPTEST')
  expect((await house.event(id)).attemptLog[0]?.calls).toMatchObject([
    { method: 'profile' },
    { method: 'no.such.method', error: 'ERROR_METHOD_NOT_FOUND' },
  ])
})

test('a call that Bitrix24 refuses without a code is on record with its words, and so is the attempt', async () => {
  const app = defineApp({ name: 'handlers' }).on('ONAPPTEST', async ({ b24 }) => {
    await b24.actions.v2.call.make({ method: 'crm.deal.get', params: { id: 4_711 } })
  })
  await openedWithCrm(app)
  fire()
  const { id } = await house.settled('ONAPPTEST', ['pending'])
  const [attempt] = await until(async () => {
    const { attemptLog } = await house.event(id)
    return attemptLog.length > 0 ? attemptLog : undefined
  }, 'the first attempt')
  expect(attempt).toMatchObject({
    error: { code: 'HANDLER_FAILED', message: 'Not found' }, calls: [{ method: 'crm.deal.get', error: 'Not found' }],
  })
})

test('the attempt has the code and the words with which Bitrix24 refused', async () => {
  await houseWith(async ({ b24 }) => {
    await b24.actions.v2.call.make({ method: 'no.such.method' })
  })
  fire()
  const { id } = await house.settled('ONAPPTEST', ['pending'])
  await until(async () => ((await house.event(id)).attemptLog.length > 0 ? true : undefined), 'the first attempt')
  expect((await house.event(id)).attemptLog[0]).toMatchObject({
    error: { code: 'HANDLER_FAILED', message: 'ERROR_METHOD_NOT_FOUND: Method not found!' },
    calls: [{ method: 'no.such.method', error: 'ERROR_METHOD_NOT_FOUND' }],
  })
})

test('a handler that does not end is cut off, and its signal tells it', async () => {
  let aborted = false
  await houseWith(
    ({ signal }) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          aborted = true
          resolve()
        })
      }),
    { timeoutMs: 50 },
  )
  fire()
  const event = await house.settled('ONAPPTEST', ['pending'])
  await until(async () => ((await house.event(event.id)).attempts >= 1 ? true : undefined), 'the first attempt')
  expect((await house.event(event.id)).attemptLog[0]).toMatchObject({ outcome: 'failed', error: { code: 'HANDLER_TIMEOUT' } })
  expect(aborted).toBe(true)
})

test('an event without a handler is done', async () => {
  await houseWith(() => {})
  house.portal.control.uninstall(house.clientId, { clean: false })
  expect(await house.settled('ONAPPUNINSTALL')).toMatchObject({ state: 'done' })
})

describe('replay', () => {
  test('runs a done event again under its own id', async () => {
    const ids: string[] = []
    await houseWith(({ event }) => void ids.push(event.id))
    fire()
    const { id } = await house.settled('ONAPPTEST')
    const response = await fetch(`${house.side.url}/api/events/${id}/replay`, { method: 'POST' })
    expect([response.status, await response.json()]).toEqual([200, { id, state: 'pending' }])
    await until(() => (ids.length === 2 ? true : undefined), 'the second run')
    expect(ids).toEqual([id, id])
    await until(async () => ((await house.event(id)).attemptLog.length === 2 ? true : undefined), 'the second attempt on record')
  })

  test('refuses an event that is not there, not over, or of an uninstalled portal', async () => {
    await houseWith(() => {})
    const replay = async (id: string) => {
      const response = await fetch(`${house.side.url}/api/events/${id}/replay`, { method: 'POST' })
      return { status: response.status, ...((await response.json()) as { error?: string }) }
    }
    expect(await replay('nothing')).toMatchObject({ status: 404, error: 'NOT_FOUND' })
    const held = await house.post({ event: 'ONAPPTEST', auth: { member_id: 'stranger', application_token: 'x' } })
    expect(await replay(held.body.id ?? '')).toMatchObject({ status: 409, error: 'EVENT_NOT_REPLAYABLE' })
    const install = await house.settled('ONAPPINSTALL')
    house.portal.control.uninstall(house.clientId, { clean: false })
    await house.settled('ONAPPUNINSTALL')
    expect(await replay(install.id)).toMatchObject({ status: 409, error: 'EVENT_NOT_REPLAYABLE' })
  })
})

test('what was not handled when the app side stopped is handled after it has started again', async () => {
  let ready = false
  await houseWith(() => {
    if (!ready) throw new Error('not ready')
  })
  fire()
  const { id } = await house.settled('ONAPPTEST', ['pending'])
  ready = true
  await house.restart()
  await until(async () => ((await house.event(id)).state === 'done' ? true : undefined), 'the event to be done')
  expect((await house.installation()).status).toBe('active')
})

test('a handler that is new in the app is bound after the next start', async () => {
  await houseWith(() => {})
  const newer = defineApp({ name: 'handlers' }).on('ONUSERADD', () => {})
  const bound = () => house.portal.control.handlers().map(({ event }) => event)
  expect(bound()).not.toContain('ONUSERADD')
  await house.restart(newer)
  await until(() => (bound().includes('ONUSERADD') ? true : undefined), 'the new binding')
  expect(bound().filter((event) => event === 'ONAPPUNINSTALL')).toHaveLength(1)
  await until(() => (bound().includes('ONAPPTEST') ? undefined : true), 'the former binding to go')
})

test('an uninstall is not held up by an event that waits for its next try', async () => {
  let failed = 0
  await houseWith(() => {
    failed += 1
    throw new Error('never')
  })
  fire()
  await until(() => (failed >= 2 ? true : undefined), 'two failures')
  house.portal.control.uninstall(house.clientId, { clean: false })
  expect(await house.settled('ONAPPUNINSTALL')).toMatchObject({ state: 'done' })
  expect(await house.settled('ONAPPTEST')).toMatchObject({ state: 'dead', reason: 'INSTALLATION_DELETED' })
})

test('an expired token is renewed under the handler\'s call, once, and the handler sees nothing of it', async () => {
  const clock = new VirtualClock(Date.now())
  const names: unknown[] = []
  const app = defineApp({ name: 'handlers' }).on('ONAPPTEST', async ({ b24 }) => {
    const answers = await Promise.all(['profile', 'user.current', 'app.info'].map((method) => b24.actions.v2.call.make({ method })))
    names.push(...answers.map((answer) => answer.isSuccess))
  })
  house = await openHouse({ app, portal: { clock } })
  const { page } = await house.portal.control.install(house.clientId)
  expect(page?.status).toBe(200)
  house.portal.control.finish(house.clientId)
  const [secondMs, twoHoursMs] = [1_000, 7_200_000]
  await clock.advance(secondMs)
  expect((await house.settled('ONAPPINSTALL')).state).toBe('done')
  await clock.advance(twoHoursMs)
  const { application_token } = house.portal.control.app(house.clientId)
  await house.post({ event: 'ONAPPTEST', auth: { member_id: house.portal.memberId, application_token } })
  const event = await house.settled('ONAPPTEST')
  expect([event.state, names]).toEqual(['done', [true, true, true]])
  const { calls } = (await house.event(event.id)).attemptLog[0] ?? { calls: [] }
  expect(calls.some((call) => 'error' in call)).toBe(true)
  expect(await house.installation()).toMatchObject({ accounts: [{ state: 'live' }], reason: null })
})

test('one watcher more than allowed is told so, and a place that gets free can be taken', async () => {
  await houseWith(() => {})
  const watchers = await Promise.all(Array.from({ length: STREAM_CLIENTS }, () => watch()))
  expect(watchers.every(({ status }) => status === 200)).toBe(true)
  const refused = await watch()
  expect([refused.status, await refused.json()]).toMatchObject([503, { error: 'TOO_MANY_WATCHERS' }])
  await watchers[0]?.body?.cancel()
  const last = await until(async () => {
    const response = await watch()
    return response.status === 200 ? response : undefined
  }, 'a free place')
  const reader = last.body?.getReader()
  fire()
  const seen = await until(async () => {
    const { value } = (await reader?.read()) ?? {}
    const text = new TextDecoder().decode(value)
    return text.includes('ONAPPTEST') ? text : undefined
  }, 'the event on the stream')
  expect(seen).toContain('event: event')
  await Promise.all([reader?.cancel(), ...watchers.slice(1).map(({ body }) => body?.cancel())])
})

function watch(): Promise<Response> {
  return fetch(`${house.side.url}/api/stream`)
}

test('an attempt that fails on the store is on record like any other, and waits longer each time', async () => {
  await houseWith(() => {
    throw new CodedError('STORE_UNAVAILABLE')
  })
  fire()
  const { id } = await house.settled('ONAPPTEST', ['pending'])
  await until(async () => ((await house.event(id)).attempts >= 2 ? true : undefined), 'two attempts')
  expect(await house.event(id)).toMatchObject({ reason: 'STORE_UNAVAILABLE' })
})

test.each(['9999999999.0001', '1e300', '-1e300', 'soon'])('an install whose token expires at %s does not stop its lane', async (expires) => {
  await houseWith(() => {})
  const auth = { member_id: house.portal.memberId, application_token: house.portal.control.app(house.clientId).application_token }
  await house.post({ event: 'ONAPPINSTALL', auth: { ...auth, access_token: 'a', refresh_token: 'b', expires } })
  await house.post({ event: 'ONAPPTEST', auth })
  expect((await house.settled('ONAPPTEST')).state).toBe('done')
})

test('a sender that never ends its request does not keep the app side from stopping', async () => {
  await houseWith(() => {})
  const socket = connect(Number(new URL(house.side.url).port), '127.0.0.1').on('error', () => {})
  socket.write('POST /apps/handlers/events HTTP/1.1\r\nhost: x\r\n')
  await new Promise((resolve) => setTimeout(resolve, 100))
  const ended = await Promise.race([house.restart().then(() => true), new Promise((resolve) => setTimeout(resolve, 20_000, false))])
  socket.destroy()
  expect(ended).toBe(true)
})
