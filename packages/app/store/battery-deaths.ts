import { describe, expect, test } from 'vitest'
import { LEASE, OTHER, PORTAL, append, attempt, eachOnAStore, event, settled } from './battery-parts.ts'
import type { StorePlace } from './battery-parts.ts'
import { WATCHED_EVENTS_PER_LANE } from './lanes.ts'
import type { Caution, Settlement } from './lanes.ts'
import type { PortalKey, Store, StoredEvent } from './port.ts'

/** Which events a process may have died of: what every store must tell, whatever its engine. */
export function deathBattery(name: string, makePlace: () => Promise<StorePlace>): void {
  describe(`${name}: deaths of a process`, () => {
    let store: Store
    const { reopen, die } = eachOnAStore(makePlace, (opened) => void (store = opened))
    const lease = async (portal: PortalKey = PORTAL, maxEvents = 100): Promise<{ events: readonly StoredEvent[]; cautions: Readonly<Record<number, Caution>> }> => {
      const answer = await store.leaseLane(portal, { ...LEASE, maxEvents })
      return answer.kind === 'leased' ? { events: answer.events, cautions: answer.cautions ?? {} } : { events: [], cautions: {} }
    }
    const start = (seqs: readonly number[], atMs: number): Promise<PortalKey[]> => store.settle('me', [{ portal: PORTAL, settlements: [], started: { seqs, atMs } }])
    const startOne = async (): Promise<StoredEvent> => {
      await append(store, [event('01')])
      const { events: [head] } = await lease()
      if (head === undefined) throw new Error('the lane has an event')
      await start([head.seq], 1_100)
      return head
    }
    const settle = (settlements: readonly Settlement[]): Promise<PortalKey[]> => store.settle('me', [{ portal: PORTAL, settlements }])
    const leaseAfterDeath = async (): Promise<Readonly<Record<number, Caution>>> => {
      await die()
      return (await lease()).cautions
    }
    const died = (head: StoredEvent, deaths: number): Settlement => settled(head, {
      state: 'pending', reason: 'PROCESS_DIED', dueAtMs: 0, deaths, attempt: attempt(deaths, { outcome: 'failed', error: { code: 'PROCESS_DIED', message: 'x' } }),
    })

    test('a process that hands out nothing, or ends in its own time, leaves nobody to be careful with', async () => {
      await append(store, [event('01')])
      expect(await leaseAfterDeath()).toEqual({})
      await reopen()
      expect((await lease()).cautions).toEqual({})
    })

    test('after a death the first events of each lane are watched, and what comes in later is not', async () => {
      const many = Array.from({ length: WATCHED_EVENTS_PER_LANE + 2 }, (_each, n) => event(`1${String(n).padStart(2, '0')}`))
      await append(store, [event('01', OTHER), ...many])
      await lease()
      await die()
      await append(store, [event('90', OTHER), event('91')])
      const { events, cautions } = await lease()
      const watched = events.filter(({ seq }) => cautions[seq] !== undefined).map(({ id }) => id)
      expect(watched).toEqual(many.slice(0, WATCHED_EVENTS_PER_LANE).map(({ id }) => id))
      expect(Object.values(cautions)[0]).toEqual({ deaths: 0 })
      const other = await lease(OTHER)
      expect(other.events.map(({ id, seq }) => [id, other.cautions[seq]])).toEqual([['01', { deaths: 0 }], ['90', undefined]])
    })

    test('an event that ran from memory is as suspicious as one that was leased', async () => {
      await store.appendEvents({ events: [event('01')], lease: { owner: 'me', nowMs: 1_000, untilMs: 5_000, wanted: [true] } })
      expect(Object.values(await leaseAfterDeath())).toEqual([{ deaths: 0 }])
    })

    test('of events noted as started the process has died, once more each time, and of the others it has not', async () => {
      await append(store, [event('01'), event('02')])
      const { events: [first, second] } = await lease()
      if (first === undefined || second === undefined) throw new Error('the lane has two events')
      await start([first.seq], 1_100)
      expect(await leaseAfterDeath()).toEqual({ [first.seq]: { deaths: 1, startedAtMs: 1_100 }, [second.seq]: { deaths: 0 } })
      // Nobody ran it in between: it is the same death.
      expect(await leaseAfterDeath()).toMatchObject({ [first.seq]: { deaths: 1, startedAtMs: 1_100 } })
      await start([first.seq], 1_200)
      expect(await leaseAfterDeath()).toMatchObject({ [first.seq]: { deaths: 2, startedAtMs: 1_200 } })
      await settle([died(first, 2)])
      expect((await lease()).cautions).toMatchObject({ [first.seq]: { deaths: 2 } })
      expect(await leaseAfterDeath()).toMatchObject({ [first.seq]: { deaths: 2 } })
      expect((await lease()).cautions[first.seq]).not.toHaveProperty('startedAtMs')
    })

    test('after a death parked events are watched wherever they stand, until they are done', async () => {
      const first = Array.from({ length: WATCHED_EVENTS_PER_LANE + 1 }, (_each, n) => event(`1${String(n).padStart(2, '0')}`))
      await append(store, [...first, event('20')])
      const { events } = await lease()
      const last = events.at(-1)
      if (last === undefined) throw new Error('the lane has events')
      await settle([settled(last, { state: 'pending', reason: 'HANDLER_FAILED', dueAtMs: 0, parked: true })])
      expect(await leaseAfterDeath()).toHaveProperty(String(last.seq), { deaths: 0 })
      await settle([settled(last, { state: 'pending', reason: 'HANDLER_FAILED', dueAtMs: 0, parked: true })])
      expect((await lease()).cautions).toHaveProperty(String(last.seq), { deaths: 0 })
    })

    test('what was not tried is suspected as before', async () => {
      const head = await startOne()
      await die()
      await lease()
      const { attempt: _, ...untried } = settled(head, { state: 'pending', reason: 'PORTAL_BLOCKED', dueAtMs: 0 })
      await settle([untried])
      expect((await lease()).cautions).toEqual({ [head.seq]: { deaths: 1 } })
      expect(await leaseAfterDeath()).toEqual({ [head.seq]: { deaths: 1 } })
    })

    test('whatever else it comes to clears an event', async () => {
      const head = await startOne()
      await die()
      await lease()
      await start([head.seq], 1_200)
      await settle([settled(head, { state: 'pending', reason: 'HANDLER_FAILED', dueAtMs: 0 })])
      expect(await leaseAfterDeath()).toEqual({ [head.seq]: { deaths: 0 } })
    })

    test('who is in the middle of an event when the process ends in its own time has not killed it', async () => {
      await startOne()
      await reopen()
      expect((await lease()).cautions).toEqual({})
    })

    test('a death that is known outlives a process that ends in its own time', async () => {
      const head = await startOne()
      await die()
      await lease()
      await reopen()
      expect((await lease()).cautions).toEqual({ [head.seq]: { deaths: 1, startedAtMs: 1_100 } })
    })

    test('a lane that is lost takes no note of a start, and its owner is told', async () => {
      await append(store, [event('01')])
      const { events: [head] } = await lease()
      if (head === undefined) throw new Error('the lane has an event')
      await store.leaseLane(PORTAL, { ...LEASE, owner: 'you', nowMs: 6_000, untilMs: 9_000 })
      expect(await start([head.seq], 1_100)).toEqual([PORTAL])
      expect(await leaseAfterDeath()).toEqual({ [head.seq]: { deaths: 0 } })
    })
  })
}
