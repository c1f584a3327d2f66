import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { VirtualClock } from '@portline/runtime/clock.ts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { SHOWN_EVENTS_AT_ONCE, SHOWN_EVENTS_WAITING, SHOWN_PORTALS_AT_ONCE, SHOW_REST_MS } from '../limits.ts'
import type { Store } from '../store/port.ts'
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts'
import { LiveFeed } from './live-feed.ts'
import { showChanges } from './show-changes.ts'

/** What a page that watches is told, and what that asks of a real store. */
const PORTAL = { app: 'shop', memberId: 'm' }
let folder: string
let store: Store
let clock: VirtualClock
let feed: LiveFeed
let server: Server
let page: { text: string }
/** Questions to the store, and how many of them were under way at once. */
let asked: string[]
let mostAtOnce: number
/** Answers are kept back until it resolves. */
let slow: Promise<void>
let changes: ReturnType<typeof showChanges>

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portline-shown-'))
  store = await openSqliteStore(join(folder, 'store.sqlite'))
  clock = new VirtualClock()
  feed = new LiveFeed(clock)
  ;[asked, mostAtOnce, slow] = [[], 0, Promise.resolve()]
  let atOnce = 0
  const counted = async <Answer>(what: string, answer: Promise<Answer>): Promise<Answer> => {
    asked.push(what)
    mostAtOnce = Math.max(mostAtOnce, (atOnce += 1))
    try {
      return await answer.finally(() => slow)
    } finally {
      atOnce -= 1
    }
  }
  const watched: Store = {
    ...store,
    listedEvent: (id) => counted(id, store.listedEvent(id)),
    installation: (portal) => counted(portal.memberId, store.installation(portal)),
  }
  changes = showChanges(watched, feed, clock)
  server = createServer((_request, response) => feed.watch(response)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  page = { text: '' }
  const { body } = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  void (async () => {
    for await (const part of body?.pipeThrough(new TextDecoderStream()) ?? []) page.text += part
  })().catch(() => {})
})
afterEach(async () => {
  feed.close()
  server.closeAllConnections()
  server.close()
  await store.close()
  await rm(folder, { recursive: true })
})

async function held(id: string): Promise<void> {
  await store.appendEvents({ events: [{ ...PORTAL, id, code: 'ONAPPTEST', auth: new Uint8Array(), generation: 0, state: 'held', receivedAtMs: 1 }] })
}

/** The limit only ends a test that would never end. */
async function until(isSo: () => boolean): Promise<void> {
  const giveUpAtMs = Date.now() + 10_000
  while (!isSo()) {
    if (Date.now() > giveUpAtMs) throw new Error('waited in vain')
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

/** Lets what is being looked up be shown. */
async function shown(): Promise<void> {
  await until(() => clock.nextTimerAt === clock.now() + SHOW_REST_MS)
}

/** And the rest after it pass. */
async function round(): Promise<void> {
  await shown()
  await clock.advance(SHOW_REST_MS)
}

/** The states of an event in the order in which the page was told. */
function toldOf(id: string): string[] {
  const messages = page.text.split('\n').filter((line) => line.startsWith('data: ')).map((line) => JSON.parse(line.slice('data: '.length)) as { id?: string; state?: string })
  return messages.filter((message) => message.id === id).map(({ state = '' }) => state)
}

test('however often an event and its portal change, each is looked up once in a round, one after another', async () => {
  let answer: () => void = () => {}
  slow = new Promise((resolve) => (answer = resolve))
  const change = (): void => {
    for (let n = 0; n < 500; n++) {
      changes.showEvent('1')
      changes.showInstallation(PORTAL)
    }
  }
  change()
  await until(() => asked.length > 0)
  change()
  answer()
  await round()
  await shown()
  expect([asked, mostAtOnce]).toEqual([['1', 'm', '1', 'm'], 1])
})

test('what changes while it is being looked up is looked up again, and the page ends with what it has become', async () => {
  await held('1')
  let answer: () => void = () => {}
  slow = new Promise((resolve) => (answer = resolve))
  changes.showEvent('1')
  await until(() => asked.length === 1)
  // Its answer, from before this, is on its way.
  await store.listedEvent('1')
  await store.settleHeld([{ id: '1', state: 'dead', reason: 'PROOF_REFUSED', generation: 0 }], 2, 10)
  changes.showEvent('1')
  answer()
  await round()
  await round()
  await until(() => toldOf('1').length === 2)
  expect(toldOf('1')).toEqual(['held', 'dead'])
})

test('a flood of changes asks for a few at a time, keeps so many in mind, and the newest is shown', async () => {
  const ids = Array.from({ length: 3 * SHOWN_EVENTS_WAITING }, (_, n) => String(n).padStart(6, '0'))
  const newest = ids.at(-1) ?? ''
  await held(newest)
  for (const id of ids) {
    changes.showEvent(id)
    changes.showInstallation({ app: 'shop', memberId: `portal ${id}` })
  }
  const askedFor = (isPortal: boolean): string[] => asked.filter((what) => what.startsWith('portal') === isPortal)
  await shown()
  expect([askedFor(false).length, askedFor(true).length]).toEqual([SHOWN_EVENTS_AT_ONCE, SHOWN_PORTALS_AT_ONCE])
  for (let n = 1; n < SHOWN_EVENTS_WAITING / SHOWN_EVENTS_AT_ONCE; n++) await round()
  await shown()
  expect(askedFor(false)).toEqual(ids.slice(-SHOWN_EVENTS_WAITING))
  await until(() => toldOf(newest).length === 1)
  expect(mostAtOnce).toBe(1)
})

test('nothing is looked up while nobody watches, nor what waited for a page that is gone', async () => {
  changes.showEvent('1')
  changes.showEvent('2')
  feed.close()
  changes.showEvent('3')
  await shown()
  expect(asked).toEqual([])
})
