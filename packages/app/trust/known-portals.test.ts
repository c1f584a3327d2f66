import { silentLog } from '@portline/runtime/log.ts'
import { systemRandom } from '@portline/runtime/random.ts'
import { expect, test } from 'vitest'
import { installation } from '../store/battery-parts.ts'
import { sealApplicationToken } from '../tokens/application-token.ts'
import { createSealer } from '../tokens/sealer.ts'
import { judge } from './judge.ts'
import { KnownPortals, isApplicationToken, tellUnopened } from './known-portals.ts'

const sealer = createSealer(new Uint8Array(32), systemRandom)
const gone = createSealer(new Uint8Array(32).fill(1), systemRandom)

function learn(known: KnownPortals, memberId: string, by = sealer, fields: Parameters<typeof installation>[0] = {}): void {
  const portal = { app: 'hello', memberId }
  known.learn(installation({ ...portal, applicationToken: sealApplicationToken(by, portal, 'token'), ...fields }))
}

function told(known: KnownPortals): object[] {
  const lines: object[] = []
  tellUnopened(known, { ...silentLog, warn: (fields) => void lines.push(fields) })
  return lines
}

test('an application_token that no key opens counts as not known yet, and leaves the other portals alone', () => {
  const known = new KnownPortals(sealer)
  for (const memberId of ['good', 'other']) learn(known, memberId)
  learn(known, 'lost', gone)
  const verdictOn = (memberId: string, event: string, auth = {}) =>
    judge(known.get({ app: 'hello', memberId }), { event, auth: { member_id: memberId, application_token: 'token', ...auth } }, 0)
  expect(verdictOn('good', 'ONAPPTEST').kind).toBe('proven')
  expect(verdictOn('lost', 'ONAPPTEST')).toEqual({ kind: 'held', provable: false })
  expect(verdictOn('lost', 'ONAPPINSTALL', { access_token: 'a' })).toEqual({ kind: 'held', provable: true })
  expect(told(known)).toEqual([{ app: 'hello', portal: 'lost', code: 'KEY_INVALID' }])
})

test('it is known again with the next one, and nobody is told of it any more', () => {
  const known = new KnownPortals(sealer)
  learn(known, 'lost', gone)
  expect(known.opensSome()).toBe(false)
  learn(known, 'lost')
  const found = known.get({ app: 'hello', memberId: 'lost' })
  expect(found !== undefined && isApplicationToken(found, 'token')).toBe(true)
  expect([known.opensSome(), told(known)]).toEqual([true, []])
})

test('of a thousand portals whose key is lost the log names some, and how many they are; none that have uninstalled', () => {
  const known = new KnownPortals(sealer)
  for (let n = 0; n < 1_000; n++) learn(known, `m${n}`, gone)
  learn(known, 'deleted', gone, { status: 'deleted' })
  const lines = told(known)
  expect(lines.length).toBeLessThan(30)
  expect(lines.at(-1)).toEqual({ portals: 1_000, code: 'KEY_INVALID' })
})
