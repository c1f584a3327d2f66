import { describe, expect, test } from 'vitest'
import type { Erasure } from './audit.ts'
import { LEASE, OTHER, PORTAL, account, append, eachOnAStore, event, installation, leasedIds, settled } from './battery-parts.ts'
import type { StorePlace } from './battery-parts.ts'
import type { Store } from './port.ts'

const UNINSTALL = '05'

export function erasureBattery(name: string, makePlace: () => Promise<StorePlace>): void {
  describe(`${name}: erasing a portal`, () => {
    let store: Store
    const { reopen } = eachOnAStore(makePlace, (opened) => void (store = opened))
    /** Two events of two portals in one seal, then one each that stand alone, the uninstall, and one that was taken in beside it. */
    const fill = async (): Promise<Omit<Erasure, 'afterSeq'>> => {
      await store.saveInstallation(installation(), account('1', true), { by: 'installer', userId: '1' })
      await store.saveInstallation(installation({ ...OTHER }))
      await store.saveBindings(PORTAL, [{ event: 'A', handler: 'h' }])
      await store.saveConnectorLine(PORTAL, { connector: 'c', line: '1', active: true, changedAtMs: 1 })
      const shared = { authShared: true, auth: new Uint8Array() } as const
      await store.appendEvents({ events: [event('01', shared), event('02', { ...OTHER, ...shared })], sharedAuth: new Uint8Array([1, 2, 3]) })
      await append(store, [event('03', { parked: true } as object), event('04', OTHER), event(UNINSTALL, { code: 'ONAPPUNINSTALL', userId: '1' }), event('06')])
      await store.patchInstallation(PORTAL, { status: 'deleted', deletedAtMs: 50, updatedAtMs: 50 }, undefined, { by: 'event', ref: UNINSTALL })
      const seq = (await store.event(UNINSTALL))?.seq ?? 0
      return { ...PORTAL, eventId: UNINSTALL, upToSeq: seq, generation: 1, begunAtMs: 60 }
    }
    const next = async (): Promise<Erasure> => {
      const [erasure] = await store.erasures()
      if (erasure === undefined) throw new Error('no erasure is under way')
      return erasure
    }
    const eraseAll = async (): Promise<void> => {
      const erasure = await next()
      const slice = await store.erasureSlice(erasure, await store.lastSeq())
      const seals = slice.shared.map(({ batch, sealed }) => ({ batch, former: sealed, sealed: new Uint8Array([9]) }))
      expect(await store.eraseSlice(erasure, slice, seals)).toBe(true)
      expect(slice.ended).toBe(true)
      await store.endErasure(await next(), 70)
    }
    const sharedSeals = async (): Promise<Uint8Array[]> => {
      const seals: Uint8Array[] = []
      for (let [after, more]: [string | undefined, boolean] = [undefined, true]; more; more = after !== undefined) {
        const { values, next: further } = await store.sealedOtherwise({ prefix: new Uint8Array([0]), after, limit: 20, maxBytes: 100 })
        seals.push(...values.filter(({ kind }) => kind === 'auths').map(({ sealed }) => sealed))
        after = further
      }
      return seals
    }
    const ids = async (): Promise<string[]> => (await store.listEvents({ limit: 20 })).events.map(({ id }) => id)

    test('what is small goes at once and leaves a tombstone; no earlier event is handed out any more, after a restart either', async () => {
      const erasure = await fill()
      expect(await store.beginErasure(erasure)).toBe(true)
      expect([await store.accounts(PORTAL), await store.bindings(PORTAL), await store.connectorLines(PORTAL)]).toEqual([[], [], []])
      expect(await store.installation(PORTAL)).toEqual({
        ...PORTAL, status: 'deleted', generation: 1, domain: '', clientEndpoint: '', serverEndpoint: '',
        applicationToken: new Uint8Array([9]), updatedAtMs: 50, deletedAtMs: 50,
      })
      expect(await leasedIds(store)).toEqual([UNINSTALL, '06'])
      await reopen()
      expect(await store.erasures()).toEqual([{ ...erasure, afterSeq: 0 }])
      expect(await leasedIds(store)).toEqual([UNINSTALL, '06'])
      expect(await store.installation(OTHER)).toEqual(installation({ ...OTHER }))
    })

    test('bindings that were made while the portal uninstalled are not kept', async () => {
      await store.beginErasure(await fill())
      await store.saveBindings(PORTAL, [{ event: 'A', handler: 'h' }])
      expect(await store.bindings(PORTAL)).toEqual([])
      await store.saveInstallation(installation({ generation: 2 }))
      await store.saveBindings(PORTAL, [{ event: 'A', handler: 'h' }])
      expect(await store.bindings(PORTAL)).toEqual([{ event: 'A', handler: 'h' }])
    })

    test('a slice names the portal\'s events, also those that were taken in beside the uninstall, and the seals they share with others', async () => {
      await store.beginErasure(await fill())
      const { seqs, shared, toSeq, ended } = await store.erasureSlice(await next(), await store.lastSeq())
      const wanted = await Promise.all(['01', '03', UNINSTALL, '06'].map(async (id) => (await store.event(id))?.seq))
      expect({ seqs, toSeq, ended }).toEqual({ seqs: wanted, toSeq: wanted.at(-1), ended: true })
      expect(shared).toMatchObject([{ sealed: new Uint8Array([1, 2, 3]), eventIds: ['01'] }])
    })

    test('the events go, the uninstall stays without its auth block, and others keep theirs', async () => {
      await store.beginErasure(await fill())
      await eraseAll()
      expect(await ids()).toEqual([UNINSTALL, '04', '02'])
      expect(await leasedIds(store)).toEqual([UNINSTALL])
      const uninstall = await store.event(UNINSTALL)
      expect([uninstall?.auth, uninstall?.userId]).toEqual([new Uint8Array(), undefined])
      expect((await store.event('02'))?.auth).toEqual(new Uint8Array([9]))
      expect(await store.erasures()).toEqual([])
      expect(await store.scrub()).toBe(true)
    })

    test('another uninstall of the same installation stays, before or behind it, without its auth block, and one that is open runs', async () => {
      const before = event('045', { code: 'ONAPPUNINSTALL', userId: '1' })
      await append(store, [before])
      const erasure = await fill()
      await append(store, [event('07', { code: 'ONAPPUNINSTALL', userId: '1' })])
      await store.beginErasure(erasure)
      expect(await leasedIds(store)).toEqual(['045', UNINSTALL, '06', '07'])
      await eraseAll()
      expect(await leasedIds(store)).toEqual(['045', UNINSTALL, '07'])
      for (const id of ['045', UNINSTALL, '07']) {
        const uninstall = await store.event(id)
        expect([uninstall?.auth, uninstall?.userId]).toEqual([new Uint8Array(), undefined])
      }
    })

    test('a seal that somebody else has changed stops the slice before anything is done', async () => {
      await store.beginErasure(await fill())
      const erasure = await next()
      const slice = await store.erasureSlice(erasure, await store.lastSeq())
      const seals = slice.shared.map(({ batch }) => ({ batch, former: new Uint8Array([4]), sealed: new Uint8Array([9]) }))
      expect(await store.eraseSlice(erasure, slice, seals)).toBe(false)
      expect(await ids()).toContain('01')
      expect((await store.event('02'))?.auth).toEqual(new Uint8Array([1, 2, 3]))
    })

    test('a seal that was not opened stays for the others in it, and what is left there is counted; without others it goes', async () => {
      const shared = { authShared: true, auth: new Uint8Array() } as const
      await store.appendEvents({ events: [event('00', shared), event('001', { ...shared, code: 'ONAPPUNINSTALL' })], sharedAuth: new Uint8Array([4]) })
      await store.beginErasure(await fill())
      const erasure = await next()
      expect(await store.eraseSlice(erasure, await store.erasureSlice(erasure, await store.lastSeq()), [])).toBe(true)
      await store.endErasure(await next(), 70)
      expect((await store.event('02'))?.auth).toEqual(new Uint8Array([1, 2, 3]))
      expect(await sharedSeals()).toEqual([new Uint8Array([1, 2, 3])])
      const { records } = await store.audit({ ...PORTAL, afterSeq: 0, limit: 50 })
      expect(records.at(-1)?.facts).toMatchObject({ events: 4, auth_blocks_left: 1 })
    })

    test('slices that were done go on where they were after a restart', async () => {
      await store.beginErasure(await fill())
      const erasure = await next()
      const first = (await store.event('03'))?.seq ?? 0
      expect(await store.eraseSlice(erasure, { seqs: [first], toSeq: first }, [])).toBe(true)
      await reopen()
      expect((await next()).afterSeq).toBe(first)
      expect((await store.erasureSlice(await next(), await store.lastSeq())).seqs).toHaveLength(2)
    })

    test('the certificate counts what went; details of the trail go with it, its chain stays', async () => {
      await store.beginErasure(await fill())
      await eraseAll()
      const { records } = await store.audit({ ...PORTAL, afterSeq: 0, limit: 50 })
      expect(records.at(-1)).toMatchObject({
        verb: 'eraseData', by: 'event', ref: UNINSTALL, atMs: 70, generation: 1,
        facts: { events: 3, attempts: 0, accounts: 1, bindings: 1, connector_lines: 1, begunAtMs: 60 },
      })
      expect(records.some(({ detailsHash }) => detailsHash !== undefined)).toBe(true)
      expect(records.filter(({ details }) => details !== undefined)).toEqual([])
    })

    test('an erasure is begun once, whether it is under way or ended', async () => {
      const erasure = await fill()
      expect(await store.beginErasure(erasure)).toBe(true)
      expect(await store.beginErasure(erasure)).toBe(false)
      await eraseAll()
      expect(await store.beginErasure(erasure)).toBe(false)
    })

    test('a portal that was installed again meanwhile keeps its new data, and nothing of the former installation', async () => {
      const erasure = await fill()
      await store.saveInstallation(installation({ generation: 2, updatedAtMs: 55 }), account('2', true, { obtainedAtMs: 55 }), { by: 'installer', userId: '2' })
      await store.saveConnectorLine(PORTAL, { connector: 'c', line: '2', active: true, changedAtMs: 56 })
      await store.beginErasure(erasure)
      await eraseAll()
      expect((await store.installation(PORTAL))?.status).toBe('active')
      expect((await store.accounts(PORTAL)).map(({ userId }) => userId)).toEqual(['2'])
      expect((await store.connectorLines(PORTAL)).map(({ line }) => line)).toEqual(['2'])
      expect(await store.event('01')).toBeUndefined()
      const { records } = await store.audit({ ...PORTAL, afterSeq: 0, limit: 50 })
      expect(records.filter(({ details }) => details !== undefined).map(({ generation }) => generation)).toEqual([2, 2])
    })

    test('what belongs to a newer installation stays, wherever it stands, and is handed out', async () => {
      const erasure = await fill()
      const held = { state: 'held', generation: 0, proof: undefined } as const
      await append(store, [event('07', { generation: 2 })])
      await store.saveInstallation(installation({ generation: 2, updatedAtMs: 55 }))
      await store.beginErasure(erasure)
      await append(store, [event('08', { ...held, code: 'ONAPPTEST' })])
      await reopen()
      await eraseAll()
      expect(await ids()).toEqual(['08', '07', UNINSTALL, '04', '02'])
      expect(await leasedIds(store)).toEqual([UNINSTALL, '07'])
    })

    test('of what is held before the uninstall an install or update stays: only its proof tells whose it is; the rest goes', async () => {
      const held = { state: 'held', generation: 0, proof: undefined } as const
      await store.saveInstallation(installation())
      await append(store, [event('01', { ...held, code: 'ONAPPINSTALL' }), event('02', { ...held, code: 'ONAPPUPDATE' }), event('03', held), event(UNINSTALL, { code: 'ONAPPUNINSTALL' })])
      await store.patchInstallation(PORTAL, { status: 'deleted', deletedAtMs: 50, updatedAtMs: 50 })
      const seq = (await store.event(UNINSTALL))?.seq ?? 0
      await store.beginErasure({ ...PORTAL, eventId: UNINSTALL, upToSeq: seq, generation: 1, begunAtMs: 60 })
      const read = await store.erasureSlice(await next(), await store.lastSeq())
      expect(read.seqs).toHaveLength(2)
      // Proven between the reading and the erasing.
      await store.settleHeld([{ id: '01', state: 'pending', proof: 'access_token', generation: 2 }], 65, 50)
      const first = (await store.event('01'))?.seq ?? 0
      expect(await store.eraseSlice(await next(), { seqs: [first, ...read.seqs], toSeq: read.toSeq }, [])).toBe(true)
      expect(await ids()).toEqual([UNINSTALL, '02', '01'])
      expect(await leasedIds(store)).toEqual(['01', UNINSTALL])
    })

    test('what is held before an uninstall that came late stays, when it was raised after it: it is of the installation that waits for its proof', async () => {
      const held = { state: 'held', generation: 0, proof: undefined } as const
      await store.saveInstallation(installation())
      await append(store, [
        event('01', { ...held, code: 'ONAPPINSTALL', ts: '101' }), event('02', { ...held, ts: '102' }), event('03', { ...held, ts: '100' }), event('04', { ...held, ts: 'later' }),
        event(UNINSTALL, { code: 'ONAPPUNINSTALL', ts: '100' }),
      ])
      await store.patchInstallation(PORTAL, { status: 'deleted', deletedAtMs: 50, updatedAtMs: 50 })
      const seq = (await store.event(UNINSTALL))?.seq ?? 0
      await store.beginErasure({ ...PORTAL, eventId: UNINSTALL, upToSeq: seq, generation: 1, begunAtMs: 60 })
      await eraseAll()
      await store.saveInstallation(installation({ generation: 2, updatedAtMs: 55 }))
      await store.settleHeld(['01', '02'].map((id) => ({ id, state: 'pending', proof: 'access_token', generation: 2 })), 65, 50)
      expect(await ids()).toEqual([UNINSTALL, '02', '01'])
      expect(await leasedIds(store)).toEqual(['01', '02', UNINSTALL])
    })

    test('of what was refused its proof goes what came before the uninstall; behind it the record stays that it came', async () => {
      const refused = { state: 'dead', reason: 'PROOF_REFUSED', generation: 0, proof: undefined } as const
      await append(store, [event('00', refused)])
      const erasure = await fill()
      await append(store, [event('07', refused)])
      await store.beginErasure(erasure)
      await append(store, [event('08', refused)])
      await eraseAll()
      expect(await ids()).toEqual(['08', '07', UNINSTALL, '04', '02'])
    })

    test('of an erased generation nothing is taken in any more, whether the erasure is under way or ended', async () => {
      const erasure = await fill()
      const held = { state: 'held', generation: 0, proof: undefined } as const
      await append(store, [event('07', held), event('08', held)])
      await store.beginErasure(erasure)
      const late = async (taken: string, heldId: string): Promise<void> => {
        expect(await store.appendTaken(PORTAL, [{ key: taken, event: event(taken, { proof: 'own_token' }) }])).toEqual([])
        await store.settleHeld([{ id: heldId, state: 'pending', proof: 'application_token', generation: 1 }], 65, 50)
        await store.saveConnectorLine(PORTAL, { connector: 'c', line: '9', active: false, changedAtMs: 66 })
      }
      await late('20', '07')
      await append(store, [event('09', { ...held, code: 'ONAPPUNINSTALL', userId: '1' })])
      await eraseAll()
      await late('21', '08')
      // A copy of the uninstall that was in doubt: that it came is kept.
      await store.settleHeld([{ id: '09', state: 'done', reason: 'FORMER_INSTALLATION', proof: 'application_token', generation: 1 }], 65, 50)
      await append(store, [event('10', { ...held, data: { who: 'Kunigunde' }, userId: '1' })])
      await store.settleHeld([{ id: '10', state: 'dead', reason: 'PROOF_REFUSED', generation: 1 }], 66, 50)
      const refused = await store.event('10')
      expect([refused?.state, refused?.auth, refused?.data, refused?.userId]).toEqual(['dead', new Uint8Array(), undefined, undefined])
      const copy = await store.event('09')
      expect([copy?.state, copy?.auth, copy?.userId]).toEqual(['done', new Uint8Array(), undefined])
      expect([await ids(), await store.connectorLines(PORTAL)]).toEqual([['10', '09', UNINSTALL, '04', '02'], []])
      await store.saveInstallation(installation({ generation: 2 }))
      expect(await store.appendTaken(PORTAL, [{ key: '22', event: event('22', { proof: 'own_token', generation: 2 }) }])).toEqual(['22'])
    })

    test('the places of the newest events that went are not given to others, after a restart either', async () => {
      await store.beginErasure(await fill())
      const last = await store.lastSeq()
      await eraseAll()
      await reopen()
      await append(store, [event('09', { generation: 2 })])
      expect((await store.event('09'))?.seq).toBeGreaterThan(last)
    })

    test('what is settled while its event is erased leaves no attempt behind, and comes to no lane', async () => {
      await store.beginErasure(await fill())
      expect(await leasedIds(store)).toEqual([UNINSTALL, '06'])
      const seq = (await store.event('06'))?.seq ?? 0
      const erasure = await next()
      const [erased, lost] = await Promise.all([
        store.eraseSlice(erasure, { seqs: [seq], toSeq: seq }, []),
        store.settle('me', [{ portal: PORTAL, settlements: [settled({ id: '06', seq }, { state: 'pending', dueAtMs: 90_000 })] }]),
      ])
      expect([erased, lost, await store.attempts('06')]).toEqual([true, [], []])
      await append(store, [event('09', { generation: 2 })])
      const attempts = (await store.readEvents({ filter: {}, afterSeq: 0, upToSeq: await store.lastSeq(), limit: 20, withAuth: false })).records.map(({ event: { id }, attempts: all }) => [id, all.length])
      expect(attempts.filter(([, count]) => count !== 0)).toEqual([])
      expect(await leasedIds(store, PORTAL, { ...LEASE, nowMs: 950, untilMs: 9_000 })).toEqual([UNINSTALL, '09'])
    })

    test('another uninstall of the installation that is still open stays in its lane, after a restart in the middle too', async () => {
      const erasure = await fill()
      await append(store, [event('07', { code: 'ONAPPUNINSTALL' })])
      await store.beginErasure({ ...erasure, eventId: '07', upToSeq: (await store.event('07'))?.seq ?? 0 })
      await reopen()
      expect(await leasedIds(store)).toEqual([UNINSTALL, '07'])
    })

    test('the lane of a new installation that begins while the last erased event is settled is not taken away', async () => {
      await store.beginErasure(await fill())
      expect(await leasedIds(store)).toEqual([UNINSTALL, '06'])
      const seqs = await Promise.all([UNINSTALL, '06'].map(async (id) => (await store.event(id))?.seq ?? 0))
      await store.settle('me', [{ portal: PORTAL, settlements: [settled({ id: UNINSTALL, seq: seqs[0] ?? 0 })] }])
      const [seq = 0] = seqs.slice(1)
      const erasure = await next()
      await Promise.all([
        store.eraseSlice(erasure, { seqs: [seq], toSeq: seq }, []),
        append(store, [event('09', { generation: 2 })]),
        store.settle('me', [{ portal: PORTAL, settlements: [settled({ id: '06', seq })] }]),
      ])
      expect(await leasedIds(store, PORTAL, { ...LEASE, nowMs: 950, untilMs: 9_000 })).toEqual(['09'])
    })

    test('a lane that is running is not disturbed', async () => {
      const erasure = await fill()
      const [first] = await leasedIds(store, PORTAL, { ...LEASE, maxEvents: 1 })
      expect(first).toBe('01')
      await store.beginErasure(erasure)
      const seq = (await store.event('01'))?.seq ?? 0
      expect(await store.settle('me', [{ portal: PORTAL, settlements: [settled({ id: '01', seq })] }])).toEqual([])
      expect(await leasedIds(store)).toEqual([UNINSTALL, '06'])
    })
  })
}
