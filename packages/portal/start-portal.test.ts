import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { VirtualClock } from '@portline/runtime/clock.ts'
import { afterEach, expect, test } from 'vitest'
import { startPortal } from './start-portal.ts'
import type { TestWorld } from './test-support/world.ts'
import { call, CLIENT_ID, CLIENT_SECRET, events, installUiApp, startTestPortal, startWorld } from './test-support/world.ts'

const folders: string[] = []

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

function stateFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'portal-'))
  folders.push(folder)
  return join(folder, 'data', 'portal.json')
}

test('the same seed and the same calls give the same bodies', async () => {
  const first = await bodiesOf('one')
  expect(first).toHaveLength(5)
  expect(await bodiesOf('one')).toEqual(first)
  expect(await bodiesOf('two')).not.toEqual(first)
})

async function bodiesOf(seed: string): Promise<string[]> {
  const world = await startWorld({ seed })
  await playAll(world)
  return world.receiver.received.map(({ path, query, body }) => withoutAddresses(world, `${path}?${query}\n${body}`))
}

/** Install, install event, a test event, an update and an uninstall. */
async function playAll(world: TestWorld): Promise<void> {
  const { accessToken } = await installUiApp(world, ['ONAPPINSTALL', 'ONAPPTEST', 'ONAPPUPDATE'])
  await call(world.portal, 'event.test', { auth: accessToken, a: [1, { b: 'ü' }] })
  await world.settle()
  world.portal.control.update(CLIENT_ID, { version: '2', rotate_application_token: true })
  await world.settle()
  await call(world.portal, 'event.bind', { auth: accessToken, event: 'ONAPPUNINSTALL', handler: `${world.receiver.url}/events` })
  world.portal.control.uninstall(CLIENT_ID, { clean: true })
  await world.settle()
}

/** Ports are the only thing that differs: they are whatever was free. */
function withoutAddresses({ portal, receiver }: TestWorld, text: string): string {
  return [portal.url, portal.oauthUrl, receiver.url].reduce((rest, url) => rest.replaceAll(new URL(url).port, 'PORT'), text)
}

test('a portal goes on from its state file: ids, tokens, rows, spent refresh tokens and random draws', async () => {
  const path = stateFile()
  const world = await startWorld({ stateFile: path })
  const { accessToken, refreshToken } = await installUiApp(world, ['ONAPPTEST'])
  const credentials = `client_id=${CLIENT_ID}&client_secret=${CLIENT_SECRET}`
  const renewal = `/oauth/token/?grant_type=refresh_token&${credentials}&refresh_token=${refreshToken}`
  expect((await fetch(world.portal.oauthUrl + renewal)).status).toBe(200)
  const before = { ...world.portal.control.snapshot() }
  await world.portal.stop()
  const clock = new VirtualClock(world.clock.now())
  const again = await startTestPortal({ stateFile: path, seed: 'another', clock, queue: { maxDelayMs: 0 } })
  expect(again.control.snapshot()).toEqual(before)
  expect(again.memberId).toBe(world.portal.memberId)
  expect((await call(again, 'event.test', { auth: accessToken })).body['result']).toBe(1)
  await again.control.drain()
  expect(events(world.receiver)).toHaveLength(1)
  expect((await fetch(again.oauthUrl + renewal)).status).toBe(400)
})

test('the state is written shortly after a change, and never leaves half a file', async () => {
  const path = stateFile()
  const world = await startWorld({ stateFile: path })
  world.portal.control.addLine({ name: 'Second' })
  await world.clock.advance(100)
  expect(JSON.parse(readFileSync(path, 'utf8')).lines).toHaveLength(2)
  expect(readdirSync(join(path, '..'))).toEqual(['portal.json'])
})

test.each(['not json', '{}', '{"format":2}'])('a state file that holds %s is refused', async (content) => {
  const folder = mkdtempSync(join(tmpdir(), 'portal-'))
  folders.push(folder)
  writeFileSync(join(folder, 'state.json'), content)
  await expect(
    startPortal({ port: 0, oauthPort: 0, stateFile: join(folder, 'state.json') }),
  ).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
})

test('a snapshot starts a second portal with the same member_id and apps', async () => {
  const world = await startWorld()
  await installUiApp(world)
  const copy = await startTestPortal({ state: world.portal.control.snapshot() })
  expect(copy.memberId).toBe(world.portal.memberId)
  expect(copy.control.app(CLIENT_ID)).toEqual(world.portal.control.app(CLIENT_ID))
})

test('a taken port is ADDRESS_IN_USE, and leaves nothing listening', async () => {
  const { portal } = await startWorld()
  const port = Number(new URL(portal.url).port)
  await expect(startPortal({ port, oauthPort: 0 })).rejects.toMatchObject({ code: 'ADDRESS_IN_USE' })
  await expect(startPortal({ port: 0, oauthPort: port })).rejects.toMatchObject({ code: 'ADDRESS_IN_USE' })
})
