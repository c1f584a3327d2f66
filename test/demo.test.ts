import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

/** `npm run demo`, as a program reads it. */
const cli = fileURLToPath(new URL('../packages/cli/bin/portline.mjs', import.meta.url))

async function demo(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [cli, 'demo', ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, out, err }
}

test('the demo sees every step happen and prints one JSON object per line', async () => {
  const { code, out, err } = await demo('--json')
  expect({ code, err }).toEqual({ code: 0, err: '' })
  const entries = out.trim().split('\n').map((line) => JSON.parse(line) as { kind: string; event?: string; ok?: boolean })
  const events = entries.filter(({ kind }) => kind === 'event').map(({ event }) => event)
  expect(events).toEqual(['ONAPPINSTALL', 'ONIMCONNECTORSTATUSDELETE', 'ONAPPUPDATE', 'ONAPPUNINSTALL'])
  expect(entries.at(-1)).toMatchObject({ kind: 'result', ok: true })
  expect(out).not.toMatch(/client_secret|[0-9a-f]{70}/)
})

test('a person reads a timeline', async () => {
  const { code, out } = await demo()
  expect(code).toBe(0)
  for (const text of ['proven by application_token', 'called', 'event.bind', 'token-less']) expect(out).toContain(text)
})
