import { describe, expect, test } from 'vitest'
import { LEASE, OTHER, PORTAL, append, attempt, eachOnAStore, event, leasedIds, settled } from './battery-parts.ts'
import type { StorePlace } from './battery-parts.ts'
import type { Settlement } from './lanes.ts'
import type { PortalKey, Store, StoredEvent } from './port.ts'

/** Lanes and leases: what every store must do, whatever its engine. */
export function laneBattery(name: string, makePlace: () => Promise<StorePlace>): void {
  describe(`${name}: lanes`, () => {
    let store: Store
    const { reopen } = eachOnAStore(makePlace, (opened) => void (store = opened))
    const lease = async (portal: PortalKey = PORTAL, request = LEASE): Promise<readonly StoredEvent[]> => {
      const answer = await store.leaseLane(portal, request)
      return answer.kind === 'leased' ? answer.events : []
    }
    const settle = (settlements: readonly Settlement[], owner = 'me', release = false): Promise<PortalKey[]> =>
      store.settle(owner, [{ portal: PORTAL, settlements, ...(release ? { release } : {}) }])
    /** Leases the lane and fails its head. */
    const failHead = async (fields: Partial<Settlement>): Promise<void> => {
      const [head] = await lease()
      if (head === undefined) throw new Error('the lane is empty')
      const failed = attempt(1, { outcome: 'failed', error: { code: 'HANDLER_FAILED', message: 'x' } })
      await settle([settled(head, { attempt: failed, state: 'pending', reason: 'HANDLER_FAILED', ...fields })], 'me', true)
    }

    test('a lane gives its events in the order of their append, up to the limits', async () => {
      await append(store, [event('02'), event('03', { data: 'x'.repeat(50) })])
      await append(store, [event('01'), event('04', OTHER)])
      expect(await leasedIds(store)).toEqual(['02', '03', '01'])
      await settle([], 'me', true)
      expect(await store.leaseLane(PORTAL, { ...LEASE, maxEvents: 2 })).toMatchObject({ events: [{ id: '02' }, { id: '03' }], more: true })
      expect(await leasedIds(store, PORTAL, { ...LEASE, maxBytes: 20 })).toEqual(['02', '03'])
    })

    test('a leased lane is not given to another owner until the lease ends', async () => {
      await append(store, [event('01')])
      await lease()
      expect(await store.leaseLane(PORTAL, { ...LEASE, owner: 'you' })).toEqual({ kind: 'wait', untilMs: 5_000 })
      expect(await leasedIds(store, PORTAL, { ...LEASE, owner: 'you', nowMs: 5_000, untilMs: 9_000 })).toEqual(['01'])
    })

    test('a renewed lease lasts longer, and who lost it is told', async () => {
      await append(store, [event('01')])
      await lease()
      expect(await store.renewLeases('me', [PORTAL], 8_000)).toEqual([])
      expect(await store.leaseLane(PORTAL, { ...LEASE, owner: 'you', nowMs: 6_000 })).toEqual({ kind: 'wait', untilMs: 8_000 })
      await lease(PORTAL, { ...LEASE, owner: 'you', nowMs: 8_000, untilMs: 9_000 })
      expect(await store.renewLeases('me', [PORTAL], 10_000)).toEqual([PORTAL])
    })

    test('who lost the lease settles nothing, and is told', async () => {
      await append(store, [event('01')])
      const [first] = await lease()
      await lease(PORTAL, { ...LEASE, owner: 'you', nowMs: 6_000, untilMs: 9_000 })
      expect(await settle(first === undefined ? [] : [settled(first)])).toEqual([PORTAL])
      expect((await store.event('01'))?.state).toBe('pending')
      expect(await store.attempts('01')).toEqual([])
    })

    test('a settled event leaves its lane, its attempt is kept, and a lane with nothing left is free', async () => {
      await append(store, [event('01'), event('02')])
      const events = await lease()
      await settle(events.slice(0, 1).map((each) => settled(each)))
      expect(await store.leaseLane(PORTAL, { ...LEASE, owner: 'you' })).toMatchObject({ kind: 'wait' })
      expect(await store.event('01')).toMatchObject({ state: 'done', attempts: 1, finishedAtMs: 200 })
      expect(await store.attempts('01')).toEqual([attempt(1)])
      await settle(events.slice(1).map((each) => settled(each, { attempt: attempt(1, { calls: [], notes: [] }) })))
      expect(await store.attempts('02')).toEqual([attempt(1, { calls: [], notes: [] })])
      expect(await store.leaseLane(PORTAL, { ...LEASE, owner: 'you' })).toMatchObject({ kind: 'empty' })
    })

    test('lanes are settled together, each on its own lease', async () => {
      await append(store, [event('01'), event('02', OTHER)])
      const [mine] = await lease()
      const [theirs] = await lease(OTHER, { ...LEASE, owner: 'you' })
      if (mine === undefined || theirs === undefined) throw new Error('both lanes have an event')
      const lost = await store.settle('me', [{ portal: PORTAL, settlements: [settled(mine)] }, { portal: OTHER, settlements: [settled(theirs)] }])
      expect(lost).toEqual([OTHER])
      expect((await store.event('01'))?.state).toBe('done')
      expect((await store.event('02'))?.state).toBe('pending')
    })

    test('a failed head holds its lane until it is due, and hastening makes it due', async () => {
      await append(store, [event('01'), event('02')])
      await failHead({ dueAtMs: 3_000 })
      expect(await store.leaseLane(PORTAL, LEASE)).toEqual({ kind: 'wait', untilMs: 3_000 })
      expect(await store.dueLanes(1_000, 10)).toEqual({ lanes: [], nextDueAtMs: 3_000 })
      await store.hastenLane(PORTAL)
      expect(await leasedIds(store)).toEqual(['01', '02'])
    })

    test('one event that waits is hastened, in its lane or parked, and no other', async () => {
      await append(store, [event('01'), event('02'), event('03')])
      await failHead({ dueAtMs: 3_000, parked: true })
      await failHead({ dueAtMs: 4_000 })
      expect(await store.hastenEvent('03')).toBe(false)
      expect(await store.hastenEvent('02')).toBe(true)
      expect(await store.hastenEvent('02')).toBe(false)
      expect(await store.event('02')).toMatchObject({ state: 'pending', attempts: 1 })
      expect((await store.event('02'))?.dueAtMs).toBeUndefined()
      expect(await store.event('01')).toMatchObject({ dueAtMs: 3_000, parked: true })
      expect(await leasedIds(store)).toEqual(['02', '03'])
      expect(await store.hastenEvent('02')).toBe(false)
      await settle([], 'me', true)
      expect(await store.hastenEvent('01')).toBe(true)
      expect(await store.hastenEvent('01')).toBe(false)
      expect(await leasedIds(store)).toEqual(['01', '02', '03'])
    })

    test('what is held, has ended or is not there does not wait', async () => {
      await append(store, [event('01', { state: 'held' }), event('02', { state: 'dead' })])
      for (const id of ['01', '02', '99']) expect(await store.hastenEvent(id)).toBe(false)
    })

    test('an event says behind which it waits, whether that one waits itself or runs', async () => {
      await append(store, [event('01'), event('02'), event('03', OTHER)])
      expect(await store.eventBefore('02')).toBe('01')
      await lease()
      expect(await store.eventBefore('02')).toBe('01')
      await settle([], 'me', true)
      await failHead({ dueAtMs: 3_000 })
      expect(await store.eventBefore('02')).toBe('01')
      for (const id of ['01', '03', '99']) expect(await store.eventBefore(id)).toBeUndefined()
    })

    test('nobody waits behind a parked event, and it behind nobody', async () => {
      await append(store, [event('01'), event('02'), event('03')])
      await failHead({ dueAtMs: 3_000, parked: true })
      expect([await store.eventBefore('01'), await store.eventBefore('02'), await store.eventBefore('03')]).toEqual([undefined, undefined, '02'])
    })

    test('the head of a lane is named, whether it waits, runs or has not begun, and those that are parked are counted', async () => {
      expect(await store.laneState(PORTAL)).toEqual({ parked: 0 })
      const shared = new Uint8Array(1_000)
      await store.appendEvents({ events: [event('00', { ...OTHER, auth: new Uint8Array(), authShared: true })], sharedAuth: shared })
      await append(store, [event('01'), event('02'), event('03'), event('04')])
      expect(await store.laneState(PORTAL)).toMatchObject({ head: { id: '01', attempts: 0 }, parked: 0 })
      await failHead({ dueAtMs: 3_000, parked: true })
      await failHead({ dueAtMs: 4_000, parked: true })
      await failHead({ dueAtMs: 5_000 })
      const waiting = { head: { id: '03', dueAtMs: 5_000, attempts: 1 }, parked: 2, newestParked: { id: '02', dueAtMs: 4_000 } }
      expect(await store.laneState(PORTAL)).toMatchObject(waiting)
      // Parked ones that are tried again are handed out, and neither the head of the lane nor forgotten.
      expect(await leasedIds(store, PORTAL, { ...LEASE, nowMs: 4_000 })).toEqual(['01', '02'])
      expect(await store.laneState(PORTAL)).toMatchObject(waiting)
      await settle([], 'me', true)
      expect(await leasedIds(store, PORTAL, { ...LEASE, nowMs: 5_000 })).toEqual(['01', '02', '03', '04'])
      expect(await store.laneState(PORTAL)).toMatchObject(waiting)
      const other = (await store.laneState(OTHER)).head
      expect(other).toMatchObject({ id: '00', state: 'pending' })
      expect(other).not.toHaveProperty('auth')
    })

    test('an attempt that was none is not counted', async () => {
      await append(store, [event('01')])
      const [head] = await lease()
      if (head === undefined) throw new Error('the lane is empty')
      const { attempt: _none, ...untried } = settled(head, { state: 'pending', reason: 'DESTINATION_PAUSED', dueAtMs: 3_000 })
      await settle([untried], 'me', true)
      expect(await store.event('01')).toMatchObject({ state: 'pending', attempts: 0, dueAtMs: 3_000 })
      expect(await store.attempts('01')).toEqual([])
    })

    test('a parked event lets its lane go on, and has its turn when it is due', async () => {
      await append(store, [event('01'), event('02')])
      await failHead({ dueAtMs: 3_000, parked: true })
      expect(await store.event('01')).toMatchObject({ state: 'pending', parked: true })
      expect(await store.leaseLane(PORTAL, LEASE)).toMatchObject({ kind: 'leased', events: [{ id: '02' }], more: false, parkedUntilMs: 3_000 })
      expect(await leasedIds(store, PORTAL, { ...LEASE, nowMs: 3_000 })).toEqual(['01', '02'])
    })

    test('a lane with nothing but a parked event is free for what comes next', async () => {
      await append(store, [event('01')])
      await failHead({ dueAtMs: 3_000, parked: true })
      expect(await store.leaseLane(PORTAL, LEASE)).toMatchObject({ kind: 'empty', parkedUntilMs: 3_000 })
      await append(store, [event('02')])
      expect(await leasedIds(store)).toEqual(['02'])
    })

    test('what waits, and what is parked, is still so after the store was opened again', async () => {
      await append(store, [event('01'), event('02'), event('03', OTHER)])
      await failHead({ dueAtMs: 3_000, parked: true })
      const [theirs] = await lease(OTHER)
      if (theirs === undefined) throw new Error('the lane is empty')
      await store.settle('me', [{ portal: OTHER, settlements: [settled(theirs, { state: 'pending', dueAtMs: 4_000 })] }])
      await reopen()
      expect(await leasedIds(store)).toEqual(['02'])
      expect(await store.leaseLane(OTHER, LEASE)).toEqual({ kind: 'wait', untilMs: 4_000 })
      expect(await leasedIds(store, PORTAL, { ...LEASE, nowMs: 3_000 })).toEqual(['01', '02'])
    })

    test('a leased event comes without what it shares with others, and with who raised it', async () => {
      const shared = (id: string, portal: PortalKey) => event(id, { ...portal, auth: new Uint8Array(), authShared: true, userId: '7' })
      for (const batch of ['0', '1']) {
        await store.appendEvents({ events: [shared(`${batch}a`, PORTAL), shared(`${batch}b`, OTHER)], sharedAuth: new Uint8Array(1_000) })
      }
      const events = await lease()
      expect(events).toMatchObject([{ id: '0a', authShared: true, userId: '7' }, { id: '1a', authShared: true, userId: '7' }])
      for (const { auth } of events) expect(auth.length).toBe(0)
    })

    test('an empty lane says so', async () => {
      expect(await store.leaseLane(PORTAL, LEASE)).toMatchObject({ kind: 'empty' })
      expect(await store.dueLanes(1_000, 10)).toEqual({ lanes: [] })
    })

    test('due lanes are those that somebody may lease now', async () => {
      await append(store, [event('01'), event('02', OTHER), event('03', { ...PORTAL, memberId: 'portal-c' })])
      expect((await store.dueLanes(1_000, 2)).lanes).toEqual([PORTAL, OTHER])
      await lease()
      expect(await store.dueLanes(1_000, 10)).toEqual({ lanes: [OTHER, { ...PORTAL, memberId: 'portal-c' }], nextDueAtMs: 5_000 })
    })
  })
}
