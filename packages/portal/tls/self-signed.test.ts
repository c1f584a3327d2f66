import { X509Certificate } from 'node:crypto'
import { request } from 'node:https'
import { connect, createServer } from 'node:tls'
import type { ConnectionOptions, TLSSocket } from 'node:tls'
import { afterEach, expect, test } from 'vitest'
import { CLIENT_ID, events, registerUiApp, startTestPortal, startWorld } from '../test-support/world.ts'
import { startPortals } from '../start-portals.ts'
import { createSelfSigned } from './self-signed.ts'

const open: { close(): unknown }[] = []

afterEach(() => {
  for (const server of open.splice(0)) server.close()
})

/** Connects as a client that checks the certificate, and says how that went. */
function handshake(options: ConnectionOptions): Promise<string> {
  return new Promise((resolve) => {
    const socket: TLSSocket = connect({ ...options, rejectUnauthorized: true }, () => {
      resolve(socket.authorized ? `authorized ${socket.getProtocol()}` : 'not authorized')
      socket.destroy()
    })
    socket.on('error', (error) => resolve('code' in error ? String(error.code) : error.message))
  })
}

async function serve(names: readonly string[]): Promise<{ cert: string; port: number }> {
  const pair = createSelfSigned(names)
  const server = createServer(pair, (socket) => socket.on('error', () => {}))
  open.push(server)
  server.on('tlsClientError', () => {})
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  return { cert: pair.cert, port: typeof address === 'object' && address !== null ? address.port : 0 }
}

test('who is given the certificate as CA accepts it, by name and by address; nobody else does', async () => {
  const { cert, port } = await serve(['localhost', 'portal.localhost', '127.0.0.1', '::1'])
  const at = { host: '127.0.0.1', port }
  expect(await handshake({ ...at, ca: cert })).toBe('authorized TLSv1.3')
  expect(await handshake({ ...at, ca: cert, servername: 'localhost' })).toBe('authorized TLSv1.3')
  expect(await handshake({ ...at, ca: cert, servername: 'portal.localhost' })).toBe('authorized TLSv1.3')
  expect(await handshake({ ...at, ca: cert, maxVersion: 'TLSv1.2' })).toBe('authorized TLSv1.2')
  expect(await handshake({ ...at, ca: cert, servername: 'portal.example' })).toBe('ERR_TLS_CERT_ALTNAME_INVALID')
  expect(await handshake(at)).toMatch(/SELF_SIGNED/)
  expect(await handshake({ ...at, ca: createSelfSigned(['localhost']).cert })).toMatch(/SELF_SIGNED|SIGNATURE/)
})

test('it reads as what it is: its own authority, its names, its dates, a positive serial of its own', () => {
  const names = ['localhost', 'portal.example', '192.168.7.255', '2001:db8::ff:1', '::1']
  const serials = Array.from({ length: 50 }, () => {
    const certificate = new X509Certificate(createSelfSigned(names).cert)
    expect(certificate.verify(certificate.publicKey)).toBe(true)
    expect(certificate.checkIssued(certificate)).toBe(true)
    return certificate.serialNumber
  })
  expect(new Set(serials).size).toBe(50)
  expect(serials.filter((serial) => !/^[4-7][0-9A-F]{31}$/.test(serial))).toEqual([])
  const certificate = new X509Certificate(createSelfSigned(names).cert)
  expect([certificate.ca, certificate.subject]).toEqual([true, 'CN=Portline local portal'])
  expect(certificate.subjectAltName).toBe(
    'DNS:localhost, DNS:portal.example, IP Address:192.168.7.255, IP Address:2001:DB8:0:0:0:0:FF:1, IP Address:0:0:0:0:0:0:0:1',
  )
  expect([certificate.validFrom, certificate.validTo]).toEqual(['Jan  1 00:00:00 2020 GMT', 'Dec 31 23:59:59 2049 GMT'])
})

