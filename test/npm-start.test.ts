import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { until } from './support/house.ts'

/** `npm start -- ./app.ts`, as a newcomer types it in a folder of the clone. */
const DOCS = fileURLToPath(new URL('../docs', import.meta.url))
const APP = `import { defineApp } from 'portline'
export default defineApp({ name: 'mine' })
`

let folder: string
let npm: ChildProcess
let out: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portline npm start '))
  await writeFile(join(folder, 'app.ts'), APP)
})
afterEach(async () => {
  npm.kill('SIGKILL')
  await rm(folder, { recursive: true, maxRetries: 5 })
})

async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return String(typeof address === 'object' && address !== null ? address.port : 0)
}

async function start(app: string): Promise<void> {
  const ports = { PORTLINE_PORT: await freePort(), PORTAL_PORT: await freePort(), OAUTH_PORT: await freePort() }
  out = ''
  npm = spawn('npm', ['start', '--', app], { cwd: DOCS, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...ports, PORTLINE_DATA: join(folder, 'data') } })
  for (const stream of [npm.stdout, npm.stderr]) stream?.on('data', (chunk: Buffer) => (out += chunk.toString()))
}

test('npm start runs the app it is given, by a path from where it was typed, and a signal to npm stops it cleanly', async () => {
  await start(relative(DOCS, join(folder, 'app.ts')))
  await until(() => (out.includes('Ctrl-C stops it') ? true : undefined), 'the app side to be ready')
  expect(out).toMatch(/^App +mine, from .*app\.ts$/m)
  npm.kill('SIGTERM')
  expect(await once(npm, 'close')).toEqual([0, null])
  expect(out).toContain('Stopping.')
})

test('npm start says that there is no such app, and ends with 1', async () => {
  await start('./not-there.ts')
  expect(await once(npm, 'close')).toEqual([1, null])
  expect(out).toContain('there is no app module at')
})
