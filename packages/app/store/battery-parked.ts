import { describe, expect, test } from 'vitest'
import { LEASE, PORTAL, append, attempt, eachOnAStore, event, leasedIds, settled } from './battery-parts.ts'
import type { StorePlace } from './battery-parts.ts'
import type { Settlement } from './lanes.ts'
import type { Store, StoredEvent } from './port.ts'

const DUE_MS = 3_000
/** When what is parked here is due. */
const DUE = { ...LEASE, nowMs: DUE_MS }

/** Events that wait beside their lane: what every store must do, whatever its engine. */
export function parkedBattery(name: string, makePlace: () => Promise<StorePlace>): void {
  describe(`${name}: parked events`, () => {
    let store: Store
    const { reopen } = eachOnAStore(makePlace, (opened) => void (store = opened))
    const giveBack = (): Promise<unknown> => store.settle('me', [{ portal: PORTAL, settlements: [], release: true }])
    /** The first of the lane fail; those behind them are given back. */
    const fail = async (count: number, fields: (event: StoredEvent, n: number) => Partial<Settlement>): Promise<void> => {
      const answer = await store.leaseLane(PORTAL, { ...LEASE, maxEvents: count, maxBytes: 1e9 })
      if (answer.kind !== 'leased') throw new Error(`it is ${answer.kind}`)
      const failed = attempt(1, { outcome: 'failed', error: { code: 'HANDLER_FAILED', message: 'x' } })
      const settlements = answer.events.map((each, n) => settled(each, { attempt: failed, state: 'pending', reason: 'HANDLER_FAILED', ...fields(each, n) }))
      await store.settle('me', [{ portal: PORTAL, settlements, release: true }])
    }
    const park = (count: number): Promise<void> => fail(count, () => ({ parked: true, dueAtMs: DUE_MS }))
    const ids = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, n) => `${prefix}${n + 1}`)

    test('one that is given back is parked as before: it waits behind nobody, and can be hastened', async () => {
      await append(store, ids('e', 3).map((id) => event(id)))
      await park(1)
      await fail(1, () => ({ dueAtMs: 50_000 }))
      expect(await leasedIds(store, PORTAL, DUE)).toEqual(['e1'])
      expect([await store.eventBefore('e1'), await store.eventBefore('e3')]).toEqual([undefined, 'e2'])
      await giveBack()
      expect(await store.laneState(PORTAL)).toMatchObject({ head: { id: 'e2' }, parked: 1, newestParked: { id: 'e1' } })
      expect(await store.eventBefore('e1')).toBeUndefined()
      expect(await store.leaseLane(PORTAL, LEASE)).toEqual({ kind: 'wait', untilMs: DUE_MS })
      expect(await store.dueLanes(LEASE.nowMs, 10)).toEqual({ lanes: [], nextDueAtMs: DUE_MS })
      expect(await leasedIds(store, PORTAL, DUE)).toEqual(['e1'])
      await giveBack()
      expect(await store.hastenEvent('e1')).toBe(true)
      expect(await leasedIds(store)).toEqual(['e1'])
    })

    test('one whose lease has ended is parked as before, and what it is handed beside comes back to its place', async () => {
      await append(store, ids('e', 4).map((id) => event(id)))
      await park(2)
      expect(await leasedIds(store, PORTAL, { ...DUE, untilMs: 4_000 })).toEqual(['e1', 'e2', 'e3', 'e4'])
      const later = { ...LEASE, owner: 'you', nowMs: 6_000, untilMs: 7_000 }
      expect(await leasedIds(store, PORTAL, later)).toEqual(['e1', 'e2', 'e3', 'e4'])
      expect(await store.laneState(PORTAL)).toMatchObject({ head: { id: 'e3' }, parked: 2 })
    })

    test('those that are due fill half of a lease: the others go on, in their order', async () => {
      await append(store, [...ids('p', 9), ...ids('e', 9)].map((id) => event(id)))
      await park(9)
      const leased = async (maxEvents: number): Promise<string[]> => {
        const found = await leasedIds(store, PORTAL, { ...DUE, maxEvents })
        await giveBack()
        return found
      }
      expect(await leased(4)).toEqual(['p1', 'p2', 'e1', 'e2'])
      expect(await leased(5)).toEqual(['p1', 'p2', 'e1', 'e2', 'e3'])
      expect(await leased(1)).toEqual(['p1'])
      expect(await leased(16)).toEqual([...ids('p', 8), ...ids('e', 8)])
      expect(await leased(50)).toEqual([...ids('p', 9), ...ids('e', 9)])
    })

    test('what one kind leaves of a lease the other has', async () => {
      await append(store, [...ids('p', 6), ...ids('e', 2)].map((id) => event(id)))
      await park(6)
      expect(await leasedIds(store, PORTAL, { ...DUE, maxEvents: 6 })).toEqual([...ids('p', 4), 'e1', 'e2'])
      await giveBack()
      await fail(1, () => ({ dueAtMs: 50_000 }))
      expect(await leasedIds(store, PORTAL, { ...DUE, maxEvents: 6 })).toEqual(ids('p', 6))
    })

    test('big ones do not take all the room of a lease', async () => {
      const big = 'x'.repeat(1_000)
      await append(store, [...ids('p', 4), ...ids('e', 4)].map((id) => event(id, { data: big })))
      await park(4)
      expect(await leasedIds(store, PORTAL, { ...DUE, maxBytes: 4_000 })).toEqual(['p1', 'p2', 'e1', 'e2'])
      await giveBack()
      // One of each is handed out whatever their size.
      expect(await leasedIds(store, PORTAL, { ...DUE, maxBytes: 1 })).toEqual(['p1', 'e1'])
    })

    test('of too many that are due those are handed out that have waited longest, in the order of their receipt', async () => {
      await append(store, ids('p', 4).map((id) => event(id)))
      await fail(4, (_event, n) => ({ parked: true, dueAtMs: 3_000 - n }))
      const request = { ...DUE, maxEvents: 3 }
      expect(await leasedIds(store, PORTAL, request)).toEqual(['p2', 'p3', 'p4'])
      expect(await store.leaseLane(PORTAL, { ...request, nowMs: 2_998 })).toMatchObject({ events: [{ id: 'p3' }, { id: 'p4' }], parkedUntilMs: 2_999 })
      await giveBack()
      await store.hastenEvent('p1')
      expect(await leasedIds(store, PORTAL, { ...request, nowMs: 2_997 })).toEqual(['p1', 'p4'])
    })

    test('hastening a lane makes all of its parked events due, however many, and so they are when the store is opened again', async () => {
      const COUNT = 2_500
      await append(store, Array.from({ length: COUNT + 1 }, (_, n) => event(String(n).padStart(6, '0'))))
      await park(COUNT)
      await fail(1, () => ({ dueAtMs: 50_000 }))
      await store.hastenLane(PORTAL)
      const all = { ...LEASE, maxEvents: 2 * COUNT, maxBytes: 1e9 }
      expect(await leasedIds(store, PORTAL, all)).toHaveLength(COUNT + 1)
      await giveBack()
      await reopen()
      expect(await leasedIds(store, PORTAL, all)).toHaveLength(COUNT + 1)
    })
  })
}
