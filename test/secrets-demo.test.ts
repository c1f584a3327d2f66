import { execFile, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startPortal } from '@portline/portal'
import type { Portal } from '@portline/portal'
import { startReceiver } from '@portline/portal/test-support/receiver.ts'
import type { Receiver } from '@portline/portal/test-support/receiver.ts'
import type { Log } from '@portline/runtime/log.ts'
import { encodeForm } from '@portline/wire/form/encode.ts'
import type { PhpMap } from '@portline/wire/form/value.ts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from './support/house.ts'
import { formsOf, leaks, tapAnswers, tokensIn } from './support/secrets.ts'
import type { Place } from './support/secrets.ts'

/**
 * A whole life of an app side, as its operator starts it: a process of its own, then a search of everything that it wrote, answered
 * and stored for every secret there was.
 */
const PORTLINE = fileURLToPath(new URL('../packages/cli/bin/portline.mjs', import.meta.url))
const APP = fileURLToPath(new URL('./support/secrets-app.ts', import.meta.url))
const SERVE = new URL('../packages/app/serve/', import.meta.url)
const CLIENT_ID = 'app.secretive'
/** With characters that URLs, JSON and base64 write otherwise. */
const CLIENT_SECRET = 'the client "secret"/of+this=test é'
const OPERATOR_TOKEN = 'operator/token+of "this" test'
const HOOK_SECRET = `whsec_${randomBytes(32).toString('base64')}`
const KEY = randomBytes(32).toString('base64')

let folder: string
let portal: Portal
let hook: Receiver
let pages: Receiver
let child: ChildProcess
let url = ''
const tap = tapAnswers()
const portalLog: string[] = []
const places: Place[] = []
const written = { stdout: '', stderr: '' }

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portline-secrets-'))
  await mkdir(join(folder, 'data'))
  const line = (fields: object, message: string): void => void portalLog.push(`${message} ${JSON.stringify(fields)}`)
  const log: Log = { debug: line, info: line, warn: line, error: line }
  portal = await startPortal({ port: 0, oauthPort: 0, log })
  hook = await startReceiver()
  pages = await startReceiver()
  child = spawn(process.execPath, [PORTLINE, 'start', APP, '--port', '0', '--data', join(folder, 'data')], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env, B24_CLIENT_ID: CLIENT_ID, B24_CLIENT_SECRET: CLIENT_SECRET, PORTLINE_AUTH_SERVERS: portal.oauthUrl, PORTLINE_OPERATOR_TOKEN: OPERATOR_TOKEN,
      PORTLINE_KEY: KEY, PORTLINE_LOG: 'debug', HOOK_URL: `${hook.url}/hook`, HOOK_SECRET,
    },
  })
  child.stdout?.on('data', (chunk: Buffer) => (written.stdout += chunk.toString()))
  child.stderr?.on('data', (chunk: Buffer) => (written.stderr += chunk.toString()))
  url = await until(() => /App side +(http:\S+)/.exec(written.stdout)?.[1], 'the app side to listen')
})
afterAll(async () => {
  tap.stop()
  if (child.exitCode === null) child.kill('SIGKILL')
  await Promise.all([portal.stop(), hook.stop(), pages.stop()])
  await rm(folder, { recursive: true })
})

async function ask(path: string, init: RequestInit & { token?: string } = {}): Promise<string> {
  const { token = OPERATOR_TOKEN, ...rest } = init
  const response = await fetch(`${url}${path}`, { redirect: 'manual', ...rest, headers: { ...(token === '' ? {} : { authorization: `Bearer ${token}` }), ...rest.headers } })
  const text = `${response.status} ${JSON.stringify([...response.headers])} ${await response.text()}`
  places.push({ name: `${rest.method ?? 'GET'} ${path}`, text })
  return text
}

