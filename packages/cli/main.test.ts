import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
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

function answerTo(url: string, authorization: string | undefined): [number, object] {
  if (url.startsWith('/api/events?')) {
    if (url.includes('portal=secret') && authorization !== 'Bearer sesame') {
      return [401, { error: 'OPERATOR_TOKEN_REQUIRED', error_description: 'The operator API needs a token.' }]
    }
    return [200, { events: [event], next: url.endsWith('limit=1') ? '01A' : null }]
  }
  if (url === '/api/events/01A') return [200, { ...event, history: [{ at: event.receivedAt, kind: 'received' }], attemptLog: [] }]
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
  expect(out).toMatch(/^ID .*REASON\n01A .*ONAPPUPDATE .*dead {3}3 {9}HANDLER_FAILED\n$/)
  expect(err).toBe('There are more: --after 01A\n')
})

test('one event is shown with its history', async () => {
  expect((await run(['events', 'show', '01A'])).out).toContain('2026-01-01T00:00:00.000Z  received')
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
  expect(await run(args)).toEqual({ exitCode: 1, out: '', err: `error BAD_REQUEST: ${problem}\n  Read the description in the answer.\n` })
})

const COMMANDS = [
  'dev', 'demo', 'portal', 'start', 'events', 'installations', 'events list', 'installations show', 'events replay', 'events retry', 'events export',
  'events import', 'backup', 'restore', 'bindings', 'bindings sync', 'doctor',
]
test.each(COMMANDS)('help on %s has examples', async (command) => {
  const { exitCode, out } = await run([...command.split(' '), '--help'])
  expect([exitCode, out]).toEqual([0, expect.stringContaining('Examples:')])
})

test('start without credentials says which to set', async () => {
  const { exitCode, err } = await run(['start', './app.ts'])
  expect([exitCode, err]).toEqual([1, expect.stringContaining('B24_CLIENT_ID and B24_CLIENT_SECRET')])
})
