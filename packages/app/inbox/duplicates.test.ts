import { describe, expect, test } from 'vitest'
import { DUPLICATES_REMEMBERED } from '../limits.ts'
import type { NewEvent } from '../store/port.ts'
import { DuplicateWindow, fingerprintOf } from './duplicates.ts'
import type { Claim, Claimed } from './duplicates.ts'

const EVENT: NewEvent = {
  app: 'hello', memberId: 'm', id: '01', code: 'ONAPPTEST', handlerId: '5', ts: '1700000000', data: { A: '1' }, generation: 1,
  auth: new Uint8Array(), state: 'pending', receivedAtMs: 1,
}
const PRINT = new Uint8Array([1, 2, 3])

function firstOf(claimed: Claimed | Promise<Claimed>): Claim {
  if (claimed instanceof Promise || !('first' in claimed)) throw new Error('it is no first')
  return claimed.first
}

describe('the fingerprint', () => {
  const print = (fields: Partial<NewEvent> = {}, userId?: string) => Buffer.from(fingerprintOf({ ...EVENT, ...fields }, userId) ?? []).toString('hex')

  test('is the same for a repeat, whatever id we gave it and whatever tokens came with it', () => {
    expect(print({ id: '02', auth: new Uint8Array([9]), receivedAtMs: 99 })).toBe(print())
  })

  const others: Partial<NewEvent>[] = [
    { app: 'b' }, { memberId: 'n' }, { code: 'X' }, { handlerId: '6' }, { handlerId: undefined }, { ts: '1700000001' }, { data: { A: '2' } },
    { data: undefined }, { generation: 2 },
  ]
  test.each(others)('is another one for another event: %j', (fields) => {
    expect(print(fields)).not.toBe(print())
  })

  test('is another one for another user, and there is none without a time', () => {
    expect(print({}, '1')).not.toBe(print())
    expect(fingerprintOf({ ...EVENT, ts: undefined }, '1')).toBeUndefined()
  })
})

describe('the window', () => {
  test('knows a repeat until its time is over, counted from the first', () => {
    const window = new DuplicateWindow('mark', 1_000)
    window.settle(firstOf(window.claim(PRINT, '01', 0)), true)
    expect(window.claim(PRINT, '02', 900)).toEqual({ of: '01' })
    expect(window.claim(PRINT, '03', 999)).toEqual({ of: '01' })
    expect(firstOf(window.claim(PRINT, '04', 1_000)).id).toBe('04')
  })

  test('of copies at once one is the first, and the others wait until it is stored', async () => {
    const window = new DuplicateWindow('mark', 1_000)
    const first = firstOf(window.claim(PRINT, '01', 0))
    const others = ['02', '03'].map((id) => window.claim(PRINT, id, 0))
    window.settle(first, true)
    expect(await Promise.all(others)).toEqual([{ of: '01' }, { of: '01' }])
  })

  test('nothing is a repeat of an event that was not stored: the next copy takes its place', async () => {
    const window = new DuplicateWindow('drop', 1_000)
    const first = firstOf(window.claim(PRINT, '01', 0))
    const second = window.claim(PRINT, '02', 0)
    const third = window.claim(PRINT, '03', 0)
    window.settle(first, false)
    const next = await second
    expect(next).toMatchObject({ first: { id: '02' } })
    if ('first' in next) window.settle(next.first, true)
    expect(await third).toEqual({ of: '02' })
  })

  test('forgets the oldest beyond its bound', () => {
    const window = new DuplicateWindow('mark', 1_000)
    const printOf = (n: number): Uint8Array => new Uint8Array(new Uint32Array([n]).buffer)
    for (let n = 0; n < DUPLICATES_REMEMBERED + 5; n++) window.settle(firstOf(window.claim(printOf(n), `e${n}`, 0)), true)
    expect(window.claim(printOf(DUPLICATES_REMEMBERED), 'x', 0)).toEqual({ of: `e${DUPLICATES_REMEMBERED}` })
    expect(firstOf(window.claim(printOf(0), 'y', 0)).id).toBe('y')
  })
})
