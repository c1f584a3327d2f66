import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { VirtualClock } from '@portline/runtime/clock.ts'
import { silentLog } from '@portline/runtime/log.ts'
import { systemRandom } from '@portline/runtime/random.ts'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AUDIT_BEGINS_NOTE } from '../store/audit.ts'
import { CHAIN_BEGIN, auditHash } from '../store/audit-chain.ts'
import { OTHER, PORTAL, append, event, installation } from '../store/battery-parts.ts'
import type { Store } from '../store/port.ts'
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts'
import { createSealer } from '../tokens/sealer.ts'
import { AuditTrail } from './audit-trail.ts'
import { verifyAudit } from './verify-audit.ts'
import type { AuditReport } from './verify-audit.ts'

const sealer = createSealer(new Uint8Array(32).fill(1), systemRandom)
let folder: string
let file: string
let store: Store

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portline-audit-'))
  file = join(folder, 'store.sqlite')
  await write()
})
afterEach(async () => {
  await store.close()
  await rm(folder, { recursive: true })
})

function trailOf(own: Store): AuditTrail {
  return new AuditTrail({ store: own, sealer, clock: new VirtualClock(), log: silentLog })
}

/** Two portals, some changes with details, all sealed. */
async function write(): Promise<void> {
  store = await openSqliteStore(file)
  const trail = trailOf(store)
  await trail.start()
  await store.saveInstallation(installation(), undefined, { by: 'installer', userId: '7' })
  await store.saveInstallation(installation({ ...OTHER }), undefined, { by: 'installer', userId: '8' })
  await store.patchInstallation(PORTAL, { domain: 'q.example', updatedAtMs: 5 }, undefined, { by: 'event', ref: '01' })
  await trail.stop()
}

/** What somebody does who can write the file, while nothing runs. */
async function tamper(change: (db: DatabaseSync) => void): Promise<AuditReport> {
  await store.close()
  const db = new DatabaseSync(file)
  change(db)
  db.close()
  store = await openSqliteStore(file)
  return verifyAudit(store, sealer)
}

function run(sql: string): (db: DatabaseSync) => void {
  return (db) => db.exec(sql)
}

/** With the right hashes all along, as somebody would who knows how they are made. */
function rechain(db: DatabaseSync): void {
  let previous = CHAIN_BEGIN
  for (const row of db.prepare('SELECT * FROM audit ORDER BY seq').all()) {
    const text = (name: string): string | undefined => (row[name] === null ? undefined : String(row[name]))
    const fields = { from: text('from_value'), to: text('to_value'), ref: text('ref'), proof: text('proof'), detailsHash: text('details_hash') }
    const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
    const facts = row['facts'] === null ? {} : { facts: JSON.parse(String(row['facts'])) as Record<string, string> }
    const hash = auditHash({
      seq: Number(row['seq']), atMs: Number(row['at']), app: String(row['app']), memberId: String(row['member_id']), generation: Number(row['generation']),
      verb: String(row['verb']) as 'rotateKey', by: String(row['by']) as 'operator', previous, ...given, ...facts,
    })
    db.prepare('UPDATE audit SET previous = ?, hash = ? WHERE seq = ?').run(previous, hash, row['seq'] ?? 0)
    previous = hash
  }
}

