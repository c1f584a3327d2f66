import { describe, expect, test } from 'vitest'
import { OTHER, PORTAL, account, eachOnAStore, event, installation } from './battery-parts.ts'
import type { StorePlace } from './battery-parts.ts'
import type { Account } from './accounts.ts'
import type { Store } from './port.ts'
import type { SealedValue } from './sealed.ts'

export function tokensBattery(name: string, makePlace: () => Promise<StorePlace>): void {
  describe(`${name}: accounts and what is sealed`, () => {
    let store: Store
    eachOnAStore(makePlace, (opened) => void (store = opened))

    const MINE = { owner: 'me', nowMs: 1_000, forMs: 500 }
    const first = account('1', true, { pairId: 'p1' })
    const saved = async (...accounts: Account[]): Promise<void> => {
      await store.saveInstallation(installation())
      for (const each of accounts) await store.saveAccount(each)
    }

    test('one owner at a time may renew an account, until the claim ends', async () => {
      await saved(first, account('2', false, { pairId: 'p2' }))
      expect(await store.claimRenewal(first, MINE)).toEqual({ kind: 'claimed' })
      expect(await store.claimRenewal(first, { ...MINE, owner: 'other', nowMs: 1_499 })).toEqual({ kind: 'taken', untilMs: 1_500 })
      expect(await store.claimRenewal(account('2', false, { pairId: 'p2' }), { ...MINE, owner: 'other' })).toEqual({ kind: 'claimed' })
      await store.releaseRenewal(first, 'other')
      expect(await store.claimRenewal(first, { ...MINE, owner: 'other' })).toMatchObject({ kind: 'taken' })
      await store.releaseRenewal(first, 'me')
      expect(await store.claimRenewal(first, { ...MINE, owner: 'other' })).toEqual({ kind: 'claimed' })
      expect(await store.claimRenewal(first, { ...MINE, nowMs: 1_500 })).toEqual({ kind: 'claimed' })
    })

    test('of many who claim at once one may renew', async () => {
      await saved(first)
      const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => store.claimRenewal(first, { ...MINE, owner: `owner ${n}` })))
      expect(answers.filter(({ kind }) => kind === 'claimed')).toHaveLength(1)
    })

    test('who comes with a pair that is no longer the account\'s claims nothing and replaces nothing', async () => {
      await saved(first)
      const next = account('1', true, { pairId: 'p2', tokens: new Uint8Array([8]), formerTokens: first.tokens })
      await store.claimRenewal(first, MINE)
      expect(await store.replaceAccount(first, next, { updatedAtMs: 5 })).toBe(true)
      expect(await store.accounts(PORTAL)).toEqual([next])
      expect(await store.claimRenewal(next, { ...MINE, owner: 'other' })).toEqual({ kind: 'claimed' })
      expect(await store.claimRenewal(first, MINE)).toEqual({ kind: 'changed' })
      expect(await store.replaceAccount(first, account('1', true, { pairId: 'p3' }), { updatedAtMs: 6 })).toBe(false)
      expect(await store.buryAccount(first, { atMs: 9, reason: 'invalid_grant' })).toEqual({ buried: false, living: 1 })
      await store.forgetFormerTokens(first)
      expect(await store.accounts(PORTAL)).toEqual([next])
      await store.forgetFormerTokens(next)
      const { formerTokens: _, ...proven } = next
      expect(await store.accounts(PORTAL)).toEqual([proven])
    })

    test('a pair that is sealed anew is still the same pair', async () => {
      await saved(first)
      const value: SealedValue = { ...PORTAL, kind: 'tokens', userId: '1', seq: 0, sealed: first.tokens }
      expect(await store.replaceSealed([{ value, sealed: new Uint8Array([77]) }])).toBe(1)
      expect(await store.replaceAccount(first, account('1', true, { pairId: 'p2' }), { updatedAtMs: 5 })).toBe(true)
    })

    test('a renewal leaves the master who it is', async () => {
      await saved(first, account('2', true, { pairId: 'p2' }))
      expect(await store.replaceAccount(first, { ...first, master: true, pairId: 'p9' }, { updatedAtMs: 5 })).toBe(true)
      expect((await store.accounts(PORTAL)).map(({ userId, master }) => [userId, master])).toEqual([['2', true], ['1', false]])
    })

    test('when the master\'s pair is lost the living account with the newest pair takes its place', async () => {
      await saved(account('2', false, { pairId: 'p2' }), account('3', false, { pairId: 'p3' }), first)
      expect(await store.buryAccount(first, { atMs: 9, reason: 'invalid_grant' })).toEqual({ buried: true, living: 2 })
      expect(await store.accounts(PORTAL)).toMatchObject([
        { userId: '3', master: true, state: 'live' }, { userId: '2', master: false, state: 'live' },
        { userId: '1', master: false, state: 'dead', deadAtMs: 9, deadReason: 'invalid_grant' },
      ])
      expect(await store.claimRenewal(first, MINE)).toEqual({ kind: 'changed' })
      expect(await store.buryAccount(first, { atMs: 10, reason: 'again' })).toEqual({ buried: false, living: 2 })
    })

    test('the last account stays the master when its pair is lost, and a pair of later revives it', async () => {
      await saved(first)
      expect(await store.buryAccount(first, { atMs: 9, reason: 'invalid_grant' })).toEqual({ buried: true, living: 0 })
      expect(await store.accounts(PORTAL)).toMatchObject([{ userId: '1', master: true, state: 'dead' }])
      expect(await store.replaceAccount(first, account('1', true, { pairId: 'p2' }), { updatedAtMs: 5 })).toBe(true)
      expect(await store.accounts(PORTAL)).toEqual([account('1', true, { pairId: 'p2' })])
    })

    test('accounts whose pair grows old are found, the oldest first, of portals that have the app', async () => {
      await saved(account('3', false), first, account('2', false))
      await store.saveInstallation(installation({ ...OTHER, status: 'deleted' }))
      await store.saveAccount({ ...account('1', true), ...OTHER })
      expect(await store.agingAccounts(3, 9)).toEqual([
        { ...PORTAL, userId: '1', obtainedAtMs: 1 }, { ...PORTAL, userId: '2', obtainedAtMs: 2 },
      ])
      expect(await store.agingAccounts(3, 1)).toHaveLength(1)
      await store.buryAccount(first, { atMs: 1, reason: 'x' })
      expect(await store.agingAccounts(3, 9)).toHaveLength(1)
    })

    test('everything that another key sealed is found in slices, and replaced only where it is still the same', async () => {
      const other = (...bytes: number[]): Uint8Array => new Uint8Array([1, 2, ...bytes])
      await store.saveInstallation(installation({ applicationToken: other(1) }))
      await store.saveInstallation(installation({ ...OTHER, applicationToken: new Uint8Array([1, 3, 1]) }))
      for (let n = 1; n <= 5; n++) await store.saveAccount(account(String(n), false, { tokens: other(2, n), formerTokens: other(3, n) }))
      await store.appendEvents({ events: [event('01', { auth: other(4) }), event('02', { state: 'held', auth: other(5) }), event('03', { auth: new Uint8Array() })] })
      await store.appendEvents({ events: [event('04', { auth: new Uint8Array(), authShared: true })], sharedAuth: other(6) })

      const found = await allSealed(store)
      const counts = Object.groupBy(found, ({ kind }) => kind)
      expect(Object.fromEntries(Object.entries(counts).map(([kind, values]) => [kind, values.length]))).toEqual({
        application_token: 1, tokens: 5, former_tokens: 5, auths: 1, auth: 2,
      })
      const anew = found.map((value) => ({ value, sealed: new Uint8Array([1, 3, ...value.sealed.subarray(2)]) }))
      expect(await store.replaceSealed(anew)).toBe(14)
      expect(await store.replaceSealed(anew)).toBe(0)
      expect(await allSealed(store)).toEqual([])
      expect((await store.event('02'))?.auth).toEqual(new Uint8Array([1, 3, 5]))
      expect((await store.installation(PORTAL))?.applicationToken).toEqual(new Uint8Array([1, 3, 1]))
    })

    test('a search up to an event comes to its end, however fast others are appended behind it', async () => {
      let appended = 0
      const appendMore = async (): Promise<void> => {
        for (let n = 0; n < 25; n++) {
          const id = String(++appended).padStart(6, '0')
          await store.appendEvents({ events: [event(id, { auth: new Uint8Array(), authShared: true })], sharedAuth: new Uint8Array([1, 2, 6]) })
        }
      }
      await appendMore()
      const upToSeq = await store.lastSeq()
      const found: SealedValue[] = []
      let pages = 0
      for (let after: string | undefined; ; ) {
        const page = await store.sealedOtherwise({ prefix: new Uint8Array([1, 3]), after, upToSeq, limit: 100, maxBytes: 1_000 })
        found.push(...page.values)
        after = page.next
        pages += 1
        if (after === undefined || pages === 40) break
        await appendMore()
      }
      expect({ found: found.length, ended: pages < 40 }).toEqual({ found: 25, ended: true })
    })
  })
}

async function allSealed(store: Store): Promise<SealedValue[]> {
  const values: SealedValue[] = []
  let after: string | undefined
  do {
    const page = await store.sealedOtherwise({ prefix: new Uint8Array([1, 3]), after, limit: 2, maxBytes: 1_000 })
    values.push(...page.values)
    after = page.next
  } while (after !== undefined)
  return values
}
