import { describe, expect, test } from 'vitest'
import { auditBattery } from './battery-audit.ts'
import { deathBattery } from './battery-deaths.ts'
import { erasureBattery } from './battery-erasure.ts'
import { eventsBattery } from './battery-events.ts'
import { laneBattery } from './battery-lanes.ts'
import { parkedBattery } from './battery-parked.ts'
import { KEEP, OTHER, PORTAL, account, append, eachOnAStore, event, installation, leasedIds } from './battery-parts.ts'
import type { StorePlace } from './battery-parts.ts'
import { tokensBattery } from './battery-tokens.ts'
import type { InstallationPage, InstallationPlace } from './installation-list.ts'
import type { Store, TakenRow } from './port.ts'

export function storeBattery(name: string, makePlace: () => Promise<StorePlace>): void {
  describe(`${name}: the store's contract`, () => {
    let store: Store
    const { reopen } = eachOnAStore(makePlace, (opened) => void (store = opened))

    test('what nobody proved leaves a bounded number of rows and none of its content', async () => {
      const ids = Array.from({ length: KEEP + 20 }, (_, index) => `e${String(index).padStart(4, '0')}`)
      const { proof: _, ...unproven } = event('kept', { state: 'held', data: { junk: 'x' } })
      await append(store, ids.map((id) => ({ ...unproven, id })))
      await store.settleHeld(ids.slice(0, -1).map((id) => ({ id, state: 'dead', reason: 'PROOF_REFUSED', generation: 0 })), 20, KEEP)
      expect(await store.event('e0000')).toBeUndefined()
      const sample = await store.event(ids.at(-2) ?? '')
      expect(sample).toMatchObject({ state: 'dead', reason: 'PROOF_REFUSED', auth: new Uint8Array() })
      expect(sample).not.toHaveProperty('data')
      expect(await store.event(ids.at(-1) ?? '')).toMatchObject({ state: 'held', data: { junk: 'x' } })
      await store.expireHeld(1_000, 30, KEEP)
      expect(await store.event(ids.at(-1) ?? '')).toMatchObject({ state: 'dead', reason: 'HELD_TOO_LONG', auth: new Uint8Array() })
    })

    test('an appended event is there after the store was closed and opened again, field for field', async () => {
      const full = event('01', { handlerId: '5', ts: '1700000000', data: { A: ['1', { B: 'ü' }] } })
      await append(store, [full])
      await reopen()
      expect(await store.event('01')).toEqual({ ...full, seq: expect.any(Number) as number, provenAtMs: 10, attempts: 0 })
    })

    test('held events stay out of the lane, and released ones take their old place', async () => {
      await append(store, [event('01', { state: 'held' }), event('02'), event('03', { state: 'held', ...OTHER })])
      expect(await leasedIds(store)).toEqual(['02'])
      expect((await store.heldEvents(PORTAL)).map(({ id }) => id)).toEqual(['01'])
      expect(await store.portalsWithHeld()).toHaveLength(2)
      expect((await store.heldEntries()).toSorted((one, other) => (one.id < other.id ? -1 : 1))).toEqual([
        { ...PORTAL, id: '01', code: 'ONAPPTEST', bytes: 2 }, { ...OTHER, id: '03', code: 'ONAPPTEST', bytes: 2 },
      ])
      await store.settleHeld([{ id: '01', state: 'pending', proof: 'access_token', generation: 3 }], 500, KEEP)
      expect(await leasedIds(store)).toEqual(['01', '02'])
      expect(await store.event('01')).toMatchObject({ proof: 'access_token', provenAtMs: 500, generation: 3 })
    })

    test('held events of some codes are found where there is an installation, the newest first', async () => {
      await store.saveInstallation(installation())
      const held = (id: string, fields: object) => event(id, { state: 'held', ...fields })
      await append(store, [
        held('01', { code: 'ONAPPINSTALL' }), held('02', { code: 'ONAPPUPDATE' }), held('03', {}), held('04', { code: 'ONAPPUPDATE', ...OTHER }),
        event('05', { code: 'ONAPPUPDATE' }), held('06', { code: 'ONAPPINSTALL' }),
      ])
      const codes = ['ONAPPINSTALL', 'ONAPPUPDATE']
      expect((await store.heldOfInstalled(codes, 10)).map(({ id }) => id)).toEqual(['06', '02', '01'])
      expect(await store.heldOfInstalled(codes, 1)).toMatchObject([{ id: '06', auth: new Uint8Array([1, 2]) }])
    })

    test('installations come in pages, in either order, by every condition, and each comes once', async () => {
      const portals = [['hello', 'b', 5], ['hello', 'a', 7], ['other', 'a', 5], ['hello', 'B', 6], ['other', 'ä', 5]] as const
      for (const [app, memberId, updatedAtMs] of portals) {
        await store.saveInstallation(installation({ app, memberId, updatedAtMs, ...(memberId === 'B' ? { status: 'deleted' as const } : {}) }))
      }
      const pages = async (page: Omit<InstallationPage, 'limit' | 'after'>): Promise<string[]> => {
        const found: string[] = []
        for (let after: InstallationPlace | undefined; ; ) {
          const { installations, next } = await store.listInstallations({ ...page, limit: 2, ...(after === undefined ? {} : { after }) })
          expect(installations.length).toBeLessThanOrEqual(2)
          found.push(...installations.map(({ app, memberId }) => `${app}/${memberId}`))
          if (next === undefined) return found
          after = next
        }
      }
      expect(await pages({ order: 'portal' })).toEqual(['hello/B', 'hello/a', 'hello/b', 'other/a', 'other/ä'])
      expect(await pages({ order: 'changed' })).toEqual(['hello/a', 'hello/B', 'hello/b', 'other/a', 'other/ä'])
      expect(await pages({ order: 'portal', live: true })).toEqual(['hello/a', 'hello/b', 'other/a', 'other/ä'])
      expect(await pages({ order: 'changed', memberId: 'a' })).toEqual(['hello/a', 'other/a'])
      expect(await pages({ order: 'portal', app: 'other', memberId: 'a' })).toEqual(['other/a'])
      expect(await pages({ order: 'portal', app: 'none' })).toEqual([])
      expect((await store.listInstallations({ order: 'portal', limit: 1, memberId: 'B' })).installations)
        .toEqual([installation({ memberId: 'B', updatedAtMs: 6, status: 'deleted' })])
    })

    test('an event may be bound to an address and to several offline queues at once, and each binding is kept', async () => {
      await store.saveInstallation(installation())
      const bindings = [
        { event: 'ONUSERADD', handler: '', queue: '' }, { event: 'ONUSERADD', handler: '', queue: 'other' },
        { event: 'ONUSERADD', handler: 'https://a.example/' }, { event: 'ONUSERADD', handler: 'https://b.example/' },
      ]
      await store.saveBindings(PORTAL, [...bindings, ...bindings])
      await reopen()
      expect((await store.bindings(PORTAL)).toSorted((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1)))
        .toEqual(bindings.toSorted((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1)))
    })

    test('a note is kept by its name, the newest one', async () => {
      await store.saveNote('list', 'old')
      await store.saveNote('list', 'new')
      await reopen()
      expect([await store.note('list'), await store.note('other')]).toEqual(['new', undefined])
    })

    test('an installation keeps when it was raised and the marks of uninstalls, the marks in its tombstone too', async () => {
      await store.saveInstallation(installation({ raisedAtMs: 5_000, uninstalls: ['b', 'a'] }))
      await reopen()
      expect(await store.installation(PORTAL)).toMatchObject({ raisedAtMs: 5_000, uninstalls: ['b', 'a'] })
      const [appended] = await store.appendEvents({ events: [event('01')] })
      await store.patchInstallation(PORTAL, { status: 'deleted', deletedAtMs: 50, updatedAtMs: 50 })
      await store.beginErasure({ ...PORTAL, eventId: '01', upToSeq: appended?.seq ?? 0, generation: 1, begunAtMs: 60 })
      expect(await store.installation(PORTAL)).toMatchObject({ status: 'deleted', uninstalls: ['b', 'a'] })
    })

    test('held events that are too old end dead, with the reason', async () => {
      await append(store, [event('01', { state: 'held', receivedAtMs: 10 }), event('02', { state: 'held', receivedAtMs: 90 })])
      expect(await store.expireHeld(50, 1_000, KEEP)).toEqual([PORTAL])
      expect(await store.event('01')).toMatchObject({ state: 'dead', reason: 'HELD_TOO_LONG', finishedAtMs: 1_000 })
      expect((await store.event('02'))?.state).toBe('held')
    })

    test('only what ended after a proof can be replayed', async () => {
      await append(store, [event('01'), event('02', { state: 'dead' }), event('03', { state: 'held' })])
      const { proof: _proof, ...unproven } = event('04', { state: 'dead' })
      await append(store, [unproven])
      expect(await store.replay('02', 1)).toBe(true)
      expect(await store.replay('01', 1)).toBe(false)
      expect(await store.replay('03', 1)).toBe(false)
      expect(await store.replay('04', 1)).toBe(false)
      expect(await store.replay('99', 1)).toBe(false)
      expect((await store.event('02'))?.state).toBe('pending')
    })

    test('lists events newest first, filtered, page by page', async () => {
      await append(store, ['01', '02', '03', '04'].map((id) => event(id, id === '02' ? { ...OTHER, code: 'ONAPPINSTALL' } : {})))
      const first = await store.listEvents({ limit: 3 })
      expect(first.events.map(({ id }) => id)).toEqual(['04', '03', '02'])
      expect(await store.listEvents({ limit: 3, after: first.next ?? '' })).toMatchObject({ events: [{ id: '01' }] })
      expect((await store.listEvents({ limit: 9, memberId: 'portal-b' })).events.map(({ id }) => id)).toEqual(['02'])
      expect((await store.listEvents({ limit: 9, code: 'ONAPPINSTALL', state: 'pending' })).events).toHaveLength(1)
      expect((await store.listEvents({ limit: 9, state: 'dead' })).events).toEqual([])
    })

    test('an installation and its account are saved together and read back', async () => {
      await store.saveInstallation(installation(), account('1', true))
      await reopen()
      expect(await store.installation(PORTAL)).toEqual(installation())
      expect(await store.installations()).toEqual([installation()])
      expect(await store.accounts(PORTAL)).toEqual([account('1', true)])
      expect(await store.installation(OTHER)).toBeUndefined()
    })

    test('a portal has one master account', async () => {
      await store.saveAccount(account('1', true))
      await store.saveAccount(account('2', true))
      expect((await store.accounts(PORTAL)).map(({ userId, master }) => [userId, master])).toEqual([['2', true], ['1', false]])
    })

    test('a patch changes only its fields, and never a deleted installation', async () => {
      await store.saveInstallation(installation({ reason: 'TOKENS_DEAD', version: '1' }))
      expect(await store.patchInstallation(PORTAL, { version: '2', updatedAtMs: 5 })).toBe(true)
      expect(await store.installation(PORTAL)).toEqual(installation({ reason: 'TOKENS_DEAD', version: '2', updatedAtMs: 5 }))
      expect(await store.patchInstallation(PORTAL, { clearReason: true, status: 'deleted', updatedAtMs: 6 })).toBe(true)
      expect(await store.installation(PORTAL)).toEqual(installation({ status: 'deleted', version: '2', updatedAtMs: 6 }))
      expect(await store.patchInstallation(PORTAL, { status: 'active', updatedAtMs: 7 }, account('1', true))).toBe(false)
      expect(await store.accounts(PORTAL)).toEqual([])
      expect(await store.patchInstallation(OTHER, { updatedAtMs: 7 })).toBe(false)
    })

    test('bindings are replaced as a whole, connector lines one by one', async () => {
      await store.saveBindings(PORTAL, [{ event: 'A', handler: 'h' }, { event: 'B', handler: 'h' }])
      await store.saveBindings(PORTAL, [{ event: 'C', handler: 'h' }])
      expect(await store.bindings(PORTAL)).toEqual([{ event: 'C', handler: 'h' }])
      await store.saveConnectorLine(PORTAL, { connector: 'c', line: '1', active: true, changedAtMs: 1 })
      await store.saveConnectorLine(PORTAL, { connector: 'c', line: '1', active: false, changedAtMs: 2 })
      expect(await store.connectorLines(PORTAL)).toEqual([{ connector: 'c', line: '1', active: false, changedAtMs: 2 }])
    })

    test('an offline binding keeps the name of its queue', async () => {
      const bindings = [{ event: 'A', handler: 'h' }, { event: 'B', handler: '', queue: '' }, { event: 'C', handler: '', queue: 'shop' }]
      await store.saveBindings(PORTAL, bindings)
      await reopen()
      expect(await store.bindings(PORTAL)).toEqual(bindings)
    })

    test('what was fetched from an offline queue is appended once, whatever is fetched again, until it is forgotten', async () => {
      const row = (key: string, id: string, portal = PORTAL): TakenRow => ({ key, event: event(id, { ...portal, proof: 'own_token' }) })
      expect(await store.appendTaken(PORTAL, [row('p1:1', '01'), row('p1:2', '02')])).toEqual(['01', '02'])
      await reopen()
      expect(await store.appendTaken(PORTAL, [row('p1:2', '03'), row('p1:3', '04')])).toEqual(['04'])
      expect(await store.appendTaken(PORTAL, [row('p1:2', '05')])).toEqual([])
      expect(await store.appendTaken(OTHER, [row('p1:2', '06', OTHER)])).toEqual(['06'])
      expect(await leasedIds(store)).toEqual(['01', '02', '04'])
      await store.forgetTaken(PORTAL)
      expect(await store.appendTaken(PORTAL, [row('p1:2', '07')])).toEqual(['07'])
      expect(await store.appendTaken(OTHER, [row('p1:2', '08', OTHER)])).toEqual([])
    })

    test('refusals are kept up to the limit, newest first', async () => {
      for (const atMs of [1, 2, 3]) await store.saveRefusal({ atMs, app: 'hello', code: 'AUTH_MISSING' }, 2)
      expect((await store.refusals(9)).map(({ atMs }) => atMs)).toEqual([3, 2])
    })

    test('a call that fails undoes itself alone; those beside it are kept', async () => {
      const results = await Promise.allSettled([
        append(store, [event('01')]),
        append(store, [event('02'), event('01')]),
        append(store, [event('03')]),
      ])
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
      expect((await store.listEvents({ limit: 9 })).events.map(({ id }) => id)).toEqual(['03', '01'])
    })

    test('after close every call is refused with a code', async () => {
      await store.close()
      await expect(store.installations()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    })
  })
  laneBattery(name, makePlace)
  parkedBattery(name, makePlace)
  deathBattery(name, makePlace)
  eventsBattery(name, makePlace)
  auditBattery(name, makePlace)
  erasureBattery(name, makePlace)
  tokensBattery(name, makePlace)
}