describe('a trail that nobody touched', () => {
  test('is whole, sealed to its end, and whole without a key', async () => {
    const { seq, hash } = await store.auditHead()
    expect(await verifyAudit(store, sealer)).toEqual({ ok: true, records: seq, hash, sealedSeq: seq, brokenAt: null, problem: null })
    expect(await verifyAudit(store, undefined)).toMatchObject({ ok: true, sealedSeq: null })
    expect(await verifyAudit(store, sealer, hash)).toMatchObject({ ok: true })
  })

  test('is still whole after records were added, with the hash of before and a seal that is behind', async () => {
    const { seq, hash } = await store.auditHead()
    await store.patchInstallation(PORTAL, { version: '3', updatedAtMs: 9 })
    expect(await verifyAudit(store, sealer, hash)).toMatchObject({ ok: true, records: seq + 1, sealedSeq: seq })
  })

  test('stays whole when a portal is erased: its details are gone, with a certificate', async () => {
    await append(store, [event('02', { code: 'ONAPPUNINSTALL' })])
    await store.patchInstallation(PORTAL, { status: 'deleted', deletedAtMs: 9, updatedAtMs: 9 })
    await store.beginErasure({ ...PORTAL, eventId: '02', upToSeq: 1, generation: 1, begunAtMs: 10 })
    const [erasure] = await store.erasures()
    if (erasure === undefined) throw new Error('no erasure')
    await store.endErasure(erasure, 11)
    expect((await store.audit({ ...PORTAL, afterSeq: 0, limit: 50 })).records.filter(({ details }) => details !== undefined)).toEqual([])
    expect(await verifyAudit(store, sealer)).toMatchObject({ ok: true })
  })

  test('is sealed anew at the next start when the process ended before it could', async () => {
    await store.patchInstallation(PORTAL, { version: '3', updatedAtMs: 9 })
    await store.close()
    store = await openSqliteStore(file)
    await trailOf(store).start()
    const { seq, sealedSeq } = await store.auditHead()
    expect(sealedSeq).toBe(seq)
  })
})