async function post(path: string, body: object, token = OPERATOR_TOKEN): Promise<string> {
  return ask(path, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' }, token })
}

async function send(form: PhpMap | string): Promise<string> {
  const body = typeof form === 'string' ? form : encodeForm(form)
  return ask('/apps/secretive/events', { method: 'POST', body, headers: { 'content-type': 'application/x-www-form-urlencoded' }, token: '' })
}

async function portline(...args: string[]): Promise<void> {
  const env = { ...process.env, PORTLINE_URL: url, PORTLINE_OPERATOR_TOKEN: OPERATOR_TOKEN, PORTLINE_KEY: KEY }
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [PORTLINE, ...args], { env, cwd: folder }).catch(
    (failure: { stdout: string; stderr: string }) => failure)
  places.push({ name: `portline ${args.join(' ')}`, text: `${stdout} ${stderr}` })
}

/** The install page as a browser is sent to it; its body has the first tokens. */
async function install(): Promise<void> {
  portal.control.registerApp({
    name: 'secretive', kind: 'market', client_id: CLIENT_ID, client_secret: CLIENT_SECRET, ui: true, scope: ['imopenlines', 'imconnector', 'user', 'crm'],
    install_url: `${pages.url}/install`, handler_url: `${url}/apps/secretive/placement`,
  })
  await portal.control.install(CLIENT_ID)
  const visit = pages.received.at(-1)
  const page = await ask(`/apps/secretive/install?${visit?.query.toString() ?? ''}`, {
    method: 'POST', body: visit?.body ?? '', token: '', headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'text/html' },
  })
  expect(page.slice(0, 3)).toBe('200')
  portal.control.finish(CLIENT_ID)
  await portal.control.drain()
}

interface Listed {
  readonly events: readonly { id: string; event: string; state: string; proof: string | null }[]
}

async function listed(): Promise<Listed['events']> {
  const response = await fetch(`${url}/api/events?limit=200`, { headers: { authorization: `Bearer ${OPERATOR_TOKEN}` } })
  return ((await response.json()) as Listed).events
}

function ended(code: string, count = 1): Promise<true> {
  return until(async () => ((await listed()).filter(({ event, state }) => event === code && (state === 'done' || state === 'dead')).length >= count ? true : undefined), `${count} ${code} to end`)
}

/** Handlers that fail, events with tokens in them, a destination, fetched events, renewals, and what is refused. */
async function live(): Promise<void> {
  const { control, memberId } = portal
  control.fireEvent({ event: 'ONAPPTEST', data: { QUERY: { auth: 'a-token-in-the-data-of-an-event' } }, client_id: CLIENT_ID })
  control.fireEvent({ event: 'ONAPPPAYMENT', client_id: CLIENT_ID })
  control.fireEvent({ event: 'ONUSERADD' })
  control.fireEvent({ event: 'ONCRMDEALUPDATE', data: { FIELDS: { ID: 5 } } })
  await control.drain()
  await Promise.all(['ONAPPTEST', 'ONAPPPAYMENT', 'ONUSERADD', 'ONCRMDEALUPDATE'].map((code) => ended(code)))
  control.faults.add({ fault: 'expired_token', on: 'rest', first: 2 })
  await post(`/api/doctor/secretive/${memberId}`, { waitMs: 5_000 })
  control.update(CLIENT_ID, { version: '2', rotate_application_token: true })
  await control.drain()
  await ended('ONAPPUPDATE')
  await control.switchConnector(107, 'secretive_chat', { active: true })
  await control.switchConnector(107, 'secretive_chat', { active: false })
  await control.drain()
}

