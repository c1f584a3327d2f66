import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { RetryLater, defineApp } from 'portline'
import { ERASE_WAITS_MS } from 'portline/limits.ts'
import type { AuditView } from 'portline/serve/audit-api.ts'
import { afterEach, expect, test } from 'vitest'
import { installApp, openHouse, until } from './support/house.ts'
import type { House } from './support/house.ts'

/** CLEAN=1: nothing of the portal's data is left in the store's files, not even where rows were before. */
let house: House
afterEach(() => house.close())

const EVENTS = 120
const USER = '908172635'
const app = () => defineApp({ name: 'erased' }).on('ONAPPTEST', ({ note }) => note('a note that names the customer: Brunhilde'))

async function send(from: number, to: number): Promise<void> {
  const { application_token } = house.portal.control.app(house.clientId)
  const auth = { member_id: house.portal.memberId, application_token, user_id: USER, access_token: 'f'.repeat(70) }
  for (let n = from; n < to; n++) {
    const { status } = await house.post({ event: 'ONAPPTEST', ts: '1', data: { QUERY: { n: String(n), who: `Kunigunde-${n}` } }, auth })
    expect(status).toBe(200)
  }
}

async function allDone(events: number): Promise<void> {
  await until(async () => ((await house.events({ event: 'ONAPPTEST', state: 'done' })).length >= events ? true : undefined), 'all events to be done')
}

async function auditTrail(): Promise<AuditView[]> {
  const response = await fetch(`${house.side.url}/api/audit?limit=200`)
  return ((await response.json()) as { records: AuditView[] }).records
}

/** Sealed values that go: all but the application_token, which stays with the tombstone. */
function sealedValues(): Uint8Array[] {
  const db = new DatabaseSync(join(house.dataDir, 'portline.sqlite'), { readOnly: true })
  const rows = db.prepare('SELECT tokens AS sealed FROM accounts UNION ALL SELECT sealed FROM auth_batches UNION ALL SELECT auth FROM events WHERE length(auth) > 0').all()
  db.close()
  return rows.map(({ sealed }) => sealed as Uint8Array)
}

/** What of these is anywhere in the files of the data folder. */
async function foundInFiles(wanted: readonly (string | Uint8Array)[]): Promise<string[]> {
  const names = (await readdir(house.dataDir)).filter((name) => name.startsWith('portline.sqlite'))
  const files = await Promise.all(names.map(async (name) => ({ name, bytes: await readFile(join(house.dataDir, name)) })))
  return wanted.flatMap((each) => {
    const bytes = typeof each === 'string' ? Buffer.from(each) : Buffer.from(each)
    return files.filter((file) => file.bytes.includes(bytes)).map(({ name }) => `${name}: ${typeof each === 'string' ? each : `${each.length} sealed bytes`}`)
  })
}

test('an uninstall with CLEAN=1 leaves nothing of the portal in the files, and a certificate', async () => {
  house = await openHouse({ app: app() })
  await installApp(house)
  const firstDomain = house.portal.domain
  await send(0, EVENTS)
  await allDone(EVENTS)
  const strings = ['Kunigunde', 'Brunhilde', USER, firstDomain]
  const sealed = sealedValues()
  expect(sealed.length).toBeGreaterThan(2)
  // What is looked for is what would be found.
  expect(new Set((await foundInFiles([...strings, ...sealed])).map((line) => line.split(': ')[1])).size).toBeGreaterThanOrEqual(strings.length)

  house.portal.control.uninstall(house.clientId, { clean: true })
  await house.settled('ONAPPUNINSTALL')
  const certificate = await until(async () => (await auditTrail()).find(({ verb }) => verb === 'eraseData'), 'the certificate')
  expect(certificate).toMatchObject({ by: 'event', generation: 1, facts: { events: EVENTS + 1, attempts: EVENTS + 1, accounts: 1 } })
  expect(await until(async () => ((await foundInFiles([...strings, ...sealed])).length === 0 ? [] : undefined), 'the files to be clean')).toEqual([])
  const [uninstall, ...others] = await house.events()
  expect([uninstall?.event, others]).toEqual(['ONAPPUNINSTALL', []])
  expect(certificate.event).toBe(uninstall?.id)
  const report = (await (await fetch(`${house.side.url}/api/audit/verify`)).json()) as object
  expect(report).toMatchObject({ ok: true })
})

test('events that are taken in in the very moment of the uninstall go too, and none of them is held', async () => {
  house = await openHouse({ app: app() })
  await installApp(house)
  const { application_token } = house.portal.control.app(house.clientId)
  const auth = { member_id: house.portal.memberId, application_token, user_id: USER }
  const ts = String(Math.floor(Date.now() / 1_000))
  const beside = (from: number) => Array.from({ length: 40 }, (_, n) => house.post({ event: 'ONAPPTEST', ts, data: { who: `Kunigunde-${from + n}` }, auth }))
  const uninstall = () => house.post({ event: 'ONAPPUNINSTALL', ts, data: { CLEAN: '1' }, auth })
  const answers = await Promise.all([...beside(0), uninstall(), ...beside(40)])
  expect(answers.filter(({ status, body: { state } }) => status === 200 && state === 'pending').length).toBeGreaterThan(40)
  await until(async () => (await auditTrail()).find(({ verb }) => verb === 'eraseData'), 'the certificate')
  // A repeat, and an event that says nothing of its time: neither brings anything back.
  expect((await uninstall()).body).toMatchObject({ state: 'done', reason: 'ALREADY_UNINSTALLED' })
  expect(await house.post({ event: 'ONAPPTEST', data: { who: 'Kunigunde' }, auth })).toMatchObject({ status: 403, body: { error: 'INSTALLATION_DELETED' } })
  expect((await house.events()).filter(({ event }) => event !== 'ONAPPUNINSTALL')).toEqual([])
  expect(await until(async () => ((await foundInFiles(['Kunigunde', 'Brunhilde', USER])).length === 0 ? [] : undefined), 'the files to be clean')).toEqual([])
  const db = new DatabaseSync(join(house.dataDir, 'portline.sqlite'), { readOnly: true })
  const orphans = db.prepare('SELECT count(*) AS n FROM attempts WHERE event NOT IN (SELECT seq FROM events)').get()
  db.close()
  expect(orphans).toEqual({ n: 0 })
})

