import { mkdtemp, rm } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ERROR_TABLE } from '@portline/wire/errors.ts'
import type { Log } from '@portline/runtime/log.ts'
import fc from 'fast-check'
import { defineApp } from 'portline'
import { startAppSide } from 'portline/serve/start-app-side.ts'
import type { AppSide } from 'portline/serve/start-app-side.ts'
import { event, installation } from 'portline/store/battery-parts.ts'
import { openSqliteStore } from 'portline/store/sqlite/sqlite-store.ts'
import { afterAll, beforeAll, expect, test } from 'vitest'

/** Whatever the operator API is asked, it answers with what was asked for or with a code of the table, and never with a failure of its own. */
const RUNS = Number(process.env['OPERATOR_FUZZ_RUNS'] ?? 400)
const STORED = ['01J00000000000000000000001', 'an id of their own', '01J00000000000000000000003']

let dataDir: string
let side: AppSide
const failures: object[] = []

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'portline-operator-fuzz-'))
  const store = await openSqliteStore(join(dataDir, 'portline.sqlite'))
  const { applicationToken: _none, ...plain } = installation()
  await store.saveInstallation(plain)
  await store.appendEvents({ events: STORED.map((id, n) => event(id, { auth: new Uint8Array(), state: n === 0 ? 'done' : 'dead', data: { A: 'x' } })) })
  await store.close()
  const error = (fields: object, message: string): void => void (message === 'an unexpected error' && failures.push(fields))
  const log: Log = { debug: () => {}, info: () => {}, warn: () => {}, error }
  side = await startAppSide({ apps: [{ app: defineApp({ name: 'hello' }).on('ONAPPTEST', () => {}), clientId: 'c', clientSecret: 's' }], host: '127.0.0.1', port: 0, dataDir, authServers: [], log })
})
afterAll(async () => {
  await side.stop()
  await rm(dataDir, { recursive: true })
})

const NAMES = ['app', 'portal', 'event', 'state', 'reason', 'since', 'until', 'after', 'limit', 'order', 'sealed', 'firstLine', 'expect', 'x', '__proto__']
const ODD = [
  '', ' ', '0', '-1', '1', '200', '201', '1e309', 'NaN', '0x10', ' 5 ', '9007199254740993', '99999999999999999999', 'dead', 'held', 'pending', 'done',
  '2026-01-01T00:00:00Z', '+275760-09-13T00:00:00.001Z', '0000-01-01T00:00:00Z', '2026-13-01T00:00:00Z', '%00', '%', '%ED%A0%80', '%F0%9F%98%80', "'", '"', ';',
  '../..', '7ZZZZZZZZZZZZZZZZZZZZZZZZZ', '1/hello/portal-a', 'hello', 'portal-a', 'constructor', `${'9'.repeat(400)}`, 'a'.repeat(6_000), ...STORED.map(encodeURIComponent),
]
const odd = fc.oneof(fc.constantFrom(...ODD).map((text) => text.replaceAll(' ', '%20').replaceAll('"', '%22')), fc.string({ unit: 'binary', maxLength: 40 }).map((text) => encodeURIComponent(text.toWellFormed())))
const query = fc.array(fc.tuple(fc.constantFrom(...NAMES), odd), { maxLength: 4 }).map((pairs) => pairs.map(([name, value]) => `${name}=${value}`).join('&'))
const segment = odd.map((text) => text.replaceAll('/', '%2F'))
const path = fc.oneof(
  fc.constantFrom(
    '/api/events', '/api/events/export', '/api/events/import', '/api/installations', '/api/destinations', '/api/refusals', '/api/store', '/api/audit',
    '/api/audit/verify', '/api/keys', '/api/replays', '/api/bindings/sync', '/api', '/api/',
  ),
  segment.map((id) => `/api/events/${id}`),
  segment.map((id) => `/api/events/${id}/replay`),
  segment.map((id) => `/api/events/${id}/retry`),
  fc.tuple(segment, segment).map(([app, portal]) => `/api/installations/${app}/${portal}`),
  fc.tuple(segment, segment, fc.constantFrom('block', 'unblock')).map(([app, portal, what]) => `/api/installations/${app}/${portal}/${what}`),
  fc.tuple(segment, segment).map(([app, portal]) => `/api/doctor/${app}/${portal}`),
)
const field = fc.oneof(fc.constantFrom<unknown>(null, true, -1, 0.5, 1e308, '', 'x', [], {}, ['dead'], '2026-01-01T00:00:00Z'), fc.jsonValue({ maxDepth: 2 }))
const known = fc.record({
  app: field, portal: field, dryRun: field, moved: field, after: field, waitMs: field,
  filter: fc.oneof(field, fc.record({ state: fc.oneof(fc.constantFrom('dead', 'done'), field), event: field, since: field }, { requiredKeys: [] })),
}, { requiredKeys: [] })
const body = fc.oneof(
  fc.constant(undefined), known.map((value) => JSON.stringify(value)), fc.jsonValue().map((value) => JSON.stringify(value)), fc.string({ unit: 'binary', maxLength: 60 }),
  fc.constantFrom('{', '{"a":', '[]', 'null', `${'['.repeat(5_000)}${']'.repeat(5_000)}`, '{"__proto__":{"state":"dead"}}', 'a=b', '\n\n'),
)
const type = fc.constantFrom('application/json', 'application/json; charset=utf-16', 'application/x-ndjson', 'application/x-www-form-urlencoded', 'text/plain', 'nonsense', undefined)
const asked = fc.record({ method: fc.constantFrom('GET', 'GET', 'POST', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH'), path, query, body, type })

interface Asked { method: string; path: string; query: string; body: string | undefined; type: string | undefined }

function ask({ method, path: where, query: given, body: text, type: contentType }: Asked): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = method === 'GET' || method === 'HEAD' ? undefined : text
    const bytes = Buffer.from(sent ?? '')
    const headers = { 'content-length': bytes.length, ...(contentType === undefined || sent === undefined ? {} : { 'content-type': contentType }) }
    const request = httpRequest(`${side.url}/`, { method, path: given === '' ? where : `${where}?${given}`, headers }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }))
    })
    request.on('error', reject)
    request.end(bytes)
  })
}

test('a request is answered or refused with a code, and never fails', async () => {
  await fc.assert(
    fc.asyncProperty(asked, async (each) => {
      const { status, text } = await ask(each)
      expect(status).toBeLessThan(500)
      if (status < 400 || each.method === 'HEAD') return
      const { error, error_description: description } = JSON.parse(text) as { error: string; error_description: string }
      expect(ERROR_TABLE).toHaveProperty(error)
      expect(description).not.toBe('')
    }),
    { numRuns: RUNS },
  )
  expect(failures).toEqual([])
})
