import { VirtualClock } from '@portline/runtime/clock.ts'
import type { PortalOptions } from '@portline/portal'
import type { PhpMap } from '@portline/wire/form/value.ts'
import { defineApp } from 'portline'
import type { App, AppDefinition } from 'portline'
import { OFFLINE_BATCH_EVENTS, OFFLINE_CARE_MS, OFFLINE_POLL_MS, OFFLINE_REST_MS } from 'portline/limits.ts'
import type { AppSideOptions } from 'portline/serve/start-app-side.ts'
import { afterEach, describe, expect, test } from 'vitest'
import { installApp, openHouse, until } from './support/house.ts'
import type { House } from './support/house.ts'

/** Events that wait on the portal and are fetched: nothing is lost, nothing is stored twice, and they stand in the same lanes. */
const EVENT = 'ONCRMDEALUPDATE'
let house: House
let handled: string[]
afterEach(() => house.close())

function fetchingApp(definition: Partial<AppDefinition> = {}): App {
  handled = []
  return defineApp({ name: 'fetcher', ...definition })
    .on(EVENT, ({ event }) => void handled.push(`${event.data.FIELDS.ID}`), { offline: true })
    .on('ONAPPTEST', () => void handled.push('test'))
}

interface Opened {
  readonly app?: App
  readonly portal?: PortalOptions
  readonly side?: Partial<AppSideOptions>
}

async function open({ app = fetchingApp(), portal = {}, side = {} }: Opened = {}): Promise<void> {
  house = await openHouse({ app, portal, side })
  house.portal.control.registerApp({ name: app.name, kind: 'market', client_id: house.clientId, scope: ['crm', 'user'] })
}

/** As a person at the portal does. */
function change(...ids: number[]): void {
  for (const id of ids) house.portal.control.fireEvent({ event: EVENT, data: { FIELDS: { ID: id } } })
}

function waiting() {
  return house.portal.control.snapshot().offline?.events ?? []
}

/** REST as the app itself, with the tokens of its installation. */
async function rest(method: string, params: object = {}): Promise<{ result: unknown }> {
  const install = house.portal.control.deliveries().deliveries.find(({ event }) => event === 'ONAPPINSTALL')
  const auth = new URLSearchParams(install?.body).get('auth[access_token]')
  const response = await fetch(`${house.portal.url}/rest/${method}`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ auth, ...params }),
  })
  return (await response.json()) as { result: unknown }
}

async function fetched(count: number): Promise<void> {
  await until(() => (handled.length >= count && waiting().length === 0 ? true : undefined), `${count} events to be fetched and handled`)
}

