import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ERROR_TABLE } from '@portline/wire/errors.ts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { jsonClient } from './http-json.ts'
import { main } from './main.ts'

/** Answers as the operator API does; the rest of the app side is not needed here. */
const server = createServer((request, response) => {
  const [status, body] = answerTo(request.url ?? '', request.headers.authorization)
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
})
let PORTLINE_URL = ''

beforeAll(async () => {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  PORTLINE_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => server.close())

const event = {
  id: '01A', app: 'hello', portal: 'm1', event: 'ONAPPUPDATE', data: null, state: 'dead', reason: 'HANDLER_FAILED',
  receivedAt: '2026-01-01T00:00:00.000Z', attempts: 3, verdict: 'proven', proof: 'application_token', handlerId: '7', ts: '1',
  dueAt: null,
}

const LONGEST = {
  ...event, id: '01M8018XHWBRJ0EY0XT7W6A0VG', portal: '718a1f262fc8851ad110ab1992c2a767', event: 'ONIMCONNECTORSTATUSDELETE', state: 'pending',
  reason: 'APPLICATION_TOKEN_MISMATCH',
}
const installation = {
  app: 'warehouse', portal: LONGEST.portal, domain: 'a-rather-long-name.bitrix24.com', status: 'blocked', reason: 'PORTAL_REPLACED', version: '12',
  updatedAt: '2026-01-01T00:00:00.000Z',
}
const destinations = [
  { app: 'shop', destination: 'https://app.example.com/hook', events: ['ONCRMDEALADD', 'ONCRMDEALUPDATE'], state: 'closed', failuresInARow: 3, until: null },
  { app: 'shop', destination: 'amqp://127.0.0.1/events', events: ['ONCRMLEADADD'], state: 'open', failuresInARow: 0, until: '2026-01-01T00:00:00.000Z' },
]

const record = {
  seq: 12_345, at: '2026-01-01T00:00:00.000Z', app: 'warehouse', portal: LONGEST.portal, generation: 1, verb: 'markAsBlocked', from: 'active', to: 'blocked',
  by: 'event', event: LONGEST.id, proof: 'application_token', userId: '12345', facts: { reason: 'PORTAL_UNPAID' }, erased: false, hash: '',
}
const records = [
  record, { ...record, seq: 12_346, verb: 'updateApplicationVersion', from: null, to: null, userId: null, facts: null, erased: true, by: 'operator', event: null, proof: null },
]

function answerTo(url: string, authorization: string | undefined): [number, object] {
  if (url.startsWith('/api/events?')) {
    if (url.includes('portal=secret') && authorization !== 'Bearer sesame') {
      return [401, { error: 'OPERATOR_TOKEN_REQUIRED', error_description: 'The operator API needs a token.' }]
    }
    if (url.includes(`portal=${LONGEST.portal}`)) return [200, { events: [LONGEST], next: null }]
    return [200, { events: [event], next: url.endsWith('limit=1') ? '01A' : null }]
  }
  if (url === '/api/events/01A') return [200, { ...event, waitsFor: null, portalBlockedFor: null, history: [{ at: event.receivedAt, kind: 'received' }], attemptLog: [] }]
  if (url.startsWith('/api/installations?portal=older')) return [200, { installations: [installation, { ...installation, portal: 'older' }] }]
  if (url.startsWith('/api/installations?portal=nowhere')) return [200, { installations: [installation] }]
  if (url.startsWith('/api/installations')) return [200, { installations: [installation], next: null }]
  if (url.startsWith('/api/audit?')) return [200, { records, next: null }]
  if (url === '/api/destinations') return [200, { destinations }]
  return [404, { error: 'NOT_FOUND', error_description: 'no such event' }]
}

async function run(args: string[], env: Record<string, string> = {}) {
  const written = { out: '', err: '' }
  const output = {
    out: (text: string) => void (written.out += `${text}\n`),
    write: (text: string) => Promise.resolve(void (written.out += text)),
    err: (text: string) => void (written.err += `${text}\n`),
  }
  return { exitCode: await main(args, { PORTLINE_URL, ...env }, output), ...written }
}

test('a list for programs is one JSON object per line, and nothing else on stdout', async () => {
  const { exitCode, out, err } = await run(['events', 'list', '--json'])
  expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' })
  expect(JSON.parse(out)).toEqual(event)
})

test('a list for people says how to see more', async () => {
  const { out, err } = await run(['events', 'list', '--limit', '1'])
  expect(out.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
    ['ID, PORTAL', 'RECEIVED (UTC)', 'EVENT, REASON', 'STATE', 'ATTEMPTS'],
    ['01A', '2026-01-01 00:00:00', 'ONAPPUPDATE', 'dead', '3'],
    ['m1', 'HANDLER_FAILED'],
    [''],
  ])
  expect(err).toBe('There are more: --after 01A\n')
})

