import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { systemRandom } from '@portline/runtime/random.ts'
import { ERROR_TABLE } from '@portline/wire/errors.ts'
import type { ErrorCode } from '@portline/wire/errors.ts'
import type { FormValue } from '@portline/wire/form/value.ts'
import fc from 'fast-check'
import { defineApp } from 'portline'
import { exportedLines, importLines } from 'portline/serve/event-copies.ts'
import type { ImportedEvent } from 'portline/store/keeping.ts'
import type { Store } from 'portline/store/port.ts'
import { openSqliteStore } from 'portline/store/sqlite/sqlite-store.ts'
import { openParts, sealParts } from 'portline/tokens/sealed-event.ts'
import { createSealer } from 'portline/tokens/sealer.ts'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { runCommand } from './support/command.ts'
import { installApp, openHouse, until } from './support/house.ts'
import type { House } from './support/house.ts'

/** Events that leave as lines and come back. */
let folder: string
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'portline-copies-'))))
afterEach(() => rm(folder, { recursive: true }))

function run(args: string[], env: Record<string, string> = {}): ReturnType<typeof runCommand> {
  return runCommand(args, env)
}

describe('a store', () => {
  const sealer = createSealer(systemRandom.bytes(32), systemRandom)
  const formValue = fc.letrec<{ value: FormValue }>((tie) => ({
    value: fc.oneof({ maxDepth: 3 }, fc.string(), fc.array(tie('value'), { maxLength: 3 }), fc.dictionary(fc.string({ minLength: 1 }).filter((key) => key !== '__proto__'), tie('value'), { maxKeys: 3 })),
  })).value
  const ms = fc.integer({ min: 0, max: 4_000_000_000_000 })
  const code = fc.constantFrom(...(Object.keys(ERROR_TABLE) as ErrorCode[]))
  const attempt = fc.record({
    startedAtMs: ms, durationMs: fc.nat(), outcome: fc.constantFrom('done' as const, 'failed' as const),
    calls: fc.array(fc.record({ method: fc.string(), durationMs: fc.nat(), error: fc.string() }, { requiredKeys: ['method', 'durationMs'] }), { maxLength: 2 }),
    notes: fc.array(fc.string(), { maxLength: 2 }), error: fc.record({ code: fc.string({ minLength: 1 }), message: fc.string() }),
  }, { requiredKeys: ['startedAtMs', 'durationMs', 'outcome', 'calls', 'notes'] })
  const id = fc.stringMatching(/^[0-9A-HJKMNP-TV-Z]{26}$/)
  const record = fc.record({
    fields: fc.record({
      id, app: fc.constantFrom('a', 'b'), memberId: fc.stringMatching(/^[0-9a-f]{4}$/), code: fc.stringMatching(/^[A-Z]{3,8}$/),
      state: fc.constantFrom('held' as const, 'pending' as const, 'done' as const, 'dead' as const), receivedAtMs: ms, generation: fc.nat(1),
      handlerId: fc.string(), ts: fc.string(), data: formValue, reason: code, proof: fc.constantFrom('application_token' as const, 'installer' as const),
      provenAtMs: ms, dueAtMs: ms, parked: fc.constant(true as const), finishedAtMs: ms, replayedAtMs: ms, attemptsBefore: fc.integer({ min: 1, max: 9 }), duplicateOf: id,
    }, { requiredKeys: ['id', 'app', 'memberId', 'code', 'state', 'receivedAtMs', 'generation'] }),
    attempts: fc.array(attempt, { maxLength: 3 }),
    secret: fc.string(),
  })

  const all = async (store: Store) => {
    const { records } = await store.readEvents({ filter: {}, afterSeq: 0, upToSeq: 1e9, limit: 1_000, withAuth: true })
    return records.map(({ event: { auth, ...event }, attempts }) => {
      const opened = auth.length === 0 ? {} : openParts(sealer, { ...event, auth }).auth
      return { event: { ...event, seq: 0 }, attempts, opened }
    })
  }
  const text = async (store: Store, withSealed: boolean): Promise<string> => {
    let lines = ''
    for await (const piece of exportedLines(store, {}, withSealed ? sealer : undefined)) lines += piece
    return lines
  }

  test('what is exported and imported again is the same, whatever it is', { timeout: 60_000 }, async () => {
    let n = 0
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(record, { selector: ({ fields }) => fields.id, minLength: 1, maxLength: 4 }), async (drawn) => {
        n += 1
        const [from, to] = [await openSqliteStore(join(folder, `from-${n}`)), await openSqliteStore(join(folder, `to-${n}`))]
        const records = drawn.map(({ fields, attempts, secret }): ImportedEvent => ({
          event: { ...fields, auth: sealParts(sealer, fields, { auth: { access_token: secret } }).auth, attempts: attempts.length },
          attempts: attempts.map((each, index) => ({ ...each, n: index + 1 })),
        }))
        await from.importEvents(records)
        const parts = { store: to, sealer, wake: () => {}, held: { nowMs: () => 0, review: () => {} } }
        const lines = await text(from, true)
        expect(await importLines(parts, lines)).toEqual({ lines: records.length, imported: records.length, skipped: 0 })
        expect(await all(to)).toEqual(await all(from))
        expect(await importLines(parts, lines)).toMatchObject({ imported: 0, skipped: records.length })
        const bare = await text(from, false)
        expect(bare).not.toContain('sealed')
        await Promise.all([from.close(), to.close()])
      }),
      { numRuns: 25 },
    )
  })

  test('a line that is no event is refused by its number, and nothing of its piece is taken', async () => {
    const store = await openSqliteStore(join(folder, 'store'))
    const good = JSON.stringify({ id: '01', app: 'a', portal: 'm', event: 'X', state: 'done', generation: 1, receivedAt: '2026-01-01T00:00:00.000Z', attempts: 0 })
    const parts = { store, sealer, wake: () => {} }
    for (const [bad, why] of [['{', 'it is no JSON'], ['{"id":"02"}', 'expected'], [good.replace('"01"', '"02","data":7'), 'strings'], [good.replace('"attempts"', '"token":"x","attempts"'), 'token']] as const) {
      await expect(importLines(parts, `${good}\n\n${bad}\n`, 10)).rejects.toMatchObject({ code: 'IMPORT_INVALID', message: expect.stringMatching(new RegExp(`^line 12: .*${why}`)) as unknown })
    }
    const foreign = createSealer(systemRandom.bytes(32), systemRandom)
    const sealed = Buffer.from(sealParts(foreign, { app: 'a', memberId: 'm' }, { auth: {} }).auth).toString('base64')
    await expect(importLines(parts, good.replace('"attempts"', `"sealed":"${sealed}","attempts"`))).rejects.toMatchObject({ message: 'line 1: its auth block was sealed with another key' })
    expect((await store.listEvents({ limit: 9 })).events).toEqual([])
    await store.close()
  })

  test('held events come with their auth blocks and while somebody may still prove them; the others are left out and counted', async () => {
    const DAY_MS = 86_400_000
    const [from, to] = [await openSqliteStore(join(folder, 'from')), await openSqliteStore(join(folder, 'to'))]
    const nowMs = 100 * DAY_MS
    const held = (name: string, receivedAtMs: number): ImportedEvent['event'] => ({
      id: name, app: 'a', memberId: 'm', code: 'ONAPPINSTALL', state: 'held', reason: 'AWAITING_PROOF', receivedAtMs, generation: 0, attempts: 0,
      auth: sealParts(sealer, { app: 'a', memberId: 'm' }, { auth: { application_token: 'x' } }).auth,
    })
    await from.importEvents([held('01', nowMs - 2 * DAY_MS), held('02', nowMs - 4 * DAY_MS)].map((event) => ({ event, attempts: [] })))
    const reviewed: string[] = []
    const parts = { store: to, sealer, wake: () => {} }
    const judged = { ...parts, held: { nowMs: () => nowMs, review: ({ memberId }: { memberId: string }) => void reviewed.push(memberId) } }

    expect(await importLines(judged, await text(from, false))).toEqual({ lines: 2, imported: 0, skipped: 0, refused: { APPLICATION_TOKEN_MISSING: 2 } })
    expect(await importLines(parts, await text(from, true))).toEqual({ lines: 2, imported: 0, skipped: 0, refused: { AWAITING_PROOF: 2 } })
    expect([await to.lastSeq(), reviewed]).toEqual([0, []])
    expect(await importLines(judged, await text(from, true))).toEqual({ lines: 2, imported: 1, skipped: 0, refused: { HELD_TOO_LONG: 1 } })
    expect(await to.heldEvents({ app: 'a', memberId: 'm' })).toMatchObject([{ id: '01', reason: 'AWAITING_PROOF' }])
    expect(reviewed).toEqual(['m'])
    await Promise.all([from.close(), to.close()])
  })

  test('a held event that left without its auth block because no key opened it is counted as that', async () => {
    const [from, to] = [await openSqliteStore(join(folder, 'from')), await openSqliteStore(join(folder, 'to'))]
    const lost = createSealer(systemRandom.bytes(32), systemRandom)
    await from.importEvents([lost, undefined].map((seal, n) => {
      const auth = seal === undefined ? new Uint8Array() : sealParts(seal, { app: 'a', memberId: 'm' }, { auth: { application_token: 'x' } }).auth
      return { event: { id: `0${n}`, app: 'a', memberId: 'm', code: 'ONAPPTEST', state: 'held', receivedAtMs: 1, generation: 0, attempts: 0, auth }, attempts: [] }
    }))
    const parts = { store: to, sealer, wake: () => {}, held: { nowMs: () => 1, review: () => {} } }
    expect(await importLines(parts, await text(from, true))).toMatchObject({ imported: 0, refused: { KEY_INVALID: 1, APPLICATION_TOKEN_MISSING: 1 } })
    await Promise.all([from.close(), to.close()])
  })
})

