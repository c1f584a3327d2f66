import { defineApp } from 'portline'
import { LANES_AT_ONCE, LANE_TURN_EVENTS } from 'portline/limits.ts'
import { afterEach, expect, test } from 'vitest'
import { until } from './support/house.ts'
import { openKnownPortals } from './support/known-portals.ts'
import type { KnownPortalsHouse } from './support/known-portals.ts'

/** Many portals at once: who waits for whom. */
let house: KnownPortalsHouse
afterEach(() => house.close())

const BACKLOG = 3_000

async function acceptMany(portal: number, count: number): Promise<string[]> {
  const accepted = await Promise.all(Array.from({ length: count }, (_, n) => house.accept(portal, { n: String(n) })))
  return accepted.map(({ id }) => id)
}

test('a portal with thousands of events does not hold up the single event of another', async () => {
  let ofBusy = 0
  let busyWhenQuietCame = 0
  let busyWhenQuietRan = -1
  const app = defineApp({ name: 'known' }).on('ONAPPTEST', async ({ installation }) => {
    if (installation.memberId === 'portal-1') busyWhenQuietRan = ofBusy
    else ofBusy += 1
    await Promise.resolve()
  })
  house = await openKnownPortals(app, 2)
  const backlog = acceptMany(0, BACKLOG)
  await until(() => (ofBusy > 100 ? true : undefined), 'the busy portal to be under way')
  await house.accept(1, { n: '1' })
  busyWhenQuietCame = ofBusy
  await until(() => (busyWhenQuietRan >= 0 ? true : undefined), 'the quiet portal\'s event to run')
  // A turn of the other lane and what was under way; not its backlog.
  expect(busyWhenQuietRan - busyWhenQuietCame).toBeLessThan(4 * LANE_TURN_EVENTS)
  await backlog
  await until(() => (ofBusy === BACKLOG ? true : undefined), 'the backlog to be done')
})

test('hundreds of portals whose handlers hang leave the others alone', async () => {
  const release: (() => void)[] = []
  let ran = 0
  const app = defineApp({ name: 'known' }).on('ONAPPTEST', ({ installation }) => {
    ran += 1
    if (installation.memberId === 'portal-300') return undefined
    return new Promise<void>((resolve) => release.push(resolve))
  })
  house = await openKnownPortals(app, 301)
  await Promise.all(Array.from({ length: 300 }, (_, portal) => house.accept(portal, {})))
  await until(() => (ran === 300 ? true : undefined), 'all to hang')
  const { id } = await house.accept(300, {})
  await until(async () => ((await house.store.event(id))?.state === 'done' ? true : undefined), 'the last portal\'s event')
  for (const resolve of release) resolve()
})

test('a flood into one lane runs in the order of its acceptance, from memory and from the store', async () => {
  const ran: string[] = []
  const users = new Set<string | undefined>()
  const app = defineApp({ name: 'known' }).on('ONAPPTEST', ({ event }) => {
    ran.push(event.id)
    users.add(event.userId)
  })
  house = await openKnownPortals(app, 1)
  const ids = await acceptMany(0, BACKLOG)
  await until(() => (ran.length === BACKLOG ? true : undefined), 'all to run')
  expect(ran).toEqual(ids)
  expect(users).toEqual(new Set(['7']))
})

test('a handler runs no more often at once than its concurrency allows, over all portals', async () => {
  let running = 0
  let most = 0
  let ran = 0
  const app = defineApp({ name: 'known' }).on('ONAPPTEST', async () => {
    running += 1
    most = Math.max(most, running)
    await new Promise((resolve) => setTimeout(resolve, 2))
    running -= 1
    ran += 1
  }, { concurrency: 3 })
  house = await openKnownPortals(app, 20)
  await Promise.all(Array.from({ length: 20 }, (_, portal) => acceptMany(portal, 3)))
  await until(() => (ran === 60 ? true : undefined), 'all to have run')
  expect(most).toBe(3)
})

test('a stop lets running handlers end, starts no other event, and loses none', async () => {
  let release: () => void = () => {}
  const started: string[] = []
  const app = defineApp({ name: 'known' }).on('ONAPPTEST', ({ event }) => {
    started.push(event.id)
    return new Promise<void>((resolve) => (release = resolve))
  })
  house = await openKnownPortals(app, 1)
  const [first = '', second = ''] = await acceptMany(0, 2)
  await until(() => (started.length === 1 ? true : undefined), 'the first to start')
  const stopped = house.stop()
  const during = await house.accept(0, {})
  release()
  await stopped
  expect(started).toEqual([first])
  expect((await house.store.event(first))?.state).toBe('done')
  expect((await house.store.event(second))?.state).toBe('pending')
  expect((await house.store.event(during.id))?.state).toBe('pending')
})

test.each([
  ['at once', []],
  ['after an event of another handler', ['ONCRMDEALADD']],
])('more portals than may run at once that wait for one handler, %s, leave those alone that want another', async (_when, before) => {
  const PORTALS = LANES_AT_ONCE + 100
  let ran = 0
  let open: () => void = () => {}
  const gate = new Promise<void>((resolve) => (open = resolve))
  const app = defineApp({ name: 'known' })
    .on('ONAPPTEST', async () => {
      await gate
      ran += 1
    }, { concurrency: 2 })
    .on('ONCRMDEALADD', () => {})
  house = await openKnownPortals(app, PORTALS + 1)
  for (const code of [...before, 'ONAPPTEST']) await Promise.all(Array.from({ length: PORTALS }, (_, portal) => house.accept(portal, {}, code)))
  const { id } = await house.accept(PORTALS, {}, 'ONCRMDEALADD')
  await until(async () => ((await house.store.event(id))?.state === 'done' ? true : undefined), 'the event that needs another handler')
  expect(ran).toBe(0)
  open()
  await until(() => (ran === PORTALS ? true : undefined), 'each of them to have had its turn')
})

test('a stop starts nothing that waits for a place of its handler', async () => {
  let ran = 0
  let finish: () => void = () => {}
  const app = defineApp({ name: 'known' }).on('ONAPPTEST', () => {
    ran += 1
    return new Promise<void>((resolve) => (finish = resolve))
  }, { concurrency: 1 })
  house = await openKnownPortals(app, 20)
  const accepted = await Promise.all(Array.from({ length: 20 }, (_, portal) => house.accept(portal, {})))
  await until(() => (ran === 1 ? true : undefined), 'the first to run')
  const stopped = house.stop()
  finish()
  await stopped
  expect(ran).toBe(1)
  const states = await Promise.all(accepted.map(async ({ id }) => (await house.store.event(id))?.state))
  expect(states.filter((state) => state === 'done')).toHaveLength(1)
  expect(states.filter((state) => state === 'pending')).toHaveLength(19)
})
