import { main } from '@portline/cli/main.ts'
import { defineApp } from 'portline'
import { RetryLater } from 'portline'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { installApp, openHouse, until } from './support/house.ts'
import type { House } from './support/house.ts'

/** Every way an event's life can end: it says why, and every attempt says when, how long, what came of it and with which code. */
interface Step {
  readonly at: string
  readonly kind: string
}
interface Detail {
  readonly state: string
  readonly reason: string | null
  readonly finishedAt: string | null
  readonly attempts: number
  readonly history: readonly Step[]
  readonly attemptLog: readonly { readonly n: number; readonly startedAt: string; readonly durationMs: number; readonly outcome: string; readonly error?: { readonly code: string; readonly message: string } }[]
}

const ENDS = [
  { event: 'ONCRMDEALADD', state: 'done', reason: null, errors: [undefined] },
  { event: 'ONCRMDEALUPDATE', state: 'done', reason: null, errors: ['HANDLER_FAILED', undefined] },
  { event: 'ONCRMDEALDELETE', state: 'dead', reason: 'ATTEMPTS_EXHAUSTED', errors: ['HANDLER_FAILED', 'HANDLER_FAILED', 'HANDLER_FAILED'] },
  { event: 'ONCRMLEADADD', state: 'dead', reason: 'HANDLER_FAILED', errors: ['HANDLER_FAILED'] },
  { event: 'ONCRMLEADUPDATE', state: 'dead', reason: 'ATTEMPTS_EXHAUSTED', errors: ['HANDLER_TIMEOUT'] },
  { event: 'ONTASKADD', state: 'done', reason: null, errors: [undefined] },
] as const

let house: House
const ids = new Map<string, string>()

beforeAll(async () => {
  let updates = 0
  const soon = { retryDelaysMs: [1, 1] }
  const app = defineApp({ name: 'life', duplicates: 'drop' })
    .on('ONCRMDEALADD', ({ note }) => note('all is well'))
    .on('ONCRMDEALUPDATE', () => {
      updates += 1
      if (updates === 1) throw new RetryLater(1, 'not yet')
    }, soon)
    .on('ONCRMDEALDELETE', () => Promise.reject(new Error('never')), soon)
    .on('ONCRMLEADADD', () => Promise.reject(new Error('cannot pass')), { isFinal: () => true })
    .on('ONCRMLEADUPDATE', () => new Promise(() => {}), { timeoutMs: 20, retryDelaysMs: [] })
  house = await openHouse({ app })
  await installApp(house)
  const { application_token } = house.portal.control.app(house.clientId)
  const auth = { member_id: house.portal.memberId, application_token }
  for (const { event } of ENDS) {
    const { body } = await house.post({ event, data: { FIELDS: { ID: '1' } }, ts: '1700000000', auth })
    ids.set(event, body.id ?? '')
  }
  const repeat = await house.post({ event: 'ONTASKADD', data: { FIELDS: { ID: '1' } }, ts: '1700000000', auth })
  ids.set('repeat', repeat.body.id ?? '')
  const unknown = await house.post({ event: 'ONTASKADD', data: {}, ts: '1', auth: { member_id: 'f'.repeat(32), application_token: 'x' } })
  ids.set('held', unknown.body.id ?? '')
  await until(async () => ((await house.events({ state: 'pending' })).length === 0 ? true : undefined), 'all to end')
})
afterAll(() => house.close())

const detail = async (name: string): Promise<Detail> => (await house.event(ids.get(name) ?? '')) as unknown as Detail

async function shown(name: string): Promise<string> {
  let out = ''
  const output = { out: (text: string) => void (out += `${text}\n`), write: () => Promise.resolve(), err: () => {} }
  expect(await main(['events', 'show', ids.get(name) ?? ''], { PORTLINE_URL: house.side.url }, output)).toBe(0)
  return out
}

describe.each(ENDS)('$event ends $state', ({ event, state, reason, errors }) => {
  test('the operator API says why, and has every attempt', async () => {
    const record = await detail(event)
    expect(record).toMatchObject({ state, reason, attempts: errors.length })
    expect(record.attemptLog.map(({ error }) => error?.code)).toEqual(errors)
    for (const [index, each] of record.attemptLog.entries()) {
      expect(each).toMatchObject({ n: index + 1, outcome: errors[index] === undefined ? 'done' : 'failed' })
      expect(Date.parse(each.startedAt)).toBeGreaterThan(0)
      expect(each.durationMs).toBeGreaterThanOrEqual(0)
    }
    expect(record.history.map(({ kind }) => kind)).toEqual(['received', 'proven', ...errors.map(() => 'attempt'), state])
    expect(record.history.at(-1)).toMatchObject({ kind: state, reason, at: record.finishedAt })
  })

  test('so does the command line', async () => {
    const text = await shown(event)
    expect(text).toMatch(new RegExp(`state +${state}`))
    if (reason !== null) expect(text).toMatch(new RegExp(`reason +${reason}`))
    for (const [index, error] of errors.entries()) {
      expect(text).toMatch(new RegExp(`attempt ${index + 1} ${error === undefined ? 'done' : `failed ${error}`} in \\d+ ms`))
      expect(text).toMatch(new RegExp(`attempt ${index + 1} +${error === undefined ? 'done' : 'failed'} in \\d+ ms, 20`))
    }
  })
})

test('a repeat that was dropped says of what, and was not tried', async () => {
  const record = await detail('repeat')
  expect(record).toMatchObject({ state: 'done', reason: 'DUPLICATE', attempts: 0, attemptLog: [] })
  expect(record.history).toMatchObject([{ kind: 'received' }, { kind: 'proven' }, { kind: 'duplicate', of: ids.get('ONTASKADD') }, { kind: 'done', reason: 'DUPLICATE' }])
  expect(await shown('repeat')).toMatch(new RegExp(`duplicate of +${ids.get('ONTASKADD')}`))
})

test('an event that is held says what it waits for', async () => {
  expect(await detail('held')).toMatchObject({ state: 'held', reason: 'AWAITING_PROOF', history: [{ kind: 'received' }] })
  expect(await shown('held')).toMatch(/reason +AWAITING_PROOF/)
})
