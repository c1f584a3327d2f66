import { randomBytes } from 'node:crypto'
import { createServer } from 'node:https'
import type { Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createSelfSigned } from '@portline/portal/tls/self-signed.ts'
import { systemClock } from '@portline/runtime/clock.ts'
import { silentLog } from '@portline/runtime/log.ts'
import { systemRandom } from '@portline/runtime/random.ts'
import { httpEndpoint } from 'portline/destinations/http-endpoint.ts'
import { afterAll, beforeAll, expect, test } from 'vitest'

/** The endpoint's certificate is checked against its name, not against the address that was pinned. */
const SECRET = `whsec_${randomBytes(32).toString('base64')}`
const { key, cert } = createSelfSigned(['php-app'])
const other = createSelfSigned(['php-app'])
const served: (string | false | null)[] = []
let server: Server
let port: number

beforeAll(async () => {
  server = createServer({ key, cert }, (request, response) => {
    served.push('servername' in request.socket ? (request.socket.servername as string | false | null) : null)
    request.resume().on('end', () => response.end())
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  port = (server.address() as AddressInfo).port
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

async function deliverTo(host: string, ca: string): Promise<unknown> {
  const resolver = { addresses: () => Promise.resolve(['127.0.0.1']) }
  const endpoint = httpEndpoint({ url: `https://${host}:${port}/hook`, secret: SECRET, allowPrivate: ['127.0.0.1'], ca })
  const destination = endpoint.open({ clock: systemClock, random: systemRandom, log: silentLog, resolver })
  const delivery = { id: 'A', app: 'shop', memberId: 'm', code: 'ONAPPTEST', data: undefined, receivedAtMs: 0, attempt: 1 }
  const failure = await destination.deliver([delivery], new AbortController().signal).catch((error: unknown) => error)
  await destination.close()
  return failure
}

test('a certificate of the named authority for the name is accepted, and the name is asked for', async () => {
  expect(await deliverTo('php-app', cert)).toBeUndefined()
  expect(served).toEqual(['php-app'])
})

test('a certificate for another name or of another authority is not, and nothing is sent', async () => {
  const before = served.length
  expect(await deliverTo('another', cert)).toMatchObject({ code: 'DESTINATION_FAILED', message: expect.stringContaining('ALTNAME') as string })
  expect(await deliverTo('php-app', other.cert)).toMatchObject({ code: 'DESTINATION_FAILED', unavailable: true })
  expect(served).toHaveLength(before)
})
