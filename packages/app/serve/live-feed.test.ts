import { once } from 'node:events'
import { createServer } from 'node:http'
import type { ServerResponse } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { systemClock } from '@portline/runtime/clock.ts'
import { expect, test } from 'vitest'
import { LiveFeed } from './live-feed.ts'

/** A page's connection, and what the server has of it. */
async function opened(): Promise<{ response: ServerResponse; socket: ReturnType<typeof connect>; end: () => void }> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').pause()
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  const [, response] = (await once(server, 'request')) as [unknown, ServerResponse]
  const end = (): void => {
    socket.destroy()
    server.closeAllConnections()
    server.close()
  }
  return { response, socket, end }
}

test('what is sent after the feed was closed to a page that has stopped reading goes nowhere, and ends nothing', async () => {
  const { response, end } = await opened()
  const feed = new LiveFeed(systemClock)
  feed.watch(response)
  const big = { text: 'x'.repeat(200_000) }
  for (let n = 0; n < 40 && response.writableLength < 400_000; n++) feed.send('event', big)
  feed.close()
  let failures = 0
  response.on('error', () => (failures += 1))
  feed.send('event', big)
  await new Promise((resolve) => setImmediate(resolve))
  expect([failures, feed.watched]).toEqual([0, false])
  end()
})

test('a page that left before it could watch takes no place', async () => {
  const { response, socket, end } = await opened()
  const feed = new LiveFeed(systemClock)
  const closed = once(response, 'close')
  socket.destroy()
  await closed
  feed.watch(response)
  expect(feed.watched).toBe(false)
  end()
})