describe('what was done to the file is found', () => {
  test.each([
    ['a record changed', `UPDATE audit SET to_value = 'deleted' WHERE seq = 3`, 3, 'record 3 was changed'],
    ['by whom, changed', `UPDATE audit SET by = 'operator' WHERE seq = 2`, 2, 'record 2 was changed'],
    ['its facts changed', `UPDATE audit SET facts = '{"reason":"X"}' WHERE seq = 2`, 2, 'record 2 was changed'],
    ['facts that are no JSON', `UPDATE audit SET facts = 'x' WHERE seq = 2`, 2, 'record 2 was changed'],
    ['a record taken out', 'DELETE FROM audit WHERE seq = 2', 2, 'record 2 is missing'],
    ['two records changed places', 'UPDATE audit SET seq = -1 WHERE seq = 2; UPDATE audit SET seq = 2 WHERE seq = 3; UPDATE audit SET seq = 3 WHERE seq = -1', 2, 'record 2 does not follow the one before it'],
    ['details changed', `UPDATE audit_details SET text = '{"userId":"9"}' WHERE seq = 1`, 1, 'the details of record 1 were changed'],
    ['details taken away', 'DELETE FROM audit_details WHERE seq = 3', 3, 'no certificate says that they were erased'],
    ['cut off at the end', 'DELETE FROM audit WHERE seq > 3', 4, 'the trail ends at record 3'],
    ['emptied', 'DELETE FROM audit; DELETE FROM audit_details', 1, 'the trail ends at record 0'],
    ['its seal taken away', 'DELETE FROM audit_seal', 5, 'the trail has no seal'],
    ['its seal said to be of a later record, so that none takes its place', 'UPDATE audit_seal SET seq = 99', 5, 'the seal was changed'],
    ['its seal changed', `UPDATE audit_seal SET sealed = x'0102'`, 5, 'the seal does not open'],
    ['emptied together with its seal', 'DELETE FROM audit; DELETE FROM audit_details; DELETE FROM audit_seal', 0, 'the audit trail was taken away'],
    ['a record at the number 0', `INSERT INTO audit SELECT 0, at, app, member_id, generation, verb, from_value, to_value, by, ref, proof, facts, NULL, previous, hash FROM audit WHERE seq = 1`, 1, 'with the number 0'],
    ['a record before all numbers', 'UPDATE audit SET seq = -9223372036854775807 - 1 WHERE seq = 2', 1, 'which none can have'],
    ['a record at the last number there is', 'UPDATE audit SET seq = 9223372036854775807 WHERE seq = 2', 2, 'record 2 is missing'],
    ['a record added at the last number there is', `INSERT INTO audit SELECT 9223372036854775807, at, app, member_id, generation, verb, from_value, to_value, by, ref, proof, facts, NULL, previous, hash FROM audit WHERE seq = 1`, 6, 'which none can have'],
    ['a time and a generation that no number can tell', 'UPDATE audit SET at = 9223372036854775807, generation = 9223372036854775807 WHERE seq = 2', 2, 'record 2 was changed'],
    ['its seal said to be of the last number there is', 'UPDATE audit_seal SET seq = 9223372036854775807', 5, 'the seal was changed'],
  ])('%s', async (_name, sql, brokenAt, problem) => {
    const report = await tamper(run(sql))
    expect(report).toMatchObject({ ok: false, brokenAt })
    expect(report.problem).toContain(problem)
  })

  test('all records written anew with hashes that fit each other: the seal does not', async () => {
    const report = await tamper((db) => {
      db.exec(`UPDATE audit SET by = 'app side' WHERE seq = 1`)
      rechain(db)
    })
    expect(report).toMatchObject({ ok: false, problem: expect.stringContaining('is not the one that was sealed') as string })
    expect(await verifyAudit(store, undefined)).toMatchObject({ ok: true })
  })

  test('put back to an earlier state together with its seal: only who expects a later hash finds that', async () => {
    const before = await store.auditHead()
    await store.patchInstallation(PORTAL, { version: '3', updatedAtMs: 9 })
    const { hash } = await store.auditHead()
    const report = await tamper((db) => db.prepare('DELETE FROM audit WHERE seq > ?').run(before.seq))
    expect(report).toMatchObject({ ok: true })
    expect(await verifyAudit(store, sealer, hash)).toMatchObject({ ok: false, problem: expect.stringContaining('no record has the hash that was expected') as string })
  })

  test('a trail taken away together with its seal is no first start: it is found without a key, said in the log, and not begun anew', async () => {
    await tamper(run('DELETE FROM audit; DELETE FROM audit_details; DELETE FROM audit_seal'))
    const said: object[] = []
    const trail = new AuditTrail({ store, sealer, clock: new VirtualClock(), log: { ...silentLog, error: (fields) => void said.push(fields) } })
    await trail.start()
    await trail.stop()
    expect(said).toEqual([{ code: 'AUDIT_BROKEN' }])
    expect(await verifyAudit(store, undefined)).toMatchObject({ ok: false, brokenAt: 0 })
    expect((await store.auditHead()).sealed).toBeUndefined()
  })

  test('a store of a version without a trail begins one at its first start, once', async () => {
    const emptied = 'DELETE FROM audit; DELETE FROM audit_details; DELETE FROM audit_seal;'
    expect(await tamper(run(`${emptied} INSERT OR REPLACE INTO notes VALUES ('${AUDIT_BEGINS_NOTE}', 'here')`))).toMatchObject({ problem: expect.stringContaining('has no seal') as string })
    await trailOf(store).start()
    expect(await verifyAudit(store, sealer)).toMatchObject({ ok: true, records: 0, sealedSeq: 0 })
    expect(await tamper(run(emptied))).toMatchObject({ ok: false, problem: expect.stringContaining('was taken away') as string })
  })

  test('with records at numbers that none can have the app side starts, and changes are stored and told', async () => {
    await tamper(run('UPDATE audit SET seq = 9223372036854775807 WHERE seq = 5; UPDATE audit SET seq = 0 WHERE seq = 1'))
    await trailOf(store).start()
    expect(await store.patchInstallation(PORTAL, { version: '7', updatedAtMs: 9 })).toBe(true)
    expect((await store.auditHead()).seq).toBe(5)
    expect(await verifyAudit(store, sealer)).toMatchObject({ ok: false })
  })

  test('an app side that starts on a broken trail leaves the seal that shows it', async () => {
    await tamper(run('DELETE FROM audit WHERE seq > 3'))
    const trail = trailOf(store)
    await trail.start()
    await store.patchInstallation(PORTAL, { version: '3', updatedAtMs: 9 })
    trail.changed()
    await trail.stop()
    expect(await verifyAudit(store, sealer)).toMatchObject({ ok: false })
  })
})