test('one event is shown with its history, and its reason with where it comes from and what to do', async () => {
  const { out } = await run(['events', 'show', '01A'])
  expect(out).toContain('2026-01-01T00:00:00.000Z  received')
  const { meaning, cause, todo } = ERROR_TABLE.HANDLER_FAILED
  expect(out).toMatch(new RegExp(`^reason +HANDLER_FAILED: ${meaning}$`, 'm'))
  expect(out).toMatch(new RegExp(`^cause +${cause}$`, 'm'))
  expect(out).toMatch(new RegExp(`^what to do +${todo}$`, 'm'))
})

test('tables fit 100 columns, with the longest code of an event and the longest reason', async () => {
  for (const list of ['events', 'installations', 'destinations', 'audit']) {
    const { exitCode, out } = await run([list, ...(list === 'destinations' ? [] : ['list']), ...(list === 'events' ? ['--portal', LONGEST.portal] : [])])
    expect([list, exitCode]).toEqual([list, 0])
    expect([list, Math.max(...out.split('\n').map((line) => line.length))]).toEqual([list, expect.toSatisfy((width: number) => width > 50 && width <= 100)])
  }
})

test('the audit trail tells of each record what, by whom, from what to what and on which proof, and what was erased', async () => {
  const { out } = await run(['audit', 'list'])
  expect(out.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
    ['SEQ', 'AT (UTC), BY', 'APP, PORTAL', 'WHAT, FROM -> TO, PROOF'],
    ['12345', '2026-01-01 00:00:00', 'warehouse', 'markAsBlocked'],
    ['', LONGEST.id, LONGEST.portal, 'active -> blocked'],
    ['', 'application_token, user 12345'],
    ['12346', '2026-01-01 00:00:00', 'warehouse', 'updateApplicationVersion'],
    ['', 'operator', LONGEST.portal, '(erased)'],
    ['', 'user (erased)'],
    [''],
  ])
})

test('an app side of before there were pages of installations is asked once, and of what it answers only the portal that was named is taken', async () => {
  const { exitCode, out } = await run(['installations', 'show', 'older', '--json'])
  expect([exitCode, JSON.parse(out)]).toEqual([0, { ...installation, portal: 'older' }])
  const { err } = await run(['installations', 'block', 'nowhere'])
  expect(err).toContain('no installation on the portal nowhere')
})

test('a destination that fails says how often in a row', async () => {
  const { out } = await run(['destinations'])
  expect(out.split('\n').map((line) => line.split(/ {2,}/)).slice(0, 4)).toEqual([
    ['APP', 'DESTINATION', 'CIRCUIT', 'FAILURES', 'UNTIL (UTC)', 'EVENTS'],
    ['shop', 'https://app.example.com/hook', 'closed', '3', 'ONCRMDEALADD'],
    ['', 'ONCRMDEALUPDATE'],
    ['shop', 'amqp://127.0.0.1/events', 'open', '2026-01-01 00:00:00', 'ONCRMLEADADD'],
  ])
})

test('a refusal is told to people with what to do, and to programs as JSON', async () => {
  expect(await run(['events', 'show', 'nope'])).toEqual({
    exitCode: 1, out: '', err: 'error NOT_FOUND: no such event\n  Check the address, the name or the id.\n',
  })
  const { exitCode, err } = await run(['events', 'show', 'nope', '--json'])
  expect([exitCode, JSON.parse(err)]).toEqual([1, { error: 'NOT_FOUND', error_description: 'no such event' }])
})

test('wrong usage is JSON too where JSON was asked for', async () => {
  const { exitCode, err } = await run(['events', 'list', '--state', 'lost', '--json'])
  expect([exitCode, JSON.parse(err)]).toMatchObject([1, { error: 'BAD_REQUEST' }])
})

test('the operator token is sent as a bearer', async () => {
  expect((await run(['events', 'list', '--portal', 'secret'])).err).toContain('OPERATOR_TOKEN_REQUIRED')
  expect((await run(['events', 'list', '--portal', 'secret'], { PORTLINE_OPERATOR_TOKEN: 'sesame' })).exitCode).toBe(0)
})