/** GET with the portal's certificate as the only authority. */
function get(url: string, ca: string): Promise<{ status: number | undefined; text: string }> {
  return new Promise((resolve, reject) => {
    request(url, { ca, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode, text }))
    }).on('error', reject).end()
  })
}

test('a portal over TLS: REST, OAuth and control by https, the certificate offered, events naming https', async () => {
  const world = await startWorld({ tls: true })
  const { portal } = world
  const ca = portal.control.certificate ?? ''
  expect([portal.url, portal.oauthUrl].map((url) => new URL(url).protocol)).toEqual(['https:', 'https:'])
  expect(await get(`${portal.url}/control/certificate`, ca)).toEqual({ status: 200, text: ca })
  const app = registerUiApp(world)
  await portal.control.install(app.client_id)
  const frame = world.receiver.received[0]
  expect(frame?.query.get('PROTOCOL')).toBe('1')
  const auth = String(frame?.form['AUTH_ID'])
  expect((await get(`${portal.url}/rest/profile?auth=${auth}`, ca)).text).toContain('"NAME":"Anna"')
  const refresh = String(frame?.form['REFRESH_ID'])
  const query = new URLSearchParams({
    grant_type: 'refresh_token', client_id: CLIENT_ID, client_secret: app.client_secret, refresh_token: refresh,
  })
  const renewed = JSON.parse((await get(`${portal.oauthUrl}/oauth/token/?${query}`, ca)).text)
  expect(renewed).toMatchObject({ client_endpoint: `${portal.url}/rest/`, server_endpoint: `${portal.oauthUrl}/rest/` })
  await get(`${portal.url}/rest/event.bind?auth=${auth}&event=ONAPPINSTALL&handler=${world.receiver.url}/events`, ca)
  portal.control.finish(CLIENT_ID)
  await world.settle()
  expect(Object(events(world.receiver)[0]?.form['auth']).client_endpoint).toBe(`${portal.url}/rest/`)
  await expect(fetch(`${portal.url}/rest/profile`)).rejects.toThrow('fetch failed')
})

test('a key and certificate of one\'s own are taken, and connections are reset over TLS too', async () => {
  const own = createSelfSigned(['127.0.0.1'])
  const portal = await startTestPortal({ tls: own })
  expect(portal.control.certificate).toBe(own.cert)
  portal.control.faults.add({ fault: 'connection_reset' })
  await expect(get(`${portal.url}/rest/profile`, own.cert)).rejects.toThrow()
  portal.control.faults.clear()
  expect((await get(`${portal.url}/rest/profile`, own.cert)).status).toBe(401)
})

test('names the portal will have later can be asked for', async () => {
  const portal = await startTestPortal({ tls: { names: ['b24.localhost'] } })
  expect(new X509Certificate(portal.control.certificate ?? '').subjectAltName).toContain('DNS:b24.localhost')
})

test('portals started together and their OAuth server show one certificate', async () => {
  const together = await startPortals({ count: 2, port: 0, oauthPort: 0, tls: true })
  try {
    const [one, two] = together.portals.map(({ control }) => control.certificate ?? '')
    expect([one?.startsWith('-----BEGIN CERTIFICATE-----'), one === two]).toEqual([true, true])
    expect((await get(`${together.oauth.url}/rest/app.info`, one ?? '')).status).toBe(401)
    expect((await get(`${together.portals[1]?.url}/rest/profile`, one ?? '')).status).toBe(401)
  } finally {
    await together.stop()
  }
})

test.each([{ names: ['not a name'] }, { names: [''] }, { key: 'x', cert: 'y' }])('tls of %j is CONFIG_INVALID', async (tls) => {
  await expect(startTestPortal({ tls })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
})

test('without tls there is no certificate to be had', async () => {
  const portal = await startTestPortal({})
  expect((await fetch(`${portal.url}/control/certificate`)).status).toBe(404)
})
