import { createServer } from 'node:http'
import { startPortal } from '@portline/portal'
import { decodeForm } from '@portline/wire/form/decode.ts'
import { VirtualClock } from '@portline/runtime/clock.ts'
import { expect, test } from 'vitest'

/** The app under test; yours would be your own server. It keeps what it is sent. */
async function startApp() {
  const received: ReturnType<typeof decodeForm>[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    received.push(decodeForm(Buffer.concat(chunks)))
    response.end()
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
  return { url, received, [Symbol.asyncDispose]: async () => void server.close() }
}

test('a lead created on the portal reaches the app, also when the portal is busy and an hour has passed', async () => {
  await using app = await startApp()
  await using portal = await startPortal({ port: 0, oauthPort: 0, clock: new VirtualClock(), seed: 'my test' })

  // An app without pages: it is installed at once, and told so with ONAPPINSTALL.
  portal.control.registerApp({
    name: 'My app', kind: 'local', client_id: 'local.my', client_secret: 'secret', ui: false, scope: ['crm'],
    install_url: `${app.url}/install`,
  })
  await portal.control.install('local.my')
  await portal.control.clock.advance(1_000)
  const auth = Object(app.received[0]?.['auth'])
  expect(app.received[0]?.['event']).toBe('ONAPPINSTALL')

  // REST as on a real portal, with a fault in its way: the first call is one too many.
  portal.control.faults.add({ fault: 'query_limit', method: 'event.bind', first: 1 })
  const bind = () => fetch(`${auth.client_endpoint}event.bind`, {
    method: 'POST', body: new URLSearchParams({ auth: auth.access_token, event: 'ONCRMLEADADD', handler: `${app.url}/lead` }),
  })
  expect((await bind()).status).toBe(503)
  expect((await bind()).status).toBe(200)

  // The queue delivers on the portal's clock.
  portal.control.fireEvent({ event: 'ONCRMLEADADD', data: { FIELDS: { ID: 5 } } })
  await portal.control.clock.advance(1_000)
  expect(app.received[1]).toMatchObject({ event: 'ONCRMLEADADD', data: { FIELDS: { ID: '5' } } })

  // An hour later the access token has expired, and the refresh token gives another.
  await portal.control.clock.advance(3_600_000)
  expect(await (await bind()).json()).toMatchObject({ error: 'expired_token' })
  const renewal = new URLSearchParams({
    grant_type: 'refresh_token', client_id: 'local.my', client_secret: 'secret', refresh_token: auth.refresh_token,
  })
  const renewed = await (await fetch(`${portal.oauthUrl}/oauth/token/`, { method: 'POST', body: renewal })).json()
  expect(renewed).toMatchObject({ member_id: portal.memberId, expires_in: 3_600 })
})