describe('an app side', () => {
  let house: House
  let handled: string[]
  afterEach(() => house.close())
  const SECRET = 'a-very-secret-access-token'

  async function openWithEvents(): Promise<void> {
    handled = []
    const app = defineApp({ name: 'copied' }).on('ONCRMDEALADD', ({ event }) => void handled.push(`${event.id} ${event.userId}`))
    house = await openHouse({ app })
    await installApp(house)
    const { application_token } = house.portal.control.app(house.clientId)
    for (let n = 0; n < 5; n++) {
      await house.post({ event: 'ONCRMDEALADD', data: { FIELDS: { ID: String(n) } }, ts: '1', auth: { member_id: house.portal.memberId, application_token, user_id: '7', access_token: SECRET } })
    }
    await until(() => (handled.length === 5 ? true : undefined), 'all to be handled')
    await until(async () => ((await house.events({ state: 'pending' })).length === 0 ? true : undefined), 'all to be settled')
  }
  const url = () => ({ PORTLINE_URL: house.side.url })

  test('is exported while it runs, without a secret, and offline the same', async () => {
    await openWithEvents()
    const running = await run(['events', 'export', '--event', 'ONCRMDEALADD'], url())
    expect(running).toMatchObject({ exitCode: 0, err: '5 events exported.\n' })
    expect(running.out).not.toContain('sealed')
    const lines = running.out.trim().split('\n').map((line) => JSON.parse(line) as { id: string; attemptLog: object[] })
    expect(lines.map(({ id }) => id)).toEqual(handled.map((line) => line.split(' ')[0]))
    expect(lines[0]).toMatchObject({ state: 'done', attempts: 1, attemptLog: [{ n: 1, outcome: 'done' }] })
    const sealed = await run(['events', 'export', '--with-sealed'], url())
    expect(sealed.out).toContain('"sealed":"')
    expect(sealed.out).not.toContain(SECRET)
    expect(await run(['events', 'export', '--data', house.dataDir])).toMatchObject({ exitCode: 1, err: expect.stringContaining('STORE_IN_USE') as unknown })
    await house.side.stop()
    expect((await run(['events', 'export', '--event', 'ONCRMDEALADD', '--data', house.dataDir])).out).toBe(running.out)
    await house.restart()
  })

  test('takes pending events in and hands them on, with the user who raised them, once', async () => {
    await openWithEvents()
    const { out } = await run(['events', 'export', '--event', 'ONCRMDEALADD', '--with-sealed'], url())
    // As another store would have had them: under other ids, and not handed on yet.
    const pending = out.trim().split('\n').map((line, n) => {
      const { finishedAt: _, attemptLog: __, ...event } = JSON.parse(line) as { finishedAt: string; attemptLog: object[] }
      return JSON.stringify({ ...event, id: `IMPORTED${n}`, state: 'pending', attempts: 0 })
    })
    const file = join(folder, 'events.ndjson')
    await writeFile(file, `${pending.join('\n')}\n`)
    handled = []
    expect(await run(['events', 'import', file, '--json'], url())).toMatchObject({ exitCode: 0, out: '{"lines":5,"imported":5,"skipped":0}\n' })
    await until(() => (handled.length === 5 ? true : undefined), 'the imported events to be handled')
    expect(handled).toEqual([0, 1, 2, 3, 4].map((n) => `IMPORTED${n} 7`))
    expect((await run(['events', 'import', file], url())).out).toMatch(/imported +0\nskipped, there already +5/)
    await writeFile(file, `${pending[0]}\nnot json\n`)
    expect(await run(['events', 'import', file], url())).toMatchObject({ exitCode: 1, err: expect.stringContaining('IMPORT_INVALID: line 2') as unknown })
    for (const none of [join(folder, 'none'), folder]) {
      expect(await run(['events', 'import', none], url())).toMatchObject({ exitCode: 1, err: expect.stringContaining('NOT_FOUND') as unknown })
    }
  })

  test('takes in what separates lines in a text of the portal, as it is in an older export', async () => {
    await openWithEvents()
    const { out } = await run(['events', 'export', '--event', 'ONCRMDEALADD'], url())
    const TITLE = 'one\u2028two\u2029three'
    const older = out.trim().split('\n').map((line, n) => JSON.stringify({ ...(JSON.parse(line) as object), id: `OLDER${n}`, data: { FIELDS: { TITLE } } }))
    const file = join(folder, 'older.ndjson')
    await writeFile(file, older.join('\r\n'))
    expect(await readFile(file, 'utf8')).toContain(TITLE)
    expect(await run(['events', 'import', file, '--json'], url())).toMatchObject({ exitCode: 0, out: '{"lines":5,"imported":5,"skipped":0}\n' })
    const again = await run(['events', 'export', '--event', 'ONCRMDEALADD'], url())
    const titles = again.out.trim().split(/[\n\u2028\u2029]/).map((line) => (JSON.parse(line) as { data: { FIELDS: { TITLE?: string } } }).data.FIELDS.TITLE)
    expect(titles.filter((title) => title !== undefined)).toEqual(Array.from({ length: 5 }, () => TITLE))
  })

  test('a store is moved by export and import', async () => {
    await openWithEvents()
    await house.side.stop()
    const { out } = await run(['events', 'export', '--data', house.dataDir, '--with-sealed'])
    const [file, to] = [join(folder, 'all.ndjson'), join(folder, 'to')]
    await writeFile(file, out)
    await mkdir(to)
    expect(await run(['events', 'import', file, '--data', to])).toMatchObject({ exitCode: 1, err: expect.stringContaining('STORE_MISSING') as unknown })
    await (await openSqliteStore(join(to, 'portline.sqlite'))).close()
    await writeFile(join(to, 'sealing.key'), await readFile(join(house.dataDir, 'sealing.key')))
    expect((await run(['events', 'import', file, '--data', to])).exitCode).toBe(0)
    const again = await run(['events', 'export', '--data', to])
    const bare = await run(['events', 'export', '--data', house.dataDir])
    expect(again.out).toBe(bare.out)
    await house.restart()
  })

  /** Of another app side of the same app and portal: installed there a second time, as events of both installations say. */
  async function exportedElsewhere(): Promise<string> {
    const elsewhere = join(folder, 'elsewhere')
    await mkdir(elsewhere)
    const store = await openSqliteStore(join(elsewhere, 'portline.sqlite'))
    const portal = { app: 'copied', memberId: house.portal.memberId }
    const { domain, clientEndpoint, serverEndpoint } = { domain: 'p', clientEndpoint: 'https://p.example/rest/', serverEndpoint: 'https://o.example/' }
    await store.saveInstallation({ ...portal, status: 'active', generation: 2, domain, clientEndpoint, serverEndpoint, updatedAtMs: 1, installedAtMs: 1 })
    const event = (name: string, generation: number, state: 'pending' | 'dead'): ImportedEvent => ({
      event: { ...portal, id: name, code: 'ONCRMDEALADD', generation, state, auth: new Uint8Array(), proof: 'application_token', receivedAtMs: 5, provenAtMs: 5, attempts: 0, ...(state === 'dead' ? { finishedAtMs: 6 } : {}) },
      attempts: [],
    })
    await store.importEvents([event('FORMER', 1, 'pending'), event('CURRENT', 2, 'pending'), event('DEAD', 2, 'dead')])
    await store.close()
    const { out } = await run(['events', 'export', '--data', elsewhere])
    const file = join(folder, 'elsewhere.ndjson')
    await writeFile(file, out)
    return file
  }

  test('hands on what was of the installation that another app side had, however often that had counted it, and lets it be replayed', async () => {
    await openWithEvents()
    const file = await exportedElsewhere()
    handled = []
    expect(await run(['events', 'import', file, '--json'], url())).toMatchObject({ exitCode: 0, out: '{"lines":3,"imported":3,"skipped":0}\n' })
    await until(async () => ((await house.events({ state: 'pending' })).length === 0 ? true : undefined), 'the imported events to be settled')
    expect(handled).toEqual(['CURRENT undefined'])
    expect(await house.event('FORMER')).toMatchObject({ state: 'dead', reason: 'FORMER_INSTALLATION' })
    expect(await run(['events', 'replay', 'DEAD'], url())).toMatchObject({ exitCode: 0 })
    await until(() => (handled.length === 2 ? true : undefined), 'the replayed event')
  })

  test('judges held events that were taken in while it did not run: a true install opens its portal', async () => {
    await openWithEvents()
    const { out } = await run(['events', 'export', '--event', 'ONAPPINSTALL', '--with-sealed'], url())
    await house.side.stop()
    // As it was before its proof.
    const LATER = ['proof', 'provenAt', 'finishedAt', 'attemptLog', 'installation']
    const event = Object.fromEntries(Object.entries(JSON.parse(out) as Record<string, unknown>).filter(([name]) => !LATER.includes(name)))
    const line = { ...event, state: 'held', reason: 'AWAITING_PROOF', generation: 0, attempts: 0 }
    const file = join(folder, 'held.ndjson')
    const store = join(house.dataDir, 'portline.sqlite')
    await rm(store)
    await (await openSqliteStore(store)).close()
    await writeFile(file, JSON.stringify({ ...line, sealed: undefined }))
    expect((await run(['events', 'import', file, '--data', house.dataDir])).out).toMatch(/imported +0\n(.*\n)*held and left out, APPLICATION_TOKEN_MISSING +1/)
    await writeFile(file, JSON.stringify(line))
    expect((await run(['events', 'import', file, '--data', house.dataDir, '--json'])).out).toBe('{"lines":1,"imported":1,"skipped":0}\n')
    await house.restart()
    expect(await house.settled('ONAPPINSTALL')).toMatchObject({ state: 'done', proof: 'access_token' })
    expect(await house.installation()).toMatchObject({ status: 'active' })
  })

  test('judges held events that it takes in while it runs', async () => {
    await openWithEvents()
    const { out } = await run(['events', 'export', '--event', 'ONAPPINSTALL', '--with-sealed'], url())
    const LATER = ['proof', 'provenAt', 'finishedAt', 'attemptLog', 'installation']
    const event = Object.fromEntries(Object.entries(JSON.parse(out) as Record<string, unknown>).filter(([name]) => !LATER.includes(name)))
    const file = join(folder, 'held.ndjson')
    await writeFile(file, JSON.stringify({ ...event, id: 'HELD', state: 'held', reason: 'AWAITING_PROOF', generation: 0, attempts: 0 }))
    expect((await run(['events', 'import', file, '--json'], url())).out).toBe('{"lines":1,"imported":1,"skipped":0}\n')
    await until(async () => ((await house.event('HELD')).state === 'done' ? true : undefined), 'the held event to be judged and handled')
  })

  test('takes nothing sealed in where no key is at hand', async () => {
    await openWithEvents()
    const { out } = await run(['events', 'export', '--event', 'ONCRMDEALADD', '--with-sealed'], url())
    const [file, to] = [join(folder, 'sealed.ndjson'), join(folder, 'keyless')]
    await writeFile(file, out)
    await mkdir(to)
    await (await openSqliteStore(join(to, 'portline.sqlite'))).close()
    expect(await run(['events', 'import', file, '--data', to])).toMatchObject({ exitCode: 1, err: expect.stringMatching(/IMPORT_INVALID: line 1: .*no key is at hand/) as unknown })
  })

  test('is exported to its end though a seal does not open, and the events that go without it are named', async () => {
    await openWithEvents()
    await house.side.stop()
    const store = new DatabaseSync(join(house.dataDir, 'portline.sqlite'))
    const hurt = store.prepare(`SELECT auth_batch FROM events WHERE code = 'ONCRMDEALADD' ORDER BY seq LIMIT 1`).get()?.['auth_batch'] ?? 0
    store.prepare(`UPDATE auth_batches SET sealed = x'0102' WHERE batch = ?`).run(hurt)
    const ids = store.prepare('SELECT id FROM events WHERE auth_batch = ? ORDER BY seq').all(hurt).map(({ id }) => String(id))
    store.close()
    const all = await run(['events', 'export', '--data', house.dataDir])
    const offline = await run(['events', 'export', '--with-sealed', '--data', house.dataDir])
    await house.restart()
    const online = await run(['events', 'export', '--with-sealed'], url())
    for (const { exitCode, out, err } of [offline, online]) {
      expect(exitCode, err).toBe(0)
      expect(err).toContain(`Without its auth block, which no key at hand opens: ${ids.join(', ')}.`)
      expect(out.split('\n')).toHaveLength(all.out.split('\n').length)
    }
    const file = join(folder, 'hurt.ndjson')
    await writeFile(file, online.out.replaceAll('"id":"', '"id":"X'))
    expect((await run(['events', 'import', file, '--json'], url())).exitCode).toBe(0)
  })
})

test('the list goes on behind an imported event whose id is no ULID', async () => {
  const house = await openHouse({ app: defineApp({ name: 'copies' }) })
  try {
    const line = JSON.stringify({
      id: 'odd', app: 'copies', portal: 'm1', event: 'ONAPPTEST', state: 'done', generation: 1, receivedAt: '2026-01-01T00:00:00.000Z', finishedAt: '2026-01-01T00:00:00.000Z', attempts: 0,
    })
    const imported = await fetch(`${house.side.url}/api/events/import`, { method: 'POST', headers: { 'content-type': 'application/x-ndjson' }, body: line })
    expect([imported.status, await imported.text()]).toEqual([200, expect.stringContaining('"imported":1')])
    expect((await fetch(`${house.side.url}/api/events?after=odd`)).status).toBe(200)
  } finally {
    await house.close()
  }
})
