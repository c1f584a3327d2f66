import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPortal } from '@portline/portal'
import type { Portal } from '@portline/portal'
import { writeEnvelope } from '@portline/wire/write-envelope.ts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { AppSideChild } from './support/app-side-child.ts'
import { until } from './support/house.ts'

/** A handler that ends the process: its event must end too, and take nobody with it. */
let folder: string
let portals: Portal[]
let child: AppSideChild

interface View {
  readonly state: string
  readonly reason?: string
  readonly attemptLog: readonly { readonly outcome: string; readonly error?: { readonly code: string } }[]
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portline-death-'))
  portals = await Promise.all(['one', 'two'].map((seed) => startPortal({ port: 0, oauthPort: 0, seed })))
  child = new AppSideChild('dying-child.ts', folder, portals.map(({ oauthUrl }) => oauthUrl))
  await child.start()
  for (const { control } of portals) {
    control.registerApp({ name: 'crash', kind: 'market', client_id: 'app.crash', client_secret: 'crash secret', ui: true, install_url: `${child.url}/apps/crash/install` })
    await control.install('app.crash')
    control.finish('app.crash')
    await control.drain()
  }
})
afterEach(async () => {
  await child.kill()
  await Promise.all(portals.map((portal) => portal.stop()))
  await rm(folder, { recursive: true })
})

async function send(n: number, wish: string): Promise<string> {
  const portal = portals[n]
  if (portal === undefined) throw new Error(`no portal ${n}`)
  const { application_token } = portal.control.app('app.crash')
  const body = writeEnvelope({ event: 'ONAPPTEST', data: { WISH: wish }, ts: '1', auth: { member_id: portal.memberId, application_token } })
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const response = await fetch(`${child.url}/apps/crash/events`, { method: 'POST', body, headers })
  expect(response.status).toBe(200)
  return ((await response.json()) as { id: string }).id
}

async function view(id: string): Promise<View | undefined> {
  try {
    return (await (await fetch(`${child.url}/api/events/${id}`)).json()) as View
  } catch {
    return undefined
  }
}

/** Starts it again each time it has ended, as an orchestrator does, until the event has ended; answers with how often that was. */
async function keepAliveUntilEnded(id: string): Promise<{ deaths: number; event: View }> {
  for (let deaths = 0; ; deaths++) {
    const event = await until(async () => {
      if (!child.isRunning) return 'died' as const
      const seen = await view(id)
      return seen?.state === 'done' || seen?.state === 'dead' ? seen : undefined
    }, `the end of ${id}`)
    if (event !== 'died') return { deaths, event }
    // It may die before it has said that it is there.
    await child.start().catch(() => {})
  }
}

async function runsOf(id: string): Promise<number> {
  return (await readFile(child.handledFile, 'utf8')).split('\n').filter((line) => line.includes(id)).length
}

test.each(['exit', 'throw'])('an event whose handler ends the process (%s) is dead after five deaths, and its lane goes on', async (wish) => {
  const poison = await send(0, wish)
  await until(() => (child.isRunning ? undefined : true), 'the first death')
  await child.start().catch(() => {})
  const { deaths, event } = await keepAliveUntilEnded(poison)
  expect(event).toMatchObject({ state: 'dead', reason: 'PROCESS_DIED' })
  expect(event.attemptLog.map(({ outcome, error }) => [outcome, error?.code])).toEqual(Array.from({ length: 3 }, () => ['failed', 'PROCESS_DIED']))
  expect([deaths + 1, await runsOf(poison)]).toEqual([5, 5])
  const next = await send(0, 'succeed')
  expect((await keepAliveUntilEnded(next)).event.state).toBe('done')
})

test('events that ran beside it each time are done without a failed attempt, what stood behind it is done, and in order', async () => {
  const ids = { poison: '', slow: '', behind: '' }
  ids.slow = await send(1, 'slow')
  ;[ids.poison, ids.behind] = await Promise.all([send(0, 'throw'), send(0, 'behind').catch(() => '')])
  await until(() => (child.isRunning ? undefined : true), 'the first death')
  await child.start().catch(() => {})
  expect((await keepAliveUntilEnded(ids.poison)).event).toMatchObject({ state: 'dead', reason: 'PROCESS_DIED' })
  const { event } = await keepAliveUntilEnded(ids.slow)
  expect([event.state, event.attemptLog.map(({ outcome }) => outcome)]).toEqual(['done', ['done']])
  ids.behind ||= await send(0, 'behind')
  expect((await keepAliveUntilEnded(ids.behind)).event.state).toBe('done')
})

test('two kills in the middle of an event fail nobody', async () => {
  const ids = await Promise.all([send(0, 'slow'), send(1, 'slow')])
  for (let kill = 0; kill < 2; kill++) {
    const before = (await Promise.all(ids.map(runsOf))).reduce((sum, runs) => sum + runs, 0)
    await until(async () => ((await Promise.all(ids.map(runsOf))).reduce((sum, runs) => sum + runs, 0) > before || kill === 0 ? true : undefined), 'a run')
    await child.kill()
    await child.start()
  }
  for (const id of ids) {
    const { event } = await keepAliveUntilEnded(id)
    expect([event.state, event.attemptLog.map(({ outcome }) => outcome)]).toEqual(['done', ['done']])
  }
})
