import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineApp } from 'portline'
import { LIST_MAX_ROWS } from 'portline/limits.ts'
import { startAppSide } from 'portline/serve/start-app-side.ts'
import type { AppSide } from 'portline/serve/start-app-side.ts'
import type { InstallationView } from 'portline/serve/views.ts'
import { installation } from 'portline/store/battery-parts.ts'
import { openSqliteStore } from 'portline/store/sqlite/sqlite-store.ts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runCommand } from './support/command.ts'

/** More portals than one answer holds. */
const PORTALS = LIST_MAX_ROWS + 5
const APPS = ['hello', 'other'] as const

let dataDir: string
let side: AppSide
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'portline-portals-'))
  const store = await openSqliteStore(join(dataDir, 'portline.sqlite'))
  const { applicationToken: _none, ...plain } = installation()
  for (let n = 0; n < PORTALS; n++) {
    const app = APPS[n % APPS.length] ?? ''
    await store.saveInstallation({ ...plain, app, memberId: `portal-${n}`, updatedAtMs: 1_000 * n, ...(n === 7 ? { status: 'deleted' as const } : {}) })
  }
  await store.close()
  // Neither app runs here: no portal is asked anything.
  side = await startAppSide({ apps: [{ app: defineApp({ name: 'third' }), clientId: 'c', clientSecret: 's' }], host: '127.0.0.1', port: 0, dataDir, authServers: [] })
})
afterAll(async () => {
  await side.stop()
  await rm(dataDir, { recursive: true })
})

interface Page {
  installations: InstallationView[]
  next: string | null
}

async function page(query: Record<string, string>): Promise<Page> {
  const response = await fetch(`${side.url}/api/installations?${new URLSearchParams(query)}`)
  expect(response.status).toBe(200)
  return (await response.json()) as Page
}

function portline(...args: string[]): ReturnType<typeof runCommand> {
  return runCommand(args, { PORTLINE_URL: side.url })
}

test('one answer holds a bounded number of installations, the last changed first, and says where to go on', async () => {
  const first = await page({})
  expect(first.installations).toHaveLength(LIST_MAX_ROWS)
  expect(first.installations[0]?.portal).toBe(`portal-${PORTALS - 1}`)
  const second = await page({ after: first.next ?? '' })
  expect(second.installations.map(({ portal }) => portal)).toEqual(['portal-4', 'portal-3', 'portal-2', 'portal-1', 'portal-0'])
  expect(second.next).toBeNull()
  expect((await page({ app: 'other', portal: 'portal-3' })).installations).toMatchObject([{ app: 'other', portal: 'portal-3' }])
  expect((await page({ app: 'hello', portal: 'portal-3' })).installations).toEqual([])
})

test('a place that is none is refused with what is wrong', async () => {
  for (const after of ['x', '1/a', '1//b', '9999999999999999999/a/b']) {
    const response = await fetch(`${side.url}/api/installations?${new URLSearchParams({ after })}`)
    expect([response.status, ((await response.json()) as { error: string }).error]).toEqual([400, 'BAD_REQUEST'])
  }
})

test('the command line shows all of them, the last changed first, and finds any', async () => {
  const listed = await portline('installations', 'list', '--json')
  const portals = listed.out.trim().split('\n').map((line) => (JSON.parse(line) as InstallationView).portal)
  expect(portals).toEqual(Array.from({ length: PORTALS }, (_, n) => `portal-${PORTALS - 1 - n}`))
  expect((await portline('installations', 'show', 'portal-0', '--json')).out).toContain('"portal":"portal-0"')
})

test('a sync goes through all of them that are not uninstalled, each once, a few a request', async () => {
  const synced = await portline('bindings', 'sync', '--dry-run', '--json')
  const portals = synced.out.trim().split('\n').map((line) => (JSON.parse(line) as { portal: string }).portal)
  expect(portals.toSorted()).toEqual(Array.from({ length: PORTALS }, (_, n) => `portal-${n}`).filter((portal) => portal !== 'portal-7').toSorted())
  expect((await portline('bindings', 'sync', '--app', 'nobody', '--json')).err).toContain('installed here: hello, other')
  expect((await portline('bindings', 'sync', '--portal', 'nowhere', '--json')).err).toContain('NOT_FOUND')
})
