import { describe, expect, test } from 'vitest'
import { CHAIN_BEGIN, auditHash, digestOfDetails } from './audit-chain.ts'
import { OTHER, PORTAL, account, eachOnAStore, installation } from './battery-parts.ts'
import type { StorePlace } from './battery-parts.ts'
import type { AuditRecord } from './audit.ts'
import type { Store } from './port.ts'

export function auditBattery(name: string, makePlace: () => Promise<StorePlace>): void {
  describe(`${name}: the audit trail`, () => {
    let store: Store
    const { reopen } = eachOnAStore(makePlace, (opened) => void (store = opened))
    const all = async (): Promise<AuditRecord[]> => (await store.audit({ afterSeq: 0, limit: 100 })).records
    const told = async (): Promise<string[]> => (await all()).map(({ verb, from, to }) => [verb, from, to].filter(Boolean).join(' '))

    test('every change of an installation is told once, with its cause; what is saved again unchanged is not', async () => {
      const cause = { by: 'event', ref: '01', proof: 'access_token', userId: '7' } as const
      await store.saveInstallation(installation({ status: 'new' }), account('7', true), { ...cause, by: 'installer' })
      await store.saveInstallation(installation({ status: 'new' }), account('7', true))
      await store.patchInstallation(PORTAL, { status: 'active', version: '2', updatedAtMs: 5 }, undefined, cause)
      await store.patchInstallation(PORTAL, { domain: 'q.example', clientEndpoint: 'https://q.example/rest/', updatedAtMs: 6 })
      await store.patchInstallation(PORTAL, { status: 'blocked', reason: 'PORTAL_UNPAID', updatedAtMs: 7 })
      await store.patchInstallation(PORTAL, { status: 'active', clearReason: true, updatedAtMs: 8 })
      await store.patchInstallation(PORTAL, { reason: 'NEED_REINSTALL', updatedAtMs: 9 })
      await store.patchInstallation(PORTAL, { applicationToken: new Uint8Array([8]), updatedAtMs: 10 })
      await store.patchInstallation(PORTAL, { status: 'deleted', deletedAtMs: 11, updatedAtMs: 11 }, undefined, cause)
      await store.patchInstallation(PORTAL, { status: 'deleted', deletedAtMs: 12, updatedAtMs: 12 }, undefined, cause)
      expect(await told()).toEqual([
        'installationCreated none new', 'setApplicationToken', 'renewAuthToken', 'applicationInstalled new active', 'updateApplicationVersion none 2',
        'changeDomainUrl', 'markAsBlocked active blocked', 'markAsActive blocked active', 'changeReason none NEED_REINSTALL', 'setApplicationToken',
        'applicationUninstalled active deleted',
      ])
      const records = await all()
      expect(records[3]).toMatchObject({ ...PORTAL, atMs: 5, generation: 1, by: 'event', ref: '01', proof: 'access_token' })
      expect(JSON.parse(records[3]?.details?.text ?? '')).toEqual({ userId: '7' })
      expect(JSON.parse(records[5]?.details?.text ?? '')).toEqual({ from: 'p.example', to: 'q.example' })
      expect(records[6]).toMatchObject({ by: 'app side', facts: { reason: 'PORTAL_UNPAID' } })
    })

    test('an account that dies is told; a routine renewal is not', async () => {
      await store.saveInstallation(installation(), account('1', true), { by: 'installer' })
      const before = await told()
      await store.saveAccount({ ...account('1', true), tokens: new Uint8Array([8]) })
      expect(await told()).toEqual(before)
      await store.saveAccount({ ...account('1', true), state: 'dead' })
      await store.saveAccount({ ...account('1', true), tokens: new Uint8Array([6]) }, { by: 'event', ref: '05' })
      expect((await told()).slice(before.length)).toEqual(['markAccountAsDead', 'renewAuthToken'])
    })

    test('a change that did not happen leaves no record', async () => {
      expect(await store.patchInstallation(PORTAL, { status: 'active', updatedAtMs: 1 })).toBe(false)
      expect(await all()).toEqual([])
    })

    test('each record carries the hash of the one before it, over reopening and for all portals together', async () => {
      await store.saveInstallation(installation(), undefined, { by: 'installer', userId: '1' })
      await reopen()
      await store.saveInstallation(installation({ ...OTHER }))
      await store.appendAudit({ app: '', memberId: '', atMs: 3, generation: 0, verb: 'rotateKey', by: 'operator', facts: { b: 'x', a: 1 } })
      const records = await all()
      expect(records.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5])
      let previous = CHAIN_BEGIN
      for (const { hash, details, ...record } of records) {
        expect(record.previous).toBe(previous)
        expect(auditHash(record)).toBe(hash)
        if (details !== undefined) expect(digestOfDetails(details.salt, details.text)).toBe(record.detailsHash)
        previous = hash
      }
      expect(await store.auditHead()).toEqual({ seq: 5, hash: previous })
    })

    test('records are found by portal and time, page by page', async () => {
      await store.saveInstallation(installation({ updatedAtMs: 5 }))
      await store.saveInstallation(installation({ ...OTHER, updatedAtMs: 9 }))
      const { records, nextSeq } = await store.audit({ afterSeq: 0, limit: 1 })
      expect([records.length, nextSeq]).toEqual([1, 1])
      expect((await store.audit({ afterSeq: 1, limit: 9 })).records.map(({ seq }) => seq)).toEqual([2, 3, 4])
      expect((await store.audit({ ...OTHER, afterSeq: 0, limit: 9 })).records.map(({ seq }) => seq)).toEqual([3, 4])
      expect((await store.audit({ sinceMs: 9, afterSeq: 0, limit: 9 })).records).toHaveLength(2)
    })

    test('a seal belongs to a record as it is, and never goes back', async () => {
      expect(await store.sealAudit(0, CHAIN_BEGIN, new Uint8Array([1]))).toBe(true)
      await store.saveInstallation(installation())
      const { seq, hash } = await store.auditHead()
      expect(await store.sealAudit(seq, 'another', new Uint8Array([2]))).toBe(false)
      expect(await store.sealAudit(seq, hash, new Uint8Array([2]))).toBe(true)
      expect(await store.sealAudit(0, CHAIN_BEGIN, new Uint8Array([3]))).toBe(false)
      expect(await store.auditHead()).toEqual({ seq, hash, sealedSeq: seq, sealed: new Uint8Array([2]) })
    })
  })
}
