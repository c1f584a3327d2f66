import { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { Connections } from './connections.ts'

const MAX = 8

function socketOf(address: string): Socket {
  return Object.defineProperty(new Socket(), 'remoteAddress', { value: address })
}

/** How many of so many stay open. */
function opened(connections: Connections, addresses: readonly string[]): number {
  return addresses.map(socketOf).filter((socket) => {
    connections.add(socket)
    return !socket.destroyed
  }).length
}

test('a host with many IPv6 addresses gets no more connections than one with a single address', () => {
  const connections = new Connections(MAX)
  expect(opened(connections, Array.from({ length: MAX }, (_, n) => `2001:db8:0:1::${n + 1}`))).toBe(MAX / 2)
  expect(opened(connections, ['2001:db8:0:2::1'])).toBe(1)
})

test('IPv4 addresses are told apart, also where they come in IPv6 clothes', () => {
  const connections = new Connections(MAX)
  expect(opened(connections, Array.from({ length: MAX }, () => '::ffff:192.0.2.1'))).toBe(MAX / 2)
  expect(opened(connections, ['192.0.2.1'])).toBe(0)
  expect(opened(connections, Array.from({ length: MAX / 4 }, (_, n) => `::ffff:192.0.2.${n + 2}`))).toBe(MAX / 4)
})