test('an app side that does not run is told apart from one that refuses', async () => {
  const { exitCode, err } = await run(['installations', 'list'], { PORTLINE_URL: 'http://127.0.0.1:1' })
  expect([exitCode, err]).toEqual([1, expect.stringContaining('error SERVER_UNREACHABLE')])
})

test.each([
  [['installations', 'list'], 'Start the app side (npm start, portline dev or portline start), or give its address in PORTLINE_URL.'],
  [['audit', 'verify'], 'Start the app side (npm start, portline dev or portline start), or give its address in PORTLINE_URL; of one that does not run name the folder with --data.'],
  [['portal', 'fire', 'ONAPPTEST'], 'Start a portal (portline portal, or portline dev), or give the address of one in PORTAL_URL.'],
  [['portal', 'events'], 'Start a portal (portline portal, or portline dev), or give the address of one in PORTAL_URL.'],
])('%j says which server to start, and where to name another', async (args, todo) => {
  const { err } = await run(args, { PORTLINE_URL: 'http://127.0.0.1:1', PORTAL_URL: 'http://127.0.0.1:1' })
  expect(err).toBe(`error SERVER_UNREACHABLE: http://127.0.0.1:1 does not answer\n  ${todo}\n`)
})

test.each([
  [['audit', 'verify', '--expect', 'foo'], '--expect: "foo" is no hash that a verification shows (64 hexadecimal digits)'],
  [['audit', 'verify', '--expect', 'foo', '--data', '/nonexistent'], '--expect: "foo" is no hash that a verification shows (64 hexadecimal digits)'],
  [['backup', '/nonexistent/backup.sqlite'], 'the backup cannot be written into /nonexistent: ENOENT'],
  [['backup', '/nonexistent/backup.sqlite', '--data', '/nowhere'], 'the backup cannot be written into /nonexistent: ENOENT'],
])('%j is refused in one line', async (args, problem) => {
  expect(await run(args)).toEqual({ exitCode: 1, out: '', err: `error BAD_REQUEST: ${problem}\n  ${ERROR_TABLE.BAD_REQUEST.todo}\n` })
})

test('an operator token that cannot be sent is a setting that is wrong, whoever would have sent it', async () => {
  const { err } = await run(['events', 'list'], { PORTLINE_OPERATOR_TOKEN: 'пароль' })
  expect(err).toMatch(/^error CONFIG_INVALID: PORTLINE_OPERATOR_TOKEN: /)
})

test('an app side that does not answer in time is told apart from one that is not there: it may do what it was asked for', async () => {
  const silent = createServer(() => {}).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`
  await expect(jsonClient(url, undefined, 50).post('/api/bindings/sync', {})).rejects.toMatchObject({
    code: 'SERVER_UNREACHABLE', message: `${url} does not answer within 0.05 s; what it was asked for may still go on there`,
  })
  silent.closeAllConnections()
  silent.close()
})

/** Each command and what is under it, as the help names them. */
async function commandsUnder(path: readonly string[]): Promise<string[]> {
  const { out } = await run([...path, '--help'])
  const listed = /\nCommands:\n(?<lines>(?: {2}.*\n)+)/u.exec(out)?.groups?.['lines'] ?? ''
  const names = [...listed.matchAll(/^ {2}(?<name>[a-z-]+)/gmu)].map(({ groups }) => groups?.['name'] ?? '').filter((name) => name !== 'help')
  const below = await Promise.all(names.map((name) => commandsUnder([...path, name])))
  return [...(path.length === 0 ? [] : [path.join(' ')]), ...below.flat()]
}

test('help on every command has examples', async () => {
  const commands = await commandsUnder([])
  expect(commands).toEqual(expect.arrayContaining(['dev', 'events replay', 'portal fire', 'keys rotate', 'audit verify', 'backup']))
  const without: string[] = []
  for (const command of commands) if (!(await run([...command.split(' '), '--help'])).out.includes('Examples:')) without.push(command)
  expect(without).toEqual([])
})

test('start without credentials says which to set', async () => {
  const { exitCode, err } = await run(['start', './app.ts'])
  expect([exitCode, err]).toEqual([1, expect.stringContaining('B24_CLIENT_ID and B24_CLIENT_SECRET')])
})
