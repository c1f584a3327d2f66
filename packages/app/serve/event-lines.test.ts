import { systemRandom } from '@portline/runtime/random.ts'
import { expect, test } from 'vitest'
import { event } from '../store/battery-parts.ts'
import { openParts, sealParts } from '../tokens/sealed-event.ts'
import { createSealer } from '../tokens/sealer.ts'
import { lineOf, recordOf } from './event-lines.ts'

const key = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)

test('a line that a former key sealed is taken in under the present one, which may soon be the only one', () => {
  const former = createSealer(key(1), systemRandom)
  const portal = { app: 'hello', memberId: 'portal-a' }
  const sealed = event('01', { auth: sealParts(former, portal, { auth: { access_token: 'secret' } }).auth })
  const line = lineOf({ event: { ...sealed, seq: 1, attempts: 0 }, attempts: [] }, former)
  const { event: taken } = recordOf(line, 1, createSealer([key(2), key(1)], systemRandom))
  expect(openParts(createSealer(key(2), systemRandom), taken).auth).toEqual({ access_token: 'secret' })
  // Sealed with the present key already, it is left as it is.
  expect(recordOf(line, 1, former).event.auth).toEqual(Buffer.from(sealed.auth))
  expect(() => recordOf(line, 7, createSealer(key(3), systemRandom))).toThrow(expect.objectContaining({ code: 'IMPORT_INVALID' }))
})

test('data deeper than any event is an invalid line, not an unexpected error', () => {
  const bare = { id: '01', app: 'a', portal: 'p', event: 'E', state: 'done', generation: 0, receivedAt: '2026-01-01T00:00:00Z', attempts: 0, data: 'x' }
  const line = JSON.stringify(bare).replace('"data":"x"', `"data":${'{"a":'.repeat(9_000)}"x"${'}'.repeat(9_000)}`)
  expect(() => recordOf(line, 3, undefined)).toThrow(expect.objectContaining({ code: 'IMPORT_INVALID' }))
})