test('what is erased is handed to no handler any more, though its lane had it in its hands already', async () => {
  let over = false
  const late: string[] = []
  house = await openHouse({
    app: defineApp({ name: 'late' })
      .on('ONAPPTEST', ({ event }) => void (over && late.push(event.id)))
      .on('ONAPPUNINSTALL', async () => {
        await new Promise((resolve) => setTimeout(resolve, 300))
        over = true
      }),
  })
  await installApp(house)
  const { application_token } = house.portal.control.app(house.clientId)
  const auth = { member_id: house.portal.memberId, application_token, user_id: USER }
  const ts = String(Math.floor(Date.now() / 1_000))
  const answers = await Promise.all([
    house.post({ event: 'ONAPPUNINSTALL', ts, data: { LANGUAGE_ID: 'en', CLEAN: '1' }, auth }),
    ...Array.from({ length: 40 }, (_, n) => house.post({ event: 'ONAPPTEST', ts, data: { QUERY: { n: String(n) } }, auth })),
  ])
  // What this is about: taken in beside the uninstall, behind it in the lane.
  expect(answers.filter(({ status, body }) => status === 200 && body.state === 'pending').length).toBeGreaterThan(1)
  await until(async () => (await auditTrail()).find(({ verb }) => verb === 'eraseData'), 'the certificate')
  expect([over, late]).toEqual([true, []])
})

test('an uninstall whose handler still fails after a day is erased all the same, and goes on being tried', async () => {
  let ends = false
  house = await openHouse({ app: app().on('ONAPPUNINSTALL', () => {
    if (!ends) throw new RetryLater(3_600_000)
  }) })
  await installApp(house)
  await send(0, 3)
  await allDone(3)
  house.portal.control.uninstall(house.clientId, { clean: true })
  const waiting = await until(async () => (await house.events({ event: 'ONAPPUNINSTALL' })).find(({ attempts }) => attempts > 0), 'its first failure')
  await house.side.stop()
  const asIfReceived = async (msAgo: number): Promise<void> => {
    await house.side.stop()
    const db = new DatabaseSync(join(house.dataDir, 'portline.sqlite'))
    db.prepare('UPDATE events SET received_at = ? WHERE id = ?').run(Date.now() - msAgo, waiting.id)
    db.close()
    await house.restart()
  }
  await asIfReceived(ERASE_WAITS_MS - 3_600_000)
  expect((await house.events({ event: 'ONAPPTEST' })).length).toBe(3)
  await asIfReceived(ERASE_WAITS_MS)
  await until(async () => (await auditTrail()).find(({ verb }) => verb === 'eraseData'), 'the certificate')
  expect((await house.events()).map(({ event, state }) => [event, state])).toEqual([['ONAPPUNINSTALL', 'pending']])
  ends = true
  await fetch(`${house.side.url}/api/events/${waiting.id}/retry`, { method: 'POST' })
  await house.settled('ONAPPUNINSTALL', ['done'])
  expect((await auditTrail()).filter(({ verb }) => verb === 'eraseData')).toHaveLength(1)
})

test('an erasure that was under way when the process ended is taken up by the next', async () => {
  house = await openHouse({ app: app() })
  await installApp(house)
  await send(0, EVENTS)
  await allDone(EVENTS)
  await house.side.stop()
  // As a process leaves it that died after the uninstall was handled and before anything else.
  const db = new DatabaseSync(join(house.dataDir, 'portline.sqlite'))
  const { app: name, member_id: memberId } = db.prepare('SELECT app, member_id FROM installations').get() ?? {}
  const last = Number(db.prepare('SELECT max(seq) AS last FROM events').get()?.['last'])
  db.prepare('INSERT INTO erasures VALUES (?, ?, ?, ?, 1, 1, 0, ?)').run('01', name ?? '', memberId ?? '', last + 1, '{}')
  db.close()
  await house.restart()
  await until(async () => ((await auditTrail()).some(({ verb }) => verb === 'eraseData') ? true : undefined), 'the certificate')
  expect(await house.events()).toEqual([])
  expect(await until(async () => ((await foundInFiles(['Kunigunde', 'Brunhilde'])).length === 0 ? [] : undefined), 'the files to be clean')).toEqual([])
})

test('an uninstall with CLEAN=0 keeps all of it, and a new installation finds it', async () => {
  house = await openHouse({ app: app() })
  await installApp(house)
  await send(0, 3)
  await allDone(3)
  house.portal.control.uninstall(house.clientId, { clean: false })
  await house.settled('ONAPPUNINSTALL')
  expect(await house.installation()).toMatchObject({ status: 'deleted', domain: house.portal.domain, accounts: [{ userId: '1' }] })
  await installApp(house)
  expect(await house.installation()).toMatchObject({ status: 'active', generation: 2 })
  expect(await house.events({ event: 'ONAPPTEST' })).toHaveLength(3)
  expect((await auditTrail()).filter(({ verb }) => verb === 'eraseData')).toEqual([])
})
