import { expect, test } from 'vitest'
import { PortalHosts } from './portal-hosts.ts'

const hosts = new PortalHosts(['*.bitrix24.com', 'Portal.example.com', '127.0.0.1'])

test.each([
  ['first.bitrix24.com', true], ['a.b.bitrix24.com', true], ['FIRST.bitrix24.com.', true], ['portal.example.com', true], ['127.0.0.1', true],
  ['bitrix24.com', false], ['evilbitrix24.com', false], ['first.bitrix24.com.evil.example', false], ['x.portal.example.com', false],
  ['example.com', false], ['169.254.169.254', false], ['[::1]', false],
])('%s is allowed: %s', (host, allowed) => {
  expect(hosts.allows(host)).toBe(allowed)
})

test('without a list a portal may be anywhere', () => {
  expect(new PortalHosts().allows('anything.example')).toBe(true)
})
