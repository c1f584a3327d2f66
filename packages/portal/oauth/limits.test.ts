import { VirtualClock } from '@portline/runtime/clock.ts'
import { expect, test } from 'vitest'
import { PORTAL_LIMITS } from '../limits.ts'
import { Doors } from '../portal/doors.ts'
import { call, CLIENT_ID, installUiApp, startWorld } from '../test-support/world.ts'
import { ShortCodes } from './short-codes.ts'

function repeat(times: number, action: (index: number) => unknown): void {
  for (let index = 0; index < times; index++) action(index)
}

test('short codes: expired ones go first, then the oldest, and digits in use are not given twice', () => {
  const clock = new VirtualClock()
  const codes = new ShortCodes(clock)
  let drawn = 0
  const draw = (): string => String(drawn++).padStart(6, '0')
  repeat(PORTAL_LIMITS.maxShortCodes, (index) => codes.issue(draw, CLIENT_ID, `code ${index}`, 60))
  drawn = 1
  expect(codes.issue(draw, CLIENT_ID, 'one more', 60)).toBe(String(PORTAL_LIMITS.maxShortCodes).padStart(6, '0'))
  expect(codes.redeem('000000', CLIENT_ID)).toBeUndefined()
  expect(codes.redeem('000001', 'another')).toBeUndefined()
  expect(codes.redeem('000001', CLIENT_ID)).toBe('code 1')
  expect(codes.redeem('000001', CLIENT_ID)).toBeUndefined()
})

test('former addresses end at their limit', () => {
  const doors = new Doors()
  repeat(PORTAL_LIMITS.maxFormerAddresses, (index) => doors.moved(`127.0.0.1:${index}`, 'localhost:1'))
  expect(() => doors.moved('127.0.0.1:9999', 'localhost:1')).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }))
  expect([doors.isFormer('127.0.0.1:0'), doors.isFormer('localhost:1')]).toEqual([true, false])
})

test('remembered verdicts: the oldest is forgotten first', async () => {
  const world = await startWorld({ tokenVerdictS: 3_600 })
  const { accessToken } = await installUiApp(world)
  const profile = async (): Promise<unknown> => (await call(world.portal, 'profile', { auth: accessToken })).body['error']
  await profile()
  world.portal.control.uninstall(CLIENT_ID, { clean: false })
  await world.portal.control.install(CLIENT_ID)
  expect(await profile()).toBeUndefined()
  const others = Array.from({ length: PORTAL_LIMITS.maxTokenVerdicts }, (_, index) => index.toString(16).padStart(70, '0'))
  while (others.length > 0) {
    await Promise.all(others.splice(0, 200).map((auth) => call(world.portal, 'profile', { auth })))
  }
  expect(await profile()).toBe('ERROR_OAUTH')
})
