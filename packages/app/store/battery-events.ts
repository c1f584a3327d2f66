import { describe, expect, test } from 'vitest'
import { LEASE, OTHER, PORTAL, append, attempt, eachOnAStore, event, installation, leasedIds, settled } from './battery-parts.ts'
import type { StorePlace } from './battery-parts.ts'
import type { EventConditions, SettledBefore } from './keeping.ts'
import type { Attempt, Store } from './port.ts'

/** Lists, replays, deletion, copies: what every store must do, whatever its engine. */
export function eventsBattery(name: string, makePlace: () => Promise<StorePlace>): void {
  describe(`${name}: events that are looked for, replayed, deleted and copied`, () => {
    let store: Store
    const { reopen } = eachOnAStore(makePlace, (opened) => void (store = opened))
    const settle = async (id: string, state: 'done' | 'dead', atMs = 200): Promise<void> => {
      const found = await store.event(id)
      if (found === undefined) throw new Error(`no event ${id}`)
      await store.leaseLane(found, LEASE)
      await store.settle('me', [{ portal: found, settlements: [settled(found, { state, atMs, attempt: attempt(found.attempts + 1), ...(state === 'dead' ? { reason: 'ATTEMPTS_EXHAUSTED' } : {}) })], release: true }])
    }
    const allIds = async (filter: EventConditions): Promise<string[]> => {
      const ids: string[] = []
      for (let after: string | undefined; ; ) {
        const page = await store.listEvents({ ...filter, limit: 2, ...(after === undefined ? {} : { after }) })
        ids.push(...page.events.map(({ id }) => id))
        if (page.next === undefined) return ids
        after = page.next
      }
    }

    test('every condition of a list holds, in every state, and pages come to an end', async () => {
      await append(store, [
        event('01', { receivedAtMs: 100 }), event('02', { receivedAtMs: 200, ...OTHER }), event('03', { receivedAtMs: 300, code: 'ONAPPUPDATE' }),
        event('04', { receivedAtMs: 400, state: 'held' }), event('05', { receivedAtMs: 500 }),
      ])
      await settle('01', 'dead')
      await settle('03', 'done')
      expect(await allIds({})).toEqual(['05', '04', '03', '02', '01'])
      expect(await allIds({ state: 'dead' })).toEqual(['01'])
      expect(await allIds({ state: 'dead', reason: 'ATTEMPTS_EXHAUSTED' })).toEqual(['01'])
      expect(await allIds({ state: 'dead', reason: 'HANDLER_FAILED' })).toEqual([])
      expect(await allIds({ state: 'done' })).toEqual(['03'])
      expect(await allIds({ state: 'held' })).toEqual(['04'])
      expect(await allIds({ state: 'pending' })).toEqual(['05', '02'])
      expect(await allIds({ sinceMs: 200, untilMs: 400 })).toEqual(['03', '02'])
      expect(await allIds({ memberId: 'portal-b' })).toEqual(['02'])
      expect(await allIds({ code: 'ONAPPUPDATE', app: 'hello' })).toEqual(['03'])
      expect(await allIds({ app: 'other' })).toEqual([])
    })

    test('an event for a view comes as lists have it, without what is sealed', async () => {
      const shared = (id: string) => event(id, { auth: new Uint8Array(), authShared: true, data: { A: '1' } })
      await store.appendEvents({ events: [shared('01'), shared('02')], sharedAuth: new Uint8Array(1_000) })
      const { events: [listed] } = await store.listEvents({ limit: 1 })
      expect(await store.listedEvent('02')).toEqual(listed)
      expect(listed).not.toHaveProperty('auth')
      expect(await store.listedEvent('99')).toBeUndefined()
    })

    test('a list goes on behind an event by its id, and behind one that has gone as near as its id tells', async () => {
      await append(store, ['a1', 'a2', 'a3'].map((id) => event(id)))
      const after = async (id: string): Promise<string[]> => (await store.listEvents({ limit: 9, after: id })).events.map(({ id: found }) => found)
      expect([await after('a2'), await after('a25'), await after('a0')]).toEqual([['a1'], ['a2', 'a1'], []])
    })

    test('a list whose ids are out of order goes on where it was, though the event there was deleted meanwhile', async () => {
      await append(store, [event('z1')])
      const ended = (id: string) => ({ event: { ...event(id), state: 'done' as const, attempts: 0, finishedAtMs: 40 }, attempts: [] })
      await store.importEvents(['c1', 'b2', 'a3'].map(ended))
      await append(store, [event('b9'), event('z2')])
      const first = await store.listEvents({ limit: 4 })
      expect(first.events.map(({ id }) => id)).toEqual(['z2', 'b9', 'a3', 'b2'])
      expect(await store.deleteSettled({ doneBeforeMs: 50, deadBeforeMs: 50 }, 0, await store.lastSeq())).toBe(3)
      const second = await store.listEvents({ limit: 4, after: first.next ?? '' })
      expect(second.events.map(({ id }) => id)).toEqual(['z1'])
      expect(second.next).toBeUndefined()
    })

    test('a list goes on behind an event whose id is a number, too: no place is taken for one', async () => {
      const ended = (id: string) => ({ event: { ...event(id), state: 'done' as const, attempts: 0, finishedAtMs: 40 }, attempts: [] })
      await store.importEvents(['a1', '9', '12345', '2', 'a2'].map(ended))
      const after = async (id: string): Promise<string[]> => (await store.listEvents({ limit: 9, after: id })).events.map(({ id: found }) => found)
      expect([await after('2'), await after('12345'), await after('9')]).toEqual([['12345', '9', 'a1'], ['9', 'a1'], ['a1']])
      const { next } = await store.listEvents({ limit: 2 })
      expect(await after(next ?? '')).toEqual(['12345', '9', 'a1'])
    })

    test('a list holds no auth block, sealed or not', async () => {
      await append(store, [event('01')])
      const { events } = await store.listEvents({ limit: 1 })
      expect(events[0]).toMatchObject({ id: '01', attempts: 0 })
      expect(events[0]).not.toHaveProperty('auth')
    })

    test('replayed events come back to their old places, and their retry schedules begin anew', async () => {
      await append(store, ['01', '02', '03'].map((id) => event(id)))
      await settle('01', 'dead')
      await settle('02', 'done')
      expect(await store.replayEvents(['01', '02', '03', '99'], 700)).toEqual(['01', '02'])
      expect(await leasedIds(store)).toEqual(['01', '02', '03'])
      expect(await store.event('01')).toMatchObject({ state: 'pending', attempts: 1, attemptsBefore: 1, replayedAtMs: 700 })
      expect(await store.event('03')).not.toHaveProperty('replayedAtMs')
    })

    test('what a replay of many would meet: whom it would hand on, and why not the others', async () => {
      await store.saveInstallation(installation())
      await store.saveInstallation(installation({ ...OTHER, status: 'deleted' }))
      const { proof: _, ...unproven } = event('05')
      await append(store, [event('01'), event('02', { generation: 9 }), event('03', OTHER), event('04', { ...PORTAL, memberId: 'nobody' }), unproven])
      for (const id of ['01', '02', '03', '04', '05']) await settle(id, 'dead')
      const { candidates, nextSeq } = await store.replayCandidates({ state: 'dead' }, 0, 10)
      expect(nextSeq).toBeUndefined()
      expect(candidates.map(({ id, refused }) => [id, refused])).toEqual([
        ['01', undefined], ['02', 'FORMER_INSTALLATION'], ['03', 'INSTALLATION_DELETED'], ['04', 'FORMER_INSTALLATION'], ['05', 'EVENT_NOT_REPLAYABLE'],
      ])
      const first = await store.replayCandidates({ state: 'dead' }, 0, 2)
      expect((await store.replayCandidates({ state: 'dead' }, first.nextSeq ?? 0, 9)).candidates.map(({ id }) => id)).toEqual(['03', '04', '05'])
    })

    test('an attempt that succeeded without a word is told like any other, through a replay, a copy and a deletion', async () => {
      await append(store, [event('01'), event('02')])
      const quiet = (n: number, atMs: number): Attempt => attempt(n, { startedAtMs: atMs - 5, durationMs: 5, calls: [], notes: [] })
      const settleQuietly = async (n: number, atMs: number): Promise<void> => {
        await store.leaseLane(PORTAL, LEASE)
        const found = await store.event('01')
        if (found === undefined) throw new Error('no event 01')
        await store.settle('me', [{ portal: PORTAL, settlements: [settled(found, { atMs, attempt: quiet(n, atMs) })], release: true }])
      }
      await settleQuietly(1, 200)
      expect(await store.attempts('01')).toEqual([quiet(1, 200)])
      await store.replay('01', 700)
      expect(await store.attempts('01')).toEqual([quiet(1, 200)])
      await settleQuietly(2, 800)
      const both = [quiet(1, 200), quiet(2, 800)]
      expect(await store.attempts('01')).toEqual(both)
      const copy = await store.readEvents({ filter: {}, afterSeq: 0, upToSeq: await store.lastSeq(), limit: 9, withAuth: false })
      expect(copy.records.map(({ event: { id }, attempts }) => [id, attempts])).toEqual([['01', both], ['02', []]])
      await reopen()
      expect(await store.attempts('01')).toEqual(both)
      const before = { doneBeforeMs: 900, deadBeforeMs: 900 }
      expect(await store.deleteSettled(before, 0, await store.lastSeq())).toBe(1)
      expect(await store.attempts('01')).toEqual([])
    })

    test('what ended long enough ago is deleted with its attempts; open and held events never are', async () => {
      await append(store, ['01', '02', '03', '04'].map((id) => event(id)))
      await append(store, [event('05', { state: 'held' }), event('06')])
      await settle('01', 'done', 100)
      await settle('02', 'dead', 100)
      await settle('03', 'done', 900)
      const before: SettledBefore = { doneBeforeMs: 500, deadBeforeMs: 50 }
      const window = await store.settledWindow(before, 0)
      if (window.kind !== 'window') throw new Error(`it is ${window.kind}`)
      expect(window.seqs).toEqual([(await store.event('01'))?.seq])
      expect(await store.deleteSettled(before, window.afterSeq, window.toSeq)).toBe(1)
      expect(await allIds({})).toEqual(['06', '05', '04', '03', '02'])
      expect(await store.attempts('01')).toEqual([])
      expect(await store.attempts('02')).toHaveLength(1)
      expect(await store.settledWindow(before, 0)).toEqual({ kind: 'end' })
      const all = { doneBeforeMs: Number.MAX_SAFE_INTEGER, deadBeforeMs: Number.MAX_SAFE_INTEGER }
      await store.deleteSettled(all, 0, 1_000)
      expect(await allIds({})).toEqual(['06', '05', '04'])
    })

    test('a stretch to delete is bounded by the size of what goes, its attempts too; one event goes whatever its size', async () => {
      const MB = 1_000_000
      const ended = (id: string, bytes: number, notes: readonly string[] = []) => ({
        event: { ...event(id, { data: 'x'.repeat(bytes) }), state: 'done' as const, attempts: 1, finishedAtMs: 40 }, attempts: [attempt(1, { notes })],
      })
      await append(store, [event('open', { data: 'x'.repeat(9 * MB) })])
      await store.importEvents([
        ended('b1', 1.5 * MB), ended('b2', 1.5 * MB), ended('b3', 1.5 * MB), ended('big', 9 * MB), ended('noted', 10, ['x'.repeat(4 * MB)]), ended('b4', MB), ended('b5', 10),
      ])
      const before: SettledBefore = { doneBeforeMs: 50, deadBeforeMs: 50 }
      const kept: string[][] = []
      for (let afterSeq = 0; ; ) {
        const window = await store.settledWindow(before, afterSeq)
        if (window.kind === 'end') break
        if (window.kind === 'window') await store.deleteSettled(before, window.afterSeq, window.toSeq)
        afterSeq = window.kind === 'window' ? window.toSeq : window.afterSeq
        kept.push(await allIds({}))
      }
      expect(kept).toEqual([
        ['b5', 'b4', 'noted', 'big', 'b3', 'open'], ['b5', 'b4', 'noted', 'big', 'open'], ['b5', 'b4', 'noted', 'open'], ['b5', 'b4', 'open'], ['open'],
      ])
    })

    test('events from a time when the clock was far ahead keep none behind them from being deleted', async () => {
      const YEAR_MS = 31_536_000_000
      const [AHEAD, BEHIND] = [1_200, 40]
      const id = (n: number): string => String(n).padStart(5, '0')
      await append(store, Array.from({ length: AHEAD }, (_, n) => event(id(n), { receivedAtMs: YEAR_MS, ...OTHER })))
      await append(store, Array.from({ length: BEHIND }, (_, n) => event(id(AHEAD + n), { receivedAtMs: 100 })))
      await store.leaseLane(PORTAL, { ...LEASE, maxEvents: BEHIND })
      const ended = await Promise.all(Array.from({ length: BEHIND - 1 }, async (_, n) => store.event(id(AHEAD + n))))
      const settlements = ended.flatMap((found) => (found === undefined ? [] : [settled(found, { state: 'done', atMs: 200, attempt: attempt(1) })]))
      await store.settle('me', [{ portal: PORTAL, settlements, release: true }])
      // Also when their time has come and they are no longer ahead of it.
      const before: SettledBefore = { doneBeforeMs: 500, deadBeforeMs: 500 }
      const window = await store.settledWindow(before, 0)
      if (window.kind !== 'window') throw new Error(`it is ${window.kind}`)
      expect(await store.deleteSettled(before, window.afterSeq, window.toSeq)).toBe(BEHIND - 1)
      // An old event that never ended is no reason to look through all of them again and again.
      expect(await store.settledWindow(before, 0)).toEqual({ kind: 'end' })
    })

    test('an auth block that events share goes with the last of them', async () => {
      const shared = (id: string) => event(id, { auth: new Uint8Array(), authShared: true })
      await store.appendEvents({ events: [shared('01'), shared('02')], sharedAuth: new Uint8Array([1]) })
      await store.appendEvents({ events: [shared('03'), event('04')], sharedAuth: new Uint8Array([2]) })
      const all = { doneBeforeMs: Number.MAX_SAFE_INTEGER, deadBeforeMs: 0 }
      await settle('01', 'done')
      await store.deleteSettled(all, 0, 1_000)
      expect(await store.event('02')).toMatchObject({ auth: new Uint8Array([1]), authShared: true })
      await settle('02', 'done')
      await store.deleteSettled(all, 0, 1_000)
      expect(await store.event('03')).toMatchObject({ auth: new Uint8Array([2]) })
      // A batch without events would be found by an event of the same place in the next life of the store.
      await settle('03', 'done')
      await settle('04', 'done')
      await store.deleteSettled(all, 0, 1_000)
      await reopen()
      await store.appendEvents({ events: [shared('05')], sharedAuth: new Uint8Array([3]) })
      expect(await store.event('05')).toMatchObject({ auth: new Uint8Array([3]) })
    })

    test('an imported event is what it was, behind all others, once', async () => {
      await append(store, [event('09')])
      const old = {
        ...event('01', { handlerId: '5', ts: '7', data: { A: '1' }, duplicateOf: '00' }), attempts: 2, provenAtMs: 11, finishedAtMs: 40,
        state: 'dead' as const, reason: 'ATTEMPTS_EXHAUSTED' as const, replayedAtMs: 30, attemptsBefore: 1,
      }
      const open = { ...event('02'), attempts: 0, provenAtMs: 10 }
      const attempts = [attempt(1), attempt(2, { outcome: 'failed', error: { code: 'HANDLER_FAILED', message: 'x' } })]
      expect(await store.importEvents([{ event: old, attempts }, { event: open, attempts: [] }])).toEqual(['01', '02'])
      expect(await store.importEvents([{ event: { ...old, code: 'OTHER' }, attempts: [] }, { event: { ...open, id: '03' }, attempts: [] }])).toEqual(['03'])
      expect(await store.event('01')).toEqual({ ...old, seq: expect.any(Number) as number })
      expect(await store.attempts('01')).toEqual(attempts)
      expect(await leasedIds(store)).toEqual(['09', '02', '03'])
    })

    test('events are read oldest first with their attempts, up to where the reader began', async () => {
      await append(store, ['01', '02', '03'].map((id) => event(id)))
      await settle('02', 'done')
      const upToSeq = await store.lastSeq()
      await append(store, [event('04')])
      const page = { filter: {}, upToSeq, limit: 2, withAuth: true }
      const first = await store.readEvents({ ...page, afterSeq: 0 })
      expect(first.records.map(({ event: { id }, attempts }) => [id, attempts.length])).toEqual([['01', 0], ['02', 1]])
      expect(first.records[0]?.event.auth).toEqual(new Uint8Array([1, 2]))
      const second = await store.readEvents({ ...page, afterSeq: first.nextSeq ?? 0 })
      expect(second.records.map(({ event: { id } }) => id)).toEqual(['03'])
      expect(second.nextSeq).toBeUndefined()
      const bare = await store.readEvents({ ...page, afterSeq: 0, withAuth: false })
      expect(bare.records.every((record) => record.event.auth.length === 0)).toBe(true)
    })

    test('fingerprints are remembered, newest first, but not those of repeats', async () => {
      const fingerprint = new Uint8Array([5, 6])
      await append(store, [event('01', { fingerprint }), event('02', { fingerprint, duplicateOf: '01' }), event('03'), event('04', { fingerprint, app: 'other' })])
      await append(store, [event('05', { fingerprint, receivedAtMs: 50 })])
      expect(await store.rememberedEvents('hello', '00', 9)).toEqual([
        { id: '05', fingerprint, receivedAtMs: 50 }, { id: '01', fingerprint, receivedAtMs: 10 },
      ])
      expect((await store.rememberedEvents('hello', '02', 9)).map(({ id }) => id)).toEqual(['05'])
      expect(await store.event('02')).toMatchObject({ duplicateOf: '01' })
    })

    test('the size counts what is used', async () => {
      const before = await store.size()
      await append(store, Array.from({ length: 200 }, (_, n) => event(`e${n}`, { data: 'x'.repeat(1_000) })))
      const { usedBytes, fileBytes } = await store.size()
      expect(usedBytes).toBeGreaterThan(before.usedBytes + 200_000)
      expect(fileBytes).toBeGreaterThanOrEqual(usedBytes)
    })
  })
}