describe('fetching', () => {
  test('an event in the offline queue is fetched when ONOFFLINEEVENT comes, proven by our own tokens, and looks like one that was sent', async () => {
    await open()
    await installApp(house)
    expect((await house.installation()).bindings).toEqual(expect.arrayContaining([
      { event: EVENT, handler: '', offline: '' }, { event: 'ONOFFLINEEVENT', handler: expect.any(String) as string, offline: null },
    ]))
    change(7)
    await fetched(1)
    const event = await house.settled(EVENT)
    expect(event).toMatchObject({ state: 'done', proof: 'own_token', verdict: 'proven', data: { FIELDS: { ID: '7' } }, handlerId: null })
    expect(Number(event.ts)).toBeGreaterThan(1_700_000_000)
    expect(house.portal.control.deliveries().deliveries.filter((sent) => sent.event === EVENT)).toEqual([])
  })

  test('without an address that Bitrix24 reaches it is fetched by the timer, and shows that the installation is complete', async () => {
    const clock = new VirtualClock(Date.now())
    await open({ side: { clock, publicUrl: 'http://127.0.0.1:9' } })
    const { page } = await house.portal.control.install(house.clientId)
    expect(page?.status).toBe(200)
    house.portal.control.finish(house.clientId)
    await house.portal.control.drain()
    expect((await house.installation()).status).toBe('new')
    change(1, 2)
    await clock.advance(OFFLINE_POLL_MS * 1.3)
    await fetched(2)
    expect(handled).toEqual(['1', '2'])
    await until(async () => ((await house.installation()).status === 'active' ? true : undefined), 'the installation to be active')
  })

  test('an address that no portal takes as a handler does not keep an app from fetching', async () => {
    const clock = new VirtualClock(Date.now())
    await open({ side: { clock, publicUrl: 'http://localhost:9' } })
    expect((await house.portal.control.install(house.clientId)).page?.status).toBe(200)
    expect((await house.installation()).bindings).toEqual([{ event: EVENT, handler: '', offline: '' }])
  })

  test('more than one batch is fetched in the order in which it happened, into the lane of the events that are sent', async () => {
    await open()
    await installApp(house)
    const ids = Array.from({ length: OFFLINE_BATCH_EVENTS * 2 + 7 }, (_, index) => index + 1)
    change(...ids)
    await fetched(ids.length)
    expect(handled).toEqual(ids.map(String))
    house.portal.control.fireEvent({ event: 'ONAPPTEST', data: { QUERY: { a: '1' } }, client_id: house.clientId })
    await until(() => (handled.at(-1) === 'test' ? true : undefined), 'the event that was sent')
    const [sent, last] = [await house.settled('ONAPPTEST'), await house.settled(EVENT)]
    expect(sent.id > last.id).toBe(true)
  })

  test('a row that nests deeper than an event can ends as a dead event with the reason, and those behind it are handled', async () => {
    await open()
    await installApp(house)
    let nested: PhpMap = { LEAF: 'x' }
    for (let level = 0; level < 1_001; level++) nested = { A: nested }
    house.portal.control.fireEvent({ event: EVENT, data: { FIELDS: { ID: '1', NESTED: nested } } })
    change(2)
    await fetched(1)
    expect(handled).toEqual(['2'])
    const dead = (await house.events({ event: EVENT })).find(({ state }) => state === 'dead')
    expect(dead).toMatchObject({ reason: 'OFFLINE_ROW_UNREADABLE', data: null, attempts: 0 })
    const replayed = await fetch(`${house.side.url}/api/events/${dead?.id ?? ''}/replay`, { method: 'POST' })
    expect([replayed.status, await replayed.json()]).toMatchObject([409, { error: 'EVENT_NOT_REPLAYABLE' }])
  })

  test('what comes in right behind a look is announced by nobody, and fetched by another look soon after', async () => {
    const clock = new VirtualClock(Date.now())
    await open({ side: { clock } })
    await installApp(house)
    change(1)
    await fetched(1)
    // As within the second for which a portal keeps quiet.
    house.portal.control.faults.add({ fault: 'lost', event: 'ONOFFLINEEVENT' })
    change(2)
    let advancedMs = 0
    await until(async () => {
      if (handled.length === 2) return true
      // Never as far as the next look that is due in any case.
      if (advancedMs < OFFLINE_POLL_MS * 0.7) await clock.advance(1_000)
      advancedMs += 1_000
      return undefined
    }, 'the event to be fetched')
  })

  test('what an app changes itself does not come back, where its queue has a name', async () => {
    const app = defineApp({ name: 'fetcher', authConnector: 'shop' }).on(EVENT, async ({ event, b24 }) => {
      handled.push(event.data.FIELDS.ID)
      await b24.actions.v2.call.make({ method: 'crm.deal.update', params: { id: event.data.FIELDS.ID, fields: { TITLE: 'seen' } } })
    }, { offline: true })
    handled = []
    await open({ app, portal: { variants: { offlineOwnChanges: 'skip-named' } } })
    await installApp(house)
    const { result: id } = await rest('crm.deal.add', { fields: { TITLE: 'A' }, auth_connector: 'elsewhere' })
    await rest('crm.deal.update', { id, fields: { TITLE: 'B' }, auth_connector: 'elsewhere' })
    await fetched(1)
    // It would have been in the queue before the handler's call was answered.
    await house.settled(EVENT)
    await house.portal.control.drain()
    expect({ handled, waiting: waiting() }).toEqual({ handled: [String(id)], waiting: [] })
  })
})

