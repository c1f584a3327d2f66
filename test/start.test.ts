import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startPortal } from '@portline/portal'
import type { Portal } from '@portline/portal'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { until } from './support/house.ts'

/** `portline start ./app.ts`: the app side alone, as a process of its own, with an app that lives outside this repository. */
const cli = fileURLToPath(new URL('../packages/cli/bin/portline.mjs', import.meta.url))
const APP = `import { defineApp } from 'portline'
export default defineApp({ name: 'mine' }).on('ONAPPINSTALL', ({ installation, note }) => note(\`hello \${installation.domain}\`))
`

let folder: string
let portal: Portal
let child: ChildProcess | undefined
let port: number
let err: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portline-start-'))
  await writeFile(join(folder, 'app.ts'), APP)
  portal = await startPortal({ port: 0, oauthPort: 0 })
  port = await freePort()
})
afterEach(async () => {
  if (child?.exitCode === null && child.signalCode === null) await end('SIGKILL')
  await portal.stop()
  await rm(folder, { recursive: true })
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return typeof address === 'object' && address !== null ? address.port : 0
}

function start(args: readonly string[] = ['./app.ts'], env: Record<string, string> = {}, stdout: 'ignore' | 'pipe' = 'ignore'): ChildProcess {
  err = ''
  const started = spawn(process.execPath, [cli, 'start', ...args], {
    cwd: folder,
    stdio: ['ignore', stdout, 'pipe'],
    env: {
      ...process.env, PORTLINE_PORT: String(port), PORTLINE_DATA: join(folder, 'data'), PORTLINE_AUTH_SERVERS: portal.oauthUrl,
      B24_CLIENT_ID: 'local.mine', B24_CLIENT_SECRET: 'mine alone', ...env,
    },
  })
  started.stderr?.on('data', (chunk: Buffer) => (err += chunk.toString()))
  child = started
  return started
}

async function end(signal: NodeJS.Signals): Promise<number | null> {
  const exited = once(child ?? fail(), 'exit')
  child?.kill(signal)
  const [code] = (await exited) as [number | null]
  return code
}

function fail(): never {
  throw new Error('nothing was started')
}

function serving(): Promise<true> {
  return until(() => fetch(`http://127.0.0.1:${port}/api/installations`).then((response) => (response.ok ? true as const : undefined), () => undefined), 'the app side to serve')
}

/** The newest first. */
async function eventsOf(code: string): Promise<{ state: string }[]> {
  const response = await fetch(`http://127.0.0.1:${port}/api/events?event=${code}`)
  return ((await response.json()) as { events: { state: string }[] }).events
}

function installedEvents(): Promise<{ state: string }[]> {
  return eventsOf('ONAPPINSTALL')
}

async function installed(): Promise<void> {
  portal.control.registerApp({
    name: 'mine', kind: 'local', client_id: 'local.mine', client_secret: 'mine alone', ui: false, scope: ['imopenlines'],
    install_url: `http://127.0.0.1:${port}/apps/mine/events`,
  })
  await portal.control.install('local.mine')
  await until(async () => ((await installedEvents())[0]?.state === 'done' ? true : undefined), 'the installation')
}

test('an app module outside the clone is installed on a portal, survives kill -9, and stops cleanly', async () => {
  start()
  await serving()
  await installed()
  await end('SIGKILL')
  start()
  await serving()
  expect(await installedEvents()).toMatchObject([{ state: 'done' }])
  expect(await end('SIGTERM')).toBe(0)
  expect(err).not.toContain('at ')
})

test.each([
  ['no credentials', ['./app.ts'], { B24_CLIENT_ID: '' }, 'CONFIG_INVALID'],
  ['a module that is not there', ['./nothing.ts'], {}, 'CONFIG_INVALID'],
  ['an authorization server in the clear', ['./app.ts'], { PORTLINE_AUTH_SERVERS: 'http://oauth.example' }, 'CONFIG_INVALID'],
  ['a port that is none', ['./app.ts'], { PORTLINE_PORT: '99999' }, 'CONFIG_INVALID'],
  ['a host of another machine', ['./app.ts', '--host', '203.0.113.9'], {}, 'CONFIG_INVALID'],
  ['a host in brackets', ['./app.ts', '--host', '[::1]'], {}, 'CONFIG_INVALID'],
  ['a data folder that is a file', ['./app.ts', '--data', './app.ts'], {}, 'CONFIG_INVALID'],
  ['a token that cannot be sent', ['./app.ts'], { PORTLINE_OPERATOR_TOKEN: 'пароль' }, 'CONFIG_INVALID'],
])('%s is refused with a code and what to do', async (_name, args, env, code) => {
  const [exitCode] = (await once(start(args, env), 'exit')) as [number]
  expect(exitCode).not.toBe(0)
  expect(err).toContain(`error ${code}`)
  expect(err).not.toContain('mine alone')
  expect(err).not.toContain('пароль')
  expect(err).not.toMatch(/^ +at /m)
})

test('a port that is taken is named', async () => {
  const taken = createServer().listen(port, '127.0.0.1')
  await once(taken, 'listening')
  const [exitCode] = (await once(start(), 'exit')) as [number]
  taken.close()
  expect(exitCode).not.toBe(0)
  expect(err).toContain('ADDRESS_IN_USE')
})

/** As a pool of connections does that nobody closes. */
const LEAKY = `import { defineApp } from 'portline'
setInterval(() => {}, 1_000)
export default defineApp({ name: 'mine' })
`

test('an app module that leaves a timer behind holds the process neither after a stop nor after a start that failed', async () => {
  await writeFile(join(folder, 'app.ts'), LEAKY)
  start()
  await serving()
  expect(await end('SIGTERM')).toBe(0)
  const [exitCode] = (await once(start(['./app.ts', '--host', '203.0.113.9']), 'exit')) as [number]
  expect([exitCode, err]).toEqual([1, expect.stringContaining('error CONFIG_INVALID')])
})

test('what an app module does when nothing is left to do is still done', async () => {
  await writeFile(join(folder, 'app.ts'), `${APP}process.on('beforeExit', () => console.error('goodbye'))\n`)
  start()
  await serving()
  expect(await end('SIGTERM')).toBe(0)
  expect(err).toContain('goodbye')
})

test('a full pipe that nobody reads does not hold the process', async () => {
  // A pipe on Linux holds 64 KiB.
  await writeFile(join(folder, 'app.ts'), `${APP}process.stdout.write('x'.repeat(1_000_000))\n`)
  const started = start(['./app.ts'], {}, 'pipe')
  started.stdout?.pause()
  await serving()
  expect(await end('SIGTERM')).toBe(0)
})

/** Something is open, so that the process would not end by itself. */
const STUCK = `import { defineApp } from 'portline'
setInterval(() => {}, 1_000)
console.error('loading')
await new Promise(() => {})
export default defineApp({ name: 'mine' })
`

test('while an app module loads that never will, a second signal ends the process', async () => {
  await writeFile(join(folder, 'app.ts'), STUCK)
  const started = start()
  await until(() => (err.includes('loading') ? true : undefined), 'the app module to load')
  started.kill('SIGINT')
  expect(await end('SIGTERM')).toBe(1)
  expect(err).toContain('Stopped before the app module was loaded.')
})

test('on another address than loopback the operator API wants its token', async () => {
  start(['./app.ts', '--host', '0.0.0.0'], { PORTLINE_OPERATOR_TOKEN: 'operators only' })
  const status = (headers: Record<string, string>) => fetch(`http://127.0.0.1:${port}/api/events`, { headers }).then((response) => response.status, () => undefined)
  await until(() => status({}), 'the app side to serve')
  expect(await status({})).toBe(401)
  expect(await status({ authorization: 'Bearer wrong' })).toBe(401)
  expect(await status({ authorization: 'Bearer operators only' })).toBe(200)
})

test('on another address without a token it says at the start that the page and the API answer nobody', async () => {
  const warning = 'answer nobody until PORTLINE_OPERATOR_TOKEN is set'
  start(['./app.ts', '--host', '0.0.0.0'])
  await until(() => (err.includes(warning) ? true : undefined), 'the warning')
  expect((await fetch(`http://127.0.0.1:${port}/api/events`)).status).toBe(401)
  expect(err.split(warning)).toHaveLength(2)
  await end('SIGTERM')
  start()
  await serving()
  await end('SIGTERM')
  expect(err).not.toContain(warning)
})

test('behind a public address without a token it says at the start that the page and the API may be reached from there', async () => {
  const warning = 'Let it hand on /apps/ alone, or set PORTLINE_OPERATOR_TOKEN'
  start(['./app.ts', '--public-url', 'https://apps.example.com'])
  await until(() => (err.includes(warning) ? true : undefined), 'the warning')
  await end('SIGTERM')
  const answers = (): Promise<true | undefined> => fetch(`http://127.0.0.1:${port}/`).then(() => true as const, () => undefined)
  start(['./app.ts', '--public-url', 'https://apps.example.com'], { PORTLINE_OPERATOR_TOKEN: 'operators only' })
  await until(answers, 'the app side to answer')
  await end('SIGTERM')
  expect(err).not.toContain(warning)
})

test('what npx started ends when npx is ended', async () => {
  const npx = spawn('npx', ['portline', 'start', join(folder, 'app.ts')], {
    cwd: fileURLToPath(new URL('../', import.meta.url)),
    stdio: 'ignore',
    env: {
      ...process.env, PORTLINE_PORT: String(port), PORTLINE_DATA: join(folder, 'data'), PORTLINE_AUTH_SERVERS: portal.oauthUrl,
      B24_CLIENT_ID: 'local.mine', B24_CLIENT_SECRET: 'mine alone',
    },
  })
  await serving()
  npx.kill('SIGTERM')
  const gone = () => fetch(`http://127.0.0.1:${port}/`).then(() => undefined, () => true as const)
  await until(gone, 'the server to be gone')
})

/** Tells when the SDK is loaded, whoever does it. */
const TELLING = `import { registerHooks } from 'node:module'
registerHooks({ load(url, context, next) {
  if (url.includes('b24jssdk')) process.stderr.write('the SDK is loaded\\n')
  return next(url, context)
} })
`

const CALLING = `import { defineApp } from 'portline'
export default defineApp({ name: 'mine' }).on('ONAPPTEST', async (context) => {
  if (context.event.data?.call === 'Y') await context.b24.actions.v2.call.make({ method: 'profile' })
})
`

test('a process loads the SDK with its first REST call, and not for events that make none', async () => {
  await writeFile(join(folder, 'app.ts'), CALLING)
  await writeFile(join(folder, 'telling.mjs'), TELLING)
  start()
  await serving()
  await installed()
  expect(await end('SIGTERM')).toBe(0)

  start(['./app.ts'], { NODE_OPTIONS: `--import=${join(folder, 'telling.mjs')}` })
  await serving()
  for (const call of ['N', 'Y']) {
    portal.control.fireEvent({ event: 'ONAPPTEST', client_id: 'local.mine', data: { call } })
    await portal.control.drain()
    await until(async () => ((await eventsOf('ONAPPTEST'))[0]?.state === 'done' ? true : undefined), 'the event')
    expect(err.includes('the SDK is loaded')).toBe(call === 'Y')
  }
  expect(await eventsOf('ONAPPTEST')).toHaveLength(2)
})

/** Asks for a client in the moment in which it imports the SDK itself. */
const IMPORTING = `import { defineApp } from 'portline'
export default defineApp({ name: 'mine' }).on('ONAPPTEST', async (context) => {
  const [{ B24OAuth }, b24] = await Promise.all([import('${import.meta.resolve('@bitrix24/b24jssdk')}'), context.b24])
  context.note('the same class: ' + (b24 instanceof B24OAuth))
}, { retryDelaysMs: [] })
`

test('a handler that imports the SDK just when it asks for a client is run again, without an attempt', async () => {
  await writeFile(join(folder, 'app.ts'), IMPORTING)
  start()
  await serving()
  await installed()
  expect(await end('SIGTERM')).toBe(0)
  start()
  await serving()
  portal.control.fireEvent({ event: 'ONAPPTEST', client_id: 'local.mine' })
  await portal.control.drain()
  const event = await until(async () => (await eventsOf('ONAPPTEST')).find(({ state }) => state !== 'pending'), 'the event')
  expect(event).toMatchObject({ state: 'done', attempts: 1 })
})

const STRAY = `import { defineApp } from 'portline'
let tries = 0
export default defineApp({ name: 'mine' }).on('ONAPPINSTALL', async () => {
  tries += 1
  if (tries === 1) {
    void Promise.reject(new Error('nobody waits for me'))
    await new Promise((resolve) => setTimeout(resolve, 50))
  } else setTimeout(() => void Promise.reject(new Error('long after the end')), 1)
}, { retryDelaysMs: [10] })
`

test('a promise that a handler forgot ends no process: its event is tried again while it runs, and the log names it after', async () => {
  await writeFile(join(folder, 'app.ts'), STRAY)
  start()
  await serving()
  await installed()
  await until(() => (err.includes('long after the end') ? true : undefined), 'the log')
  expect(await installedEvents()).toMatchObject([{ state: 'done', attempts: 2 }])
  expect(err).toContain('nobody waits for me')
  expect(err).toContain('"code":"ONAPPINSTALL"')
  expect(await end('SIGTERM')).toBe(0)
})

/** Lets a signal end the store's thread, which nothing from outside can. */
const DEADLY = `import { syncBuiltinESMExports } from 'node:module'
import workers from 'node:worker_threads'
const { Worker } = workers
workers.Worker = class extends Worker {
  constructor(...args) {
    super(...args)
    process.on('SIGUSR2', () => void this.terminate())
  }
}
syncBuiltinESMExports()
`

test('a server whose store thread has died ends with the code, so that it is started again', async () => {
  await writeFile(join(folder, 'deadly.mjs'), DEADLY)
  const started = start(['./app.ts'], { NODE_OPTIONS: `--import ${join(folder, 'deadly.mjs')}` })
  await serving()
  const exited = once(started, 'exit')
  started.kill('SIGUSR2')
  expect(await exited).toEqual([1, null])
  expect(err).toContain('error STORE_UNAVAILABLE')
})
