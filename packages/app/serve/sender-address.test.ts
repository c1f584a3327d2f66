import type { IncomingMessage } from 'node:http'
import { expect, test } from 'vitest'
import { SenderAddresses, networkOf } from './sender-address.ts'

function request(remoteAddress: string, forwarded?: string): IncomingMessage {
  return { socket: { remoteAddress }, headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded } } as unknown as IncomingMessage
}

test.each([
  ['nobody is trusted', [], '203.0.113.9', '198.51.100.1', '203.0.113.9'],
  ['somebody who is no proxy says it', ['10.0.0.0/8'], '203.0.113.9', '198.51.100.1', '203.0.113.9'],
  ['a proxy says it', ['10.0.0.0/8'], '10.0.0.5', '198.51.100.1', '198.51.100.1'],
  ['a proxy in IPv6 clothes', ['10.0.0.5'], '::ffff:10.0.0.5', '198.51.100.1', '198.51.100.1'],
  ['the sender put one in front', ['10.0.0.0/8'], '10.0.0.5', '203.0.113.1, 198.51.100.1', '198.51.100.1'],
  ['two proxies', ['10.0.0.0/8', '2001:db8::/32'], '10.0.0.5', '203.0.113.1, 198.51.100.1, 2001:db8::1', '198.51.100.1'],
  ['all are proxies', ['10.0.0.0/8'], '10.0.0.5', '10.0.0.6, 10.0.0.7', '10.0.0.6'],
  ['the header is nonsense', ['10.0.0.0/8'], '10.0.0.5', 'unknown', '10.0.0.5'],
  ['nonsense stands before it', ['10.0.0.0/8'], '10.0.0.5', '198.51.100.1, nonsense, 10.0.0.6', '10.0.0.6'],
  ['with a port, and IPv6 in brackets', ['10.0.0.0/8'], '10.0.0.5', '[2001:db8::7]:443, 10.0.0.9:80', '2001:db8::7'],
  ['there is no header', ['10.0.0.0/8'], '10.0.0.5', undefined, '10.0.0.5'],
])('%s', (_name, proxies, peer, forwarded, sender) => {
  expect(new SenderAddresses(proxies).of(request(peer, forwarded))).toBe(sender)
})

test.each(['10.0.0', '10.0.0.0/33', 'example.com', '10.0.0.0/8/8', '::1/200', '*'])('%s is no proxy', (entry) => {
  expect(() => new SenderAddresses([entry])).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }) as Error)
})

test('an IPv6 host has a /64 to itself, however it is written', () => {
  const same = ['2001:db8:1:2::1', '2001:0db8:0001:0002:ffff:1:2:3', '2001:db8:1:2:0:0:0:9'].map(networkOf)
  expect(new Set(same).size).toBe(1)
  expect(networkOf('2001:db8:1:3::1')).not.toBe(same[0])
  expect([networkOf('198.51.100.7'), networkOf('::1'), networkOf('fe80::')]).toEqual(['198.51.100.7', '0:0:0:0', 'fe80:0:0:0'])
})