describe('what may go wrong', () => {
  test('an answer that is lost leaves rows reserved: they are found by their process and fetched', async () => {
    const clock = new VirtualClock(Date.now())
    await open({ side: { clock, log: quiet } })
    await installApp(house)
    change(9)
    await fetched(1)
    handled = []
    warned.length = 0
    house.portal.control.faults.add({ fault: 'connection_reset', on: 'rest', method: 'event.offline.get', when: 'after', first: 1 })
    change(1, 2)
    await until(async () => {
      if (warned.length > 0) return true
      // Less than the rest after a failure: that one is not to be over yet.
      await clock.advance(OFFLINE_REST_MS)
      return undefined
    }, 'the failure')
    expect(waiting().map(({ processId }) => processId !== '')).toEqual([true, true])
    // Reserved rows take in nothing: the same change again is another row.
    change(1)
    await advanceUntilFetched(clock, 3)
    expect(handled).toEqual(['1', '2', '1'])
  })

  test('rows that could not be cleared are cleared later and stored once', async () => {
    const clock = new VirtualClock(Date.now())
    await open({ side: { clock } })
    await installApp(house)
    house.portal.control.faults.add({ fault: 'error_answer', on: 'rest', method: 'event.offline.clear', status: 500, error: 'INTERNAL_SERVER_ERROR', first: 1 })
    change(1, 2)
    await until(() => (handled.length === 2 ? true : undefined), 'the events to be handled')
    expect(waiting()).toHaveLength(2)
    await house.restart(fetchingApp())
    await advanceUntilFetched(clock, 0)
    expect(handled).toEqual([])
    expect(await house.events({ event: EVENT })).toHaveLength(2)
  })

  test('what a former process left reserved is fetched after the start, batch by batch', async () => {
    const clock = new VirtualClock(Date.now())
    await open({ side: { clock } })
    await installApp(house)
    await house.side.stop()
    change(...Array.from({ length: 60 }, (_, index) => index + 1))
    await rest('event.offline.get', { clear: 0, limit: 60 })
    change(1)
    await house.restart(fetchingApp())
    await advanceUntilFetched(clock, 61)
    expect(handled).toHaveLength(61)
    expect(handled.at(-1)).toBe('1')
  })

  test('rows that somebody marked as failed swallow what follows: they are fetched too', async () => {
    const clock = new VirtualClock(Date.now())
    await open({ side: { clock, log: quiet } })
    await installApp(house)
    change(1)
    await fetched(1)
    await house.side.stop()
    change(5)
    const { result } = await rest('event.offline.get', { clear: 0 })
    const { process_id, events } = result as { process_id: string; events: { MESSAGE_ID: string }[] }
    await rest('event.offline.error', { process_id, message_id: events.map(({ MESSAGE_ID }) => MESSAGE_ID) })
    change(5)
    expect(waiting()).toMatchObject([{ error: true, processId: '' }])
    await house.restart()
    await advanceUntilFetched(clock, 2, OFFLINE_CARE_MS)
    expect(handled).toEqual(['1', '5'])
  })

  test('without the licence for reservations nothing is fetched, nothing is lost, and it is said', async () => {
    const clock = new VirtualClock(Date.now())
    await open({ side: { clock, log: quiet }, portal: { features: { rest_offline_extended: false } } })
    await installApp(house)
    change(1)
    await until(() => (warned.some(({ code }) => code === 'OFFLINE_LICENSE_MISSING') ? true : undefined), 'the warning')
    expect(waiting()).toMatchObject([{ processId: '', error: false }])
    expect(handled).toEqual([])
  })

  test('an account that is no administrator is told, and fetching goes on when it may again', async () => {
    const clock = new VirtualClock(Date.now())
    await open({ side: { clock, log: quiet } })
    await installApp(house)
    house.portal.control.faults.add({ fault: 'error_answer', on: 'rest', method: 'event.offline.*', status: 403, error: 'ACCESS_DENIED', error_description: 'Access denied!', first: 1 })
    change(1)
    await until(() => (warned.some(({ code }) => code === 'OFFLINE_ACCESS_DENIED') ? true : undefined), 'the warning')
    await advanceUntilFetched(clock, 1)
    expect(handled).toEqual(['1'])
  })

  test('bindings that an update dropped are made again, though its event never came', async () => {
    const clock = new VirtualClock(Date.now())
    await open({ side: { clock } })
    await installApp(house)
    house.portal.control.faults.add({ fault: 'lost', event: 'ONAPPUPDATE' })
    house.portal.control.update(house.clientId, { version: '2' })
    await house.portal.control.drain()
    expect(house.portal.control.handlers()).toEqual([])
    await until(async () => {
      if (house.portal.control.handlers().some(({ event, offline }) => event === EVENT && offline === true)) return true
      await clock.advance(OFFLINE_POLL_MS)
      return undefined
    }, 'the bindings')
    change(3)
    await advanceUntilFetched(clock, 1)
    expect(handled).toEqual(['3'])
  })

  test('an app that no longer fetches takes what waits before it forgets the queue', async () => {
    await open()
    await installApp(house)
    await house.side.stop()
    change(1, 2)
    const online: string[] = []
    await house.restart(defineApp({ name: 'fetcher' }).on(EVENT, ({ event }) => void online.push(event.data.FIELDS.ID)))
    await until(() => (online.length === 2 && waiting().length === 0 ? true : undefined), 'what waited to be handled')
    await until(async () => ((await house.installation()).bindings.every(({ offline }) => offline === null) ? true : undefined), 'the bindings')
    expect(house.portal.control.handlers().filter(({ event }) => event === EVENT || event === 'ONOFFLINEEVENT').map(({ event, handler }) => [event, handler !== '']))
      .toEqual([[EVENT, true]])
  })

  test('an uninstalled portal is asked for nothing any more', async () => {
    const clock = new VirtualClock(Date.now())
    await open({ side: { clock, log: quiet } })
    await installApp(house)
    change(1)
    await fetched(1)
    house.portal.control.uninstall(house.clientId, { clean: true })
    await house.settled('ONAPPUNINSTALL')
    warned.length = 0
    await clock.advance(OFFLINE_POLL_MS * 3)
    expect(warned).toEqual([])
  })
})

const warned: { code?: string }[] = []
const write = (): void => {}
const quiet = { debug: write, info: write, warn: (fields: object) => void warned.push(fields), error: write }

async function advanceUntilFetched(clock: VirtualClock, count: number, stepMs = OFFLINE_POLL_MS): Promise<void> {
  await until(async () => {
    if (handled.length >= count && waiting().length === 0) return true
    await clock.advance(stepMs)
    return undefined
  }, `${count} events to be fetched`)
}
