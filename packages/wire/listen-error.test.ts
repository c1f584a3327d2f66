import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { listenError } from './listen-error.ts'

async function failureOf(host: string, port: number): Promise<unknown> {
  const server = createServer().listen(port, host)
  const cause: unknown = await Promise.race([once(server, 'listening').then(() => undefined), new Promise((resolve) => server.once('error', resolve))])
  server.close()
  return listenError(cause, host, port)
}

/** 203.0.113.0/24 is for documents: no machine has such an address. */
test.each([
  ['203.0.113.9', '203.0.113.9 is no address of this machine (EADDRNOTAVAIL)'],
  ['nosuch.invalid', 'no address is found for "nosuch.invalid" ('],
  ['[::1]', '"[::1]" is an address of a URL: write ::1 ('],
])('the host %s is a setting that is wrong', async (host, words) => {
  expect(await failureOf(host, 0)).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining(words) as string, cause: expect.any(Error) as Error })
})

test('a port that is taken has a code of its own', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  expect(await failureOf('127.0.0.1', port)).toMatchObject({ code: 'ADDRESS_IN_USE', message: `127.0.0.1:${port} is taken` })
  server.close()
})

test('a port for other users is a setting that is wrong', () => {
  // Whoever runs the tests may be allowed to.
  const cause = Object.assign(new Error('listen EACCES'), { code: 'EACCES' })
  expect(listenError(cause, '127.0.0.1', 80)).toMatchObject({ code: 'CONFIG_INVALID', message: 'port 80 cannot be listened on by this user: choose one from 1024 on (EACCES)' })
})

test('what has nothing to do with host and port stays what it is', () => {
  const cause = Object.assign(new Error('too many open files'), { code: 'EMFILE' })
  expect(listenError(cause, '127.0.0.1', 80)).toBe(cause)
})
