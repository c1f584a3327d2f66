import { expect, test } from 'vitest'
import { ClaimedTokens } from './claimed-tokens.ts'

const PORTAL = { app: 'shop', memberId: 'm' }
const [FIRST, SECOND] = [{ ...PORTAL, id: '1' }, { ...PORTAL, id: '2' }]

test('a token that two held events claim is claimed until both are decided', () => {
  const claimed = new ClaimedTokens()
  claimed.claim(FIRST, 'new')
  claimed.claim(SECOND, 'new')
  claimed.release('1')
  claimed.release('1')
  expect(claimed.isClaimed(PORTAL, 'new')).toBe(true)
  claimed.release('2')
  expect(claimed.isClaimed(PORTAL, 'new')).toBe(false)
})

test('an event that is judged again claims nothing twice', () => {
  const claimed = new ClaimedTokens()
  for (let review = 0; review < 3; review++) claimed.claim(FIRST, 'new')
  claimed.release('1')
  expect(claimed.isClaimed(PORTAL, 'new')).toBe(false)
})

test('what is claimed for one portal is not for another, nor what no event brings', () => {
  const claimed = new ClaimedTokens()
  claimed.claim(FIRST, 'new')
  claimed.claim(SECOND, undefined)
  expect([claimed.isClaimed({ ...PORTAL, memberId: 'other' }, 'new'), claimed.isClaimed({ ...PORTAL, app: 'other' }, 'new')]).toEqual([false, false])
  expect([claimed.isClaimed(PORTAL, undefined), claimed.isClaimed(PORTAL, 'undefined')]).toEqual([false, false])
})

test('what is claimed by events that are held no more is released', () => {
  const claimed = new ClaimedTokens()
  claimed.claim(FIRST, 'first')
  claimed.claim(SECOND, 'second')
  claimed.keep((id) => id === '2')
  expect([claimed.isClaimed(PORTAL, 'first'), claimed.isClaimed(PORTAL, 'second')]).toEqual([false, true])
})
