import { expect, test } from 'vitest'
import { startReceiver } from '../test-support/receiver.ts'
import {
  call, CLIENT_ID, CLIENT_SECRET, control, field, installUiApp, last, send, startTestPortal, startWorld,
} from '../test-support/world.ts'

test('a renamed portal answers at its new address and redirects from the old one, query included', async () => {
  const world = await startWorld()
  const { accessToken, refreshToken } = await installUiApp(world, ['ONAPPTEST'])
  const { portal } = world
  const [oldUrl, memberId] = [portal.url, portal.memberId]
  const answer = await control(portal, '/rename', {})
  expect(answer.body).toMatchObject({ domain: portal.domain, client_endpoint: `${portal.url}/rest/`, member_id: memberId })
  expect(portal.url).not.toBe(oldUrl)
  const redirected = await send(`${oldUrl}/rest/profile?auth=${accessToken}`)
  expect([redirected.status, redirected.headers.get('location')]).toEqual([302, `${portal.url}/rest/profile?auth=${accessToken}`])
  expect((await call(portal, 'profile', { auth: accessToken })).status).toBe(200)
  const followed = await fetch(`${oldUrl}/rest/profile?auth=${accessToken}`)
  expect(await followed.json()).toMatchObject({ result: { ID: '1' } })
  // A followed POST becomes a GET and loses what it carried: the documented trap.
  const lost = await fetch(`${oldUrl}/rest/profile`, { method: 'POST', body: new URLSearchParams({ auth: accessToken }) })
  expect(await lost.json()).toMatchObject({ error: 'NO_AUTH_FOUND' })
  const renewal = new URLSearchParams({
    grant_type: 'refresh_token', client_id: CLIENT_ID, client_secret: CLIENT_SECRET, refresh_token: refreshToken,
  })
  expect((await send(`${portal.oauthUrl}/oauth/token/?${renewal}`)).body).toMatchObject({
    client_endpoint: `${portal.url}/rest/`, member_id: memberId,
  })
  portal.control.fireEvent({ event: 'ONAPPTEST', client_id: CLIENT_ID })
  await world.settle()
  const { form } = last(world.receiver)
  expect([field(form, 'auth', 'domain'), field(form, 'auth', 'client_endpoint'), field(form, 'auth', 'member_id')]).toEqual([
    portal.domain, `${portal.url}/rest/`, memberId,
  ])
  expect((await send(`${portal.oauthUrl}/rest/app.info?auth=${accessToken}`)).body).toMatchObject({
    result: { install: { domain: portal.domain, uri: portal.url } },
  })
  expect((await send(`${oldUrl}/control/portal`)).body).toMatchObject({ domain: portal.domain })
})

test('a portal may get another name on the same port, go on to a third address and back', async () => {
  const { portal } = await startWorld()
  const { port, origin } = new URL(portal.url)
  expect((await control(portal, '/rename', { host: 'localhost' })).body).toMatchObject({ domain: `localhost:${port}` })
  const statusAt = async (url: string): Promise<[number, string | null]> => {
    const { status, headers } = await send(`${url}/rest/server.time`)
    return [status, headers.get('location')]
  }
  expect(await statusAt(origin)).toEqual([302, `http://localhost:${port}/rest/server.time`])
  await portal.control.rename()
  const third = portal.url
  expect(await statusAt(origin)).toEqual([302, `${third}/rest/server.time`])
  expect(await statusAt(`http://localhost:${port}`)).toEqual([302, `${third}/rest/server.time`])
  await portal.control.rename({ host: '127.0.0.1', port: Number(port) })
  expect(portal.url).toBe(origin)
  expect((await statusAt(origin))[0]).not.toBe(302)
  expect(await statusAt(third)).toEqual([302, `${origin}/rest/server.time`])
})

test.each([
  [{ host: 'a b' }, 'host: '], [{ host: 'x/y' }, 'host: '], [{ host: 'A' }, 'host: '], [{ port: 70_000 }, 'port: '],
  [{ name: 'x' }, 'name'], [{ host: '127.0.0.1' }, 'already'],
])('renaming to %j is a BAD_REQUEST', async (address, named) => {
  const { portal } = await startWorld()
  const url = portal.url
  expect(await control(portal, '/rename', address)).toMatchObject({
    status: 400, body: { error: 'BAD_REQUEST', error_description: expect.stringContaining(named) },
  })
  expect(portal.url).toBe(url)
})

test('a port that somebody else has is ADDRESS_IN_USE, and the portal stays where it was', async () => {
  const { portal } = await startWorld()
  const other = await startReceiver()
  const url = portal.url
  expect(await control(portal, '/rename', { port: Number(new URL(other.url).port) })).toMatchObject({
    body: { error: 'ADDRESS_IN_USE' },
  })
  await other.stop()
  expect(portal.url).toBe(url)
})

test('a stopped portal leaves none of its addresses listening', async () => {
  const portal = await startTestPortal({})
  const first = portal.url
  await portal.control.rename()
  await portal.stop()
  for (const url of [first, portal.url]) await expect(fetch(url)).rejects.toThrow('fetch failed')
})