async function beRefused(): Promise<void> {
  const auth = { member_id: portal.memberId, application_token: 'the-application-token-of-a-forger', access_token: 'the-access-token-of-a-forger', refresh_token: 'the-refresh-token-of-a-forger' }
  await send({ event: 'ONAPPTEST', auth })
  await send({ event: 'ONAPPINSTALL', data: { VERSION: '1' }, auth })
  await send({ event: 'ONAPPINSTALL', auth: { ...auth, server_endpoint: 'https://evil.example/rest/' } })
  await send(`event=&auth[access_token]=${auth.access_token}`)
  await send(`event=ONAPPTEST&auth=${auth.access_token}`)
  await send(`${'a[b]'.repeat(100)}=${auth.access_token}`)
  await ask(`/apps/secretive/events?auth=${auth.access_token}`, { token: '' })
  await ask(`/apps/nobody/events?auth=${auth.access_token}`, { method: 'POST', token: '' })
  for (const accept of ['text/html', '*/*']) {
    const body = `AUTH_ID=${auth.access_token}&REFRESH_ID=${auth.refresh_token}&member_id=${portal.memberId}&APPLICATION_TOKEN=${auth.application_token}&SERVER_ENDPOINT=${portal.oauthUrl}/rest/`
    for (const page of ['install', 'placement']) {
      await ask(`/apps/secretive/${page}?DOMAIN=x`, { method: 'POST', body, token: '', headers: { 'content-type': 'application/x-www-form-urlencoded', accept } })
    }
  }
  await ask('/api/events', { token: '' })
  await ask('/api/events', { token: 'a-wrong-operator-token' })
  await ask(`/api/events?token=${encodeURIComponent(OPERATOR_TOKEN)}`, { token: '' })
  await post('/api/replays', { filter: { state: 'odd' } })
}

