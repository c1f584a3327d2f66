import { systemRandom } from '@portline/runtime/random.ts'
import { expect, test } from 'vitest'
import { event } from '../store/battery-parts.ts'
import { openParts, sealParts } from '../tokens/sealed-event.ts'
import { createSealer } from '../tokens/sealer.ts'
import { UNOPENED_END, lineOf, recordOf } from './event-lines.ts'

const key = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)

test('a line that a former key sealed is taken in under the present one, which may soon be the only one', () => {
  const former = createSealer(key(1), systemRandom)
  const portal = { app: 'hello', memberId: 'portal-a' }
  const sealed = event('01', { auth: sealParts(former, portal, { auth: { access_token: 'secret' } }).auth })
  const line = lineOf({ event: { ...sealed, seq: 1, attempts: 0 }, attempts: [] }, former, 'current')
  const { record: { event: taken } } = recordOf(line, 1, createSealer([key(2), key(1)], systemRandom))
  expect(openParts(createSealer(key(2), systemRandom), taken).auth).toEqual({ access_token: 'secret' })
  // Sealed with the present key already, it is left as it is.
  expect(recordOf(line, 1, former).record.event.auth).toEqual(Buffer.from(sealed.auth))
  expect(() => recordOf(line, 7, createSealer(key(3), systemRandom))).toThrow(expect.objectContaining({ code: 'IMPORT_INVALID' }))
})

test('data deeper than any event is an invalid line, not an unexpected error', () => {
  const bare = { id: '01', app: 'a', portal: 'p', event: 'E', state: 'done', generation: 0, receivedAt: '2026-01-01T00:00:00Z', attempts: 0, data: 'x' }
  const line = JSON.stringify(bare).replace('"data":"x"', `"data":${'{"a":'.repeat(9_000)}"x"${'}'.repeat(9_000)}`)
  expect(() => recordOf(line, 3, undefined)).toThrow(expect.objectContaining({ code: 'IMPORT_INVALID' }))
})

test('a line stays one line for every reader of lines, and its text comes back as it was', () => {
  const data = { FIELDS: { TITLE: 'one\u2028two\u2029three\nfour\r\u0085\\u2028' } }
  const line = lineOf({ event: { ...event('01', { data }), seq: 1, attempts: 0 }, attempts: [] }, undefined, undefined)
  expect(line.split(/\r\n|[\n\r\u2028\u2029]/)).toHaveLength(1)
  expect(recordOf(line, 1, undefined).record.event.data).toEqual(data)
})

test('an older export may tell of an attempt or a call that ended before it began: it took no time', () => {
  const attemptLog = [{ n: 1, startedAt: '2026-01-01T00:00:00Z', durationMs: -3_600_000, outcome: 'done', calls: [{ method: 'profile', durationMs: -5 }] }]
  const line = { id: '01', app: 'a', portal: 'p', event: 'E', state: 'done', generation: 0, receivedAt: '2026-01-01T00:00:00Z', attempts: 1, attemptLog }
  expect(recordOf(JSON.stringify(line), 1, undefined).record.attempts).toMatchObject([{ durationMs: 0, calls: [{ durationMs: 0 }] }])
  expect(() => recordOf(JSON.stringify(line).replace('-5', '0.5'), 1, undefined)).toThrow(expect.objectContaining({ code: 'IMPORT_INVALID' }))
})

test('what is sealed is not taken in where no key is at hand to try it: it would be found out when the event runs', () => {
  const sealer = createSealer(key(1), systemRandom)
  const portal = { app: 'hello', memberId: 'portal-a' }
  const sealed = event('01', { auth: sealParts(sealer, portal, { auth: { access_token: 'secret' } }).auth })
  const line = lineOf({ event: { ...sealed, seq: 1, attempts: 0 }, attempts: [] }, sealer, 'current')
  expect(() => recordOf(line, 4, undefined)).toThrow(expect.objectContaining({ code: 'IMPORT_INVALID', message: expect.stringMatching(/^line 4: .*no key is at hand/) as unknown }))
})

test('an event whose seal does not open leaves without it, and says so at the end of its line', () => {
  const sealer = createSealer(key(1), systemRandom)
  const auth = Uint8Array.from(sealParts(sealer, { app: 'hello', memberId: 'portal-a' }, { auth: { access_token: 'secret' } }).auth)
  auth[auth.length - 1] = (auth.at(-1) ?? 0) ^ 1
  for (const authShared of [undefined, true] as const) {
    const line = lineOf({ event: { ...event('01', { auth, authShared }), seq: 1, attempts: 0 }, attempts: [] }, sealer, 'current')
    expect(line.endsWith(UNOPENED_END)).toBe(true)
    expect(recordOf(line, 1, sealer).record.event.auth).toHaveLength(0)
  }
})
