import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPortal } from '@portline/portal'
import type { Portal } from '@portline/portal'
import { writeEnvelope } from '@portline/wire/write-envelope.ts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { AppSideChild } from './support/app-side-child.ts'
import { until } from './support/house.ts'

/** A disk that takes no more: the process may not make its files any larger, as the kernel says with EFBIG, until it may again. */
let folder: string
let portal: Portal
let child: AppSideChild

function limitFiles(bytes: number | 'unlimited'): void {
  execFileSync('prlimit', ['--pid', String(child.pid), `--fsize=${bytes}:`])
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portline-full-'))
  portal = await startPortal({ port: 0, oauthPort: 0 })
  child = new AppSideChild('crash-child.ts', folder, [portal.oauthUrl])
  await child.start()
  portal.control.registerApp({
    name: 'crash', kind: 'market', client_id: 'app.crash', client_secret: 'crash secret', ui: true, install_url: `${child.url}/apps/crash/install`,
  })
  await portal.control.install('app.crash')
  portal.control.finish('app.crash')
  await portal.control.drain()
})
afterEach(async () => {
  await child.kill()
  await portal.stop()
  await rm(folder, { recursive: true })
})

async function post(n: number): Promise<{ status: number; id: string; code: string }> {
  const { application_token } = portal.control.app('app.crash')
  return send({ event: 'ONAPPTEST', data: { QUERY: { n, filler: 'x'.repeat(2_000) } }, ts: '1', auth: { member_id: portal.memberId, application_token } })
}

async function send(envelope: Parameters<typeof writeEnvelope>[0]): Promise<{ status: number; id: string; code: string }> {
  const body = writeEnvelope(envelope)
  const response = await fetch(`${child.url}/apps/crash/events`, { method: 'POST', body, headers: { 'content-type': 'application/x-www-form-urlencoded' } })
  const { id = '', error = '' } = (await response.json()) as { id?: string; error?: string }
  return { status: response.status, id, code: error }
}

async function stateOf(id: string): Promise<string> {
  const response = await fetch(`${child.url}/api/events/${id}`)
  return ((await response.json()) as { state?: string }).state ?? 'absent'
}

test('a full disk is answered 503 and acknowledges nothing; with room again all goes on by itself, and nothing answered 200 is lost', async () => {
  const kept: string[] = []
  for (let n = 0; n < 20; n++) kept.push((await post(n)).id)
  const { size } = await stat(join(folder, 'data', 'portline.sqlite-wal'))
  limitFiles(size + 16_384)

  const answers = []
  for (let n = 20; n < 60; n++) answers.push(await post(n))
  const refused = answers.filter(({ status }) => status !== 200)
  expect(refused.length).toBeGreaterThan(20)
  for (const { status, code, id } of refused) expect({ status, code, id }).toEqual({ status: 503, code: 'STORE_UNAVAILABLE', id: '' })
  for (const { status, id } of answers) if (status === 200) kept.push(id)

  limitFiles('unlimited')
  const { id } = await until(async () => {
    const answer = await post(99)
    return answer.status === 200 ? answer : undefined
  }, 'the store to take events again')
  kept.push(id)
  await until(async () => ((await stateOf(id)) === 'done' ? true : undefined), 'the lane to go on')

  await child.kill()
  await child.start()
  for (const each of kept) await until(async () => ((await stateOf(each)) === 'done' ? true : undefined), `${each} to be done`)
})

test('an install that a full disk does not take claims no application_token: what comes with the same is refused', async () => {
  await post(0)
  const auth = { member_id: portal.memberId, application_token: 'chosen' }
  const install = {
    event: 'ONAPPINSTALL', ts: '1', data: { filler: 'x'.repeat(100_000) },
    auth: { ...auth, access_token: '0'.repeat(70), refresh_token: 'r', expires: '9999999999', server_endpoint: `${portal.oauthUrl}/rest/` },
  }
  limitFiles((await stat(join(folder, 'data', 'portline.sqlite-wal'))).size + 4_096)
  expect(await send(install)).toMatchObject({ status: 503, code: 'STORE_UNAVAILABLE' })
  limitFiles('unlimited')
  await until(async () => ((await post(1)).status === 200 ? true : undefined), 'the store to take events again')
  expect(await send({ event: 'ONAPPTEST', ts: '1', auth })).toMatchObject({ status: 403, code: 'APPLICATION_TOKEN_MISMATCH' })
})