/** Every route that the sources have, so that a new one is looked at without being named here. */
async function everyGet(): Promise<void> {
  const sources = await Promise.all((await readdir(SERVE)).filter((name) => name.endsWith('.ts')).map((name) => readFile(new URL(name, SERVE), 'utf8')))
  const routes = sources.flatMap((source) => [...source.matchAll(/\bapi\.get(?:<[^(]*>)?\('([^']+)'/g)].map(([, route = '']) => route))
  expect(routes).toEqual(expect.arrayContaining(['/api/events', '/api/events/:id', '/api/installations/:app/:memberId', '/api/refusals', '/api/store', '/api/events/export']))
  const ids = (await listed()).map(({ id }) => id)
  for (const route of routes) {
    if (route === '/api/stream') continue
    const path = route.replace(':app', 'secretive').replace(':memberId', portal.memberId)
    if (path.includes(':id')) for (const id of ids) await ask(path.replace(':id', id))
    else if (!path.includes(':')) await ask(`${path}${path === '/api/events' ? '?limit=200' : ''}`)
    else throw new Error(`no value for ${path}`)
  }
  await ask('/api/events/export?sealed=1')
  for (const path of ['/', '/page.js', '/page.css', '/icon.svg', '/metrics', '/nothing']) await ask(path)
}

async function everyCommand(): Promise<void> {
  const [first] = await listed()
  const commands = [
    ['events', 'list'], ['events', 'list', '--json'], ['events', 'show', first?.id ?? ''], ['events', 'export'], ['events', 'replay', '--state', 'dead', '--dry-run'],
    ['installations', 'list'], ['installations', 'list', '--json'], ['installations', 'show', portal.memberId], ['installations', 'show', portal.memberId, '--json'],
    ['bindings', 'sync'], ['bindings', 'sync', '--json'], ['doctor'], ['doctor', '--json'], ['backup', 'copy.sqlite'],
    ['keys', 'status'], ['keys', 'rotate'], ['audit', 'list'], ['audit', 'verify'], ['destinations'], ['start', APP], ['events', 'show', 'nothing', '--json'],
    ['demo', '--json'],
  ]
  for (const command of commands) await portline(...command)
  places.push({ name: 'the backup', text: await readFile(join(folder, 'copy.sqlite'), 'latin1') })
}

test('a whole life of an app side leaves no secret readable, in any form, wherever it writes', { timeout: 180_000 }, async () => {
  const watching = new AbortController()
  const stream = fetch(`${url}/api/stream`, { headers: { authorization: `Bearer ${OPERATOR_TOKEN}` }, signal: watching.signal })
    .then(async (response) => {
      let text = ''
      places.push({ get text() { return text }, name: 'the live stream' })
      for await (const chunk of response.body ?? []) text += Buffer.from(chunk).toString()
    })
    .catch(() => {})
  await install()
  await ended('ONAPPINSTALL')
  await live()
  portal.control.uninstall(CLIENT_ID, { clean: false })
  await portal.control.drain()
  await ended('ONAPPUNINSTALL')
  await post(`/api/doctor/secretive/${portal.memberId}`, { waitMs: 0 })
  await install()
  await ended('ONAPPINSTALL', 2)
  await beRefused()
  await everyGet()
  await everyCommand()
  portal.control.uninstall(CLIENT_ID, { clean: true })
  await portal.control.drain()
  await until(async () => ((await listed()).every(({ event }) => event === 'ONAPPUNINSTALL') ? true : undefined), 'the portal to be erased')
  watching.abort()
  await stream
  await readFiles('while it runs')
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  await exited
  await readFiles('after its end')

  places.push({ name: 'stdout', text: written.stdout }, { name: 'stderr', text: written.stderr }, { name: "the portal's log", text: portalLog.join('\n') })
  const secrets = everySecret()
  console.info(`${secrets.size} secrets, ${places.length} places, ${places.reduce((sum, { text }) => sum + text.length, 0)} characters`)
  expect(leaks(secrets, places)).toEqual([])
})

async function readFiles(when: string): Promise<void> {
  for (const name of await readdir(join(folder, 'data'), { recursive: true })) {
    const text = await readFile(join(folder, 'data', name), 'latin1').catch(() => '')
    places.push({ name: `${name} ${when}`, text })
  }
}

/** Tokens of every generation as the portal gave them out, and what the operator set. */
function everySecret(): ReadonlyMap<string, string> {
  const given = [...tap.texts, ...pages.received.map(({ body }) => body), ...portal.control.deliveries({ limit: 1_000 }).deliveries.map(({ body }) => body)]
  const tokens = new Set(given.flatMap(tokensIn))
  const applicationTokens = new Set(given.flatMap((text) => [...text.matchAll(/(?:auth%5Bapplication_token%5D|APPLICATION_TOKEN)=(\w+)/g)].map(([, token = '']) => token)))
  // The installer's, an event's and the renewed pairs of two installations, at least; and two of the other kind.
  expect(tokens.size).toBeGreaterThan(12)
  expect(applicationTokens.size).toBeGreaterThan(1)
  const named: [string, string][] = [
    ['client_secret', CLIENT_SECRET], ['the operator token', OPERATOR_TOKEN], ['the sealing key', KEY], ['the sealing key in hex', Buffer.from(KEY, 'base64').toString('hex')],
    ['the signing secret', HOOK_SECRET.slice('whsec_'.length)],
    ['a token in the data', 'a-token-in-the-data-of-an-event'],
    ...['the-application-token-of-a-forger', 'the-access-token-of-a-forger', 'the-refresh-token-of-a-forger', 'a-wrong-operator-token'].map((each): [string, string] => [each, each]),
  ]
  return new Map([...named, ...[...tokens, ...applicationTokens].map((token, index): [string, string] => [`token ${index}`, token])])
}

test('the search finds a secret in each of its forms', () => {
  const secret = 'a "secret"/with+all=of é'
  const texts = [
    secret, encodeURIComponent(secret), new URLSearchParams({ a: secret }).toString(), JSON.stringify({ a: secret }), JSON.stringify(JSON.stringify({ a: secret })),
    ...['', 'x', 'xy', 'xyz'].map((before) => Buffer.from(`${before}${secret} and more`).toString('base64')), Buffer.from(secret).toString('base64url'), Buffer.from(secret).toString('hex'),
  ]
  for (const text of texts) expect(leaks(new Map([['it', secret]]), [{ name: 'there', text }]), text).toEqual(['it in there'])
  expect(leaks(new Map([['it', secret]]), [{ name: 'there', text: 'nothing of it' }])).toEqual([])
  expect(leaks(new Map(), [{ name: 'there', text: 'f'.repeat(70) }])).toHaveLength(1)
  expect(formsOf(secret).every((form) => form.length > 8)).toBe(true)
})
