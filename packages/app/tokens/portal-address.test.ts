import { expect, test } from 'vitest'
import { CLONE_WINDOW_MS } from '../limits.ts'
import { installation } from '../store/battery-parts.ts'
import { addressAfter, movedTo, replacedBy } from './portal-address.ts'

const at = (domain: string) => ({ domain, clientEndpoint: `https://${domain}/rest/` })
const NOW_MS = CLONE_WINDOW_MS * 2

test('a portal that moves is followed, and where it was is remembered', () => {
  expect(movedTo(installation(), at('q.example'), NOW_MS)).toEqual({ ...at('q.example'), formerDomain: 'p.example', domainAtMs: NOW_MS })
  expect(movedTo(installation(), at('p.example'), NOW_MS)).toEqual(at('p.example'))
})

test('one that goes back within the window is two and is not followed; later it may', () => {
  const moved = installation({ ...at('q.example'), formerDomain: 'p.example', domainAtMs: NOW_MS })
  expect(movedTo(moved, at('p.example'), NOW_MS + CLONE_WINDOW_MS)).toEqual({ reason: 'PORTAL_CLONED' })
  expect(movedTo(moved, at('p.example'), NOW_MS + CLONE_WINDOW_MS + 1)).toMatchObject(at('p.example'))
  expect(movedTo({ ...moved, reason: 'PORTAL_CLONED' }, at('r.example'), NOW_MS)).toEqual({})
})

test('a portal that had been replaced at its address and turns out to have moved is itself again', () => {
  expect(movedTo(installation({ reason: 'PORTAL_REPLACED' }), at('q.example'), NOW_MS)).toMatchObject({ ...at('q.example'), clearReason: true })
})

test('an installer who was proven decides where the portal is', () => {
  expect(addressAfter(installation({ reason: 'PORTAL_CLONED' }), at('q.example'), NOW_MS)).toMatchObject({ ...at('q.example'), formerDomain: 'p.example' })
  expect(addressAfter(undefined, at('q.example'), NOW_MS)).toEqual(at('q.example'))
})

test('only a live installation of the same app at the same address is replaced, once', () => {
  const young = installation({ memberId: 'young' })
  const others = [
    young, installation(), installation({ memberId: 'gone', status: 'deleted' }), installation({ memberId: 'else', domain: 'q.example' }),
    installation({ memberId: 'other', app: 'other' }), installation({ memberId: 'told', reason: 'PORTAL_REPLACED' }),
  ]
  expect(replacedBy(young, others).map(({ memberId }) => memberId)).toEqual(['portal-a'])
})
