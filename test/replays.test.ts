import { main } from '@portline/cli/main.ts'
import { defineApp } from 'portline'
import type { ReplayReport } from 'portline/serve/replays.ts'
import { afterEach, expect, test } from 'vitest'
import { installApp, openHouse, until } from './support/house.ts'
import type { House } from './support/house.ts'

/** Dead letters: found, counted, replayed one by one and by filter. */
let house: House
let failing: boolean
let handled: string[]
afterEach(() => house.close())

const FAILED = 12
const RETRIES_MS = [1, 1]

async function openWithDead(): Promise<string[]> {
  failing = true
  handled = []
  const fail = (n: string): void => {
    if (failing) throw new Error('not today')
    handled.push(n)
  }
  const app = defineApp({ name: 'letters' })
    .on('ONCRMDEALADD', ({ event }) => fail(event.id), { retryDelaysMs: RETRIES_MS })
    .on('ONCRMLEADADD', ({ event }) => fail(event.id), { retryDelaysMs: [] })
  house = await openHouse({ app })
  await installApp(house)
  const ids: string[] = []
  for (let n = 0; n < FAILED; n++) ids.push(await post(n % 4 === 3 ? 'ONCRMLEADADD' : 'ONCRMDEALADD', n))
  await dead(FAILED)
  return ids
}

async function post(event: string, n: number): Promise<string> {
  const { application_token } = house.portal.control.app(house.clientId)
  const { status, body } = await house.post({ event, data: { FIELDS: { ID: String(n) } }, ts: '1700000000', auth: { member_id: house.portal.memberId, application_token } })
  expect(status).toBe(200)
  return body.id ?? ''
}

const dead = (count: number) =>
  until(async () => ((await house.events({ state: 'dead' })).length === count ? true : undefined), `${count} dead events`)

async function replay(body: object): Promise<ReplayReport & { error?: string }> {
  const response = await fetch(`${house.side.url}/api/replays`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body),
  })
  return (await response.json()) as ReplayReport & { error?: string }
}

test('a dry run counts and shows what would be replayed, and changes nothing', async () => {
  const ids = await openWithDead()
  expect(await replay({ dryRun: true })).toEqual({ dryRun: true, matched: 12, replayed: 12, refused: {}, sample: ids.slice(0, 10), next: null })
  expect(await replay({ filter: { event: 'oncrmleadadd' }, dryRun: true })).toMatchObject({ matched: 3, sample: [ids[3], ids[7], ids[11]] })
  expect(await replay({ filter: { reason: 'HANDLER_FAILED' }, dryRun: true })).toMatchObject({ matched: 0 })
  await dead(FAILED)
})

test('a replay by filter hands on what it finds, in order, under the same ids', async () => {
  const ids = await openWithDead()
  failing = false
  expect(await replay({ filter: { event: 'ONCRMDEALADD' } })).toMatchObject({ dryRun: false, matched: 9, replayed: 9, next: null })
  await until(async () => ((await house.events({ event: 'ONCRMDEALADD', state: 'done' })).length === 9 ? true : undefined), 'all to be done')
  await dead(3)
  expect(handled).toEqual(ids.filter((_, n) => n % 4 !== 3))
  const record = await house.event(ids[0] ?? '')
  expect(record).toMatchObject({ id: ids[0], state: 'done', attempts: 4 })
  expect((record as unknown as { history: { kind: string }[] }).history.map(({ kind }) => kind)).toEqual([
    'received', 'proven', 'attempt', 'attempt', 'attempt', 'replayed', 'attempt', 'done',
  ])
})

test('after a replay the retry schedule begins anew, and attempts go on counting', async () => {
  const [id = ''] = await openWithDead()
  await fetch(`${house.side.url}/api/events/${id}/replay`, { method: 'POST' })
  const record = await until(async () => {
    const event = await house.event(id)
    return event.state === 'dead' && event.attempts > RETRIES_MS.length + 1 ? event : undefined
  }, 'the event to die again')
  expect(record).toMatchObject({ reason: 'ATTEMPTS_EXHAUSTED', attempts: 2 * (RETRIES_MS.length + 1) })
})

test('events of a former installation are counted and left alone', async () => {
  await openWithDead()
  house.portal.control.uninstall(house.clientId, { clean: false })
  await house.settled('ONAPPUNINSTALL')
  expect(await replay({ filter: { portal: house.portal.memberId } })).toMatchObject({ matched: 12, replayed: 0, refused: { INSTALLATION_DELETED: 12 } })
  await installApp(house)
  expect(await replay({})).toMatchObject({ matched: 12, replayed: 0, refused: { FORMER_INSTALLATION: 12 } })
  await dead(FAILED)
})

test('what is no filter is refused', async () => {
  await openWithDead()
  expect(await replay({ filter: { state: 'pending' } })).toMatchObject({ error: 'BAD_REQUEST' })
  expect(await replay({ filter: { since: 'yesterday' } })).toMatchObject({ error: 'BAD_REQUEST' })
  expect(await replay({ filter: { until: '2020-01-01T00:00:00Z' } })).toMatchObject({ matched: 0 })
})

async function portline(...args: string[]): Promise<{ exitCode: number; out: string; err: string }> {
  const written = { out: '', err: '' }
  const output = {
    out: (text: string) => void (written.out += text),
    write: (text: string) => Promise.resolve(void (written.out += text)),
    err: (text: string) => void (written.err += text),
  }
  return { exitCode: await main(args, { PORTLINE_URL: house.side.url }, output), ...written }
}

test('a dry run of one event says that it would be replayed, and changes nothing', async () => {
  const [id = ''] = await openWithDead()
  const before = await house.event(id)
  expect(await portline('events', 'replay', id, '--dry-run')).toEqual({ exitCode: 0, out: `${id} is dead, and would be replayed`, err: '' })
  const { exitCode, out } = await portline('events', 'replay', id, '--dry-run', '--yes', '--json')
  expect([exitCode, JSON.parse(out)]).toEqual([0, { dryRun: true, id, state: 'dead' }])
  expect(await house.event(id)).toEqual(before)
})

test('a dry run of one event that cannot be replayed fails as the replay does', async () => {
  const [id = ''] = await openWithDead()
  await house.post({ event: 'ONCRMDEALADD', auth: { member_id: 'stranger', application_token: 'x' } })
  const [held] = await house.events({ portal: 'stranger' })
  const same = async (event: string, why: string): Promise<void> => {
    const dry = await portline('events', 'replay', event, '--dry-run')
    expect(dry).toMatchObject({ exitCode: 1, out: '', err: expect.stringContaining(why) as string })
    expect((await portline('events', 'replay', event)).err.split(':')[0]).toBe(dry.err.split(':')[0])
  }
  await same('nothing', 'NOT_FOUND')
  await same(held?.id ?? '', 'EVENT_NOT_REPLAYABLE: it is held')
  house.portal.control.uninstall(house.clientId, { clean: false })
  await house.settled('ONAPPUNINSTALL')
  await same(id, 'EVENT_NOT_REPLAYABLE: its portal is uninstalled')
  await installApp(house)
  await same(id, 'EVENT_NOT_REPLAYABLE: it belongs to a former installation')
})
