import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Erasure } from './audit.ts'
import { LEASE, OTHER, PORTAL, account, append, event, installation, leasedIds, settled } from './battery-parts.ts'
import type { StorePlace } from './battery-parts.ts'
import type { Store } from './port.ts'

const UNINSTALL = '05'

export function erasureBattery(name: string, makePlace: () => Promise<StorePlace>): void {
  describe(`${name}: erasing a portal`, () => {
    let place: StorePlace
    let store: Store

    beforeEach(async () => {
      place = await makePlace()
      store = await place.open()
    })
    afterEach(async () => {
      await store.close()
      await place.remove()
    })
    const reopen = async (): Promise<void> => {
      await store.close()
      store = await place.open()
    }
    /** Two events of two portals in one seal, then one each that stand alone, the uninstall, and what came after it. */
    const fill = async (): Promise<Omit<Erasure, 'afterSeq'>> => {
      await store.saveInstallation(installation(), account('1', true), { by: 'installer', userId: '1' })
      await store.saveInstallation(installation({ ...OTHER }))
      await store.saveBindings(PORTAL, [{ event: 'A', handler: 'h' }])
      await store.saveConnectorLine(PORTAL, { connector: 'c', line: '1', active: true, changedAtMs: 1 })
      const shared = { authShared: true, auth: new Uint8Array() } as const
      await store.appendEvents({ events: [event('01', shared), event('02', { ...OTHER, ...shared })], sharedAuth: new Uint8Array([1, 2, 3]) })
      await append(store, [event('03', { parked: true } as object), event('04', OTHER), event(UNINSTALL, { code: 'ONAPPUNINSTALL' }), event('06')])
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
      const slice = await store.erasureSlice(erasure)
      const seals = slice.shared.map(({ batch, sealed }) => ({ batch, former: sealed, sealed: new Uint8Array([9]) }))
      expect(await store.eraseSlice(erasure, slice, seals)).toBe(true)
      expect(slice.ended).toBe(true)
      await store.endErasure(await next(), 70)
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

    test('a slice names the portal\'s events up to the uninstall, and the seals they share with others', async () => {
      await store.beginErasure(await fill())
      const { seqs, shared, toSeq, ended } = await store.erasureSlice(await next())
      const wanted = await Promise.all(['01', '03', UNINSTALL].map(async (id) => (await store.event(id))?.seq))
      expect({ seqs, toSeq, ended }).toEqual({ seqs: wanted, toSeq: wanted.at(-1), ended: true })
      expect(shared).toMatchObject([{ sealed: new Uint8Array([1, 2, 3]), eventIds: ['01'] }])
    })

    test('the events go, the uninstall stays without its auth block, and others keep theirs', async () => {
      await store.beginErasure(await fill())
      await eraseAll()
      expect(await ids()).toEqual(['06', UNINSTALL, '04', '02'])
      expect((await store.event(UNINSTALL))?.auth).toEqual(new Uint8Array())
      expect((await store.event('02'))?.auth).toEqual(new Uint8Array([9]))
      expect(await store.erasures()).toEqual([])
      expect(await store.scrub()).toBe(true)
    })

    test('a seal that somebody else has changed stops the slice before anything is done', async () => {
      await store.beginErasure(await fill())
      const erasure = await next()
      const slice = await store.erasureSlice(erasure)
      const seals = slice.shared.map(({ batch }) => ({ batch, former: new Uint8Array([4]), sealed: new Uint8Array([9]) }))
      expect(await store.eraseSlice(erasure, slice, seals)).toBe(false)
      expect(await ids()).toContain('01')
      expect((await store.event('02'))?.auth).toEqual(new Uint8Array([1, 2, 3]))
    })

    test('slices that were done go on where they were after a restart', async () => {
      await store.beginErasure(await fill())
      const erasure = await next()
      const first = (await store.event('03'))?.seq ?? 0
      expect(await store.eraseSlice(erasure, { seqs: [first], toSeq: first }, [])).toBe(true)
      await reopen()
      expect((await next()).afterSeq).toBe(first)
      expect((await store.erasureSlice(await next())).seqs).toHaveLength(1)
    })

    test('the certificate counts what went; details of the trail go with it, its chain stays', async () => {
      await store.beginErasure(await fill())
      await eraseAll()
      const { records } = await store.audit({ ...PORTAL, afterSeq: 0, limit: 50 })
      expect(records.at(-1)).toMatchObject({
        verb: 'eraseData', by: 'event', ref: UNINSTALL, atMs: 70, generation: 1,
        facts: { events: 2, attempts: 0, accounts: 1, bindings: 1, connector_lines: 1, begunAtMs: 60 },
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
