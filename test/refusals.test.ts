import { connect } from 'node:net'
import { encodeForm } from '@portline/wire/form/encode.ts'
import { defineApp } from 'portline'
import { HELD_EVENTS_PER_PORTAL } from 'portline/limits.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { installApp, openHouse, until } from './support/house.ts'
import type { House } from './support/house.ts'

/** Everything that should not get in, and the coded answer to it. None of it changes the live installation. */
let house: House
let token: string
let ran: string[]

beforeAll(async () => {
  ran = []
  const app = defineApp({ name: 'guarded' })
  for (const code of ['ONAPPTEST', 'ONAPPINSTALL', 'ONAPPUPDATE', 'ONAPPUNINSTALL', 'ONCRMDEALADD']) app.on(code, (context) => void ran.push(context.event.id))
  house = await openHouse({ app })
  await installApp(house)
  token = house.portal.control.app(house.clientId).application_token
})
afterAll(() => house.close())

function event(auth: Record<string, string>, code = 'ONAPPTEST') {
  return { event: code, data: { LANGUAGE_ID: 'en' }, ts: '1767225600', auth }
}

/** A user's live token, as any user who opens the app has one. */
async function frameToken(userId: number): Promise<string> {
  const response = await fetch(`${house.portal.url}/oauth/authorize/?client_id=${house.clientId}&user_id=${userId}`, { redirect: 'manual' })
  const code = new URL(response.headers.get('location') ?? '').searchParams.get('code') ?? ''
  const query = new URLSearchParams({ grant_type: 'authorization_code', client_id: house.clientId, client_secret: house.clientSecret, code })
  const tokens = (await (await fetch(`${house.portal.oauthUrl}/oauth/token/?${query}`)).json()) as { access_token: string }
  return tokens.access_token
}

describe('a request that is no event', () => {
  test.each([
    ['no body', '', 400, 'EVENT_MISSING'],
    ['no event code', 'data[A]=1&auth[member_id]=m', 400, 'EVENT_MISSING'],
    ['event as a list', 'event[]=A&auth[member_id]=m', 400, 'EVENT_MALFORMED'],
    ['no auth', 'event=ONAPPTEST&ts=1', 400, 'AUTH_MISSING'],
    ['auth as a list', 'event=ONAPPTEST&auth[]=a&auth[]=b', 400, 'AUTH_MALFORMED'],
    ['auth as a plain value', 'event=ONAPPTEST&auth=secret', 400, 'AUTH_MALFORMED'],
    ['application_token as a list', 'event=ONAPPTEST&auth[member_id]=m&auth[application_token][]=x', 400, 'AUTH_MALFORMED'],
    ['no member_id', 'event=ONAPPTEST&auth[application_token]=x', 400, 'MEMBER_ID_MISSING'],
    ['broken escapes', 'event=ONAPP%ZZ&auth[member_id]=m&auth[application_token]=%', 400, 'EVENT_MALFORMED'],
    ['5,000 parameters', Array.from({ length: 5_000 }, (_, index) => `p${index}=1`).join('&'), 413, 'TOO_MANY_PARAMETERS'],
    ['a name nested 100 deep', `event=A&a${'[b]'.repeat(100)}=1`, 413, 'NESTING_TOO_DEEP'],
    ['a name of 10,000 characters', `${'n'.repeat(10_000)}=1`, 413, 'KEY_TOO_LONG'],
    ['a body of 10 MB', `event=${'x'.repeat(10_000_000)}`, 413, 'BODY_TOO_LARGE'],
  ])('%s', async (_name, body, status, error) => {
    expect(await house.post(body)).toMatchObject({ status, body: { error, error_description: expect.any(String) as string } })
  })

  test('a body of 10 MB that does not say its length', async () => {
    const chunk = new TextEncoder().encode('x'.repeat(65_536))
    let sent = 0
    const body = new ReadableStream({
      pull(controller) {
        if (sent++ < 160) controller.enqueue(chunk)
        else controller.close()
      },
    })
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const response = await fetch(`${house.side.url}/apps/guarded/events`, { method: 'POST', headers, body, duplex: 'half' } as RequestInit)
    expect([response.status, await response.json()]).toMatchObject([413, { error: 'BODY_TOO_LARGE' }])
  })

  test('JSON, another method, an app that is not here', async () => {
    expect(await house.post('{}', { 'content-type': 'application/json' })).toMatchObject({ status: 415, body: { error: 'UNSUPPORTED_MEDIA_TYPE' } })
    const got = await fetch(`${house.side.url}/apps/guarded/events`)
    expect([got.status, got.headers.get('allow'), await got.json()]).toMatchObject([405, 'POST', { error: 'METHOD_NOT_ALLOWED' }])
    const nobody = await fetch(`${house.side.url}/apps/nobody/events`, { method: 'POST' })
    expect([nobody.status, await nobody.json()]).toMatchObject([404, { error: 'APP_UNKNOWN' }])
  })

  test('a sender that breaks off leaves nothing behind', async () => {
    const before = await house.events()
    const socket = connect(Number(new URL(house.side.url).port), '127.0.0.1')
    socket.write('POST /apps/guarded/events HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 500\r\n\r\nevent=ONAPP')
    await new Promise((resolve) => setTimeout(resolve, 50))
    socket.destroy()
    expect(await house.events()).toEqual(before)
  })
})

describe('an event that is not proven', () => {
  test('without an application_token, or with a wrong one, it is refused', async () => {
    const member_id = house.portal.memberId
    expect(await house.post(event({ member_id }))).toMatchObject({ status: 403, body: { error: 'APPLICATION_TOKEN_MISSING' } })
    expect(await house.post(event({ member_id, application_token: 'wrong' }))).toMatchObject({ status: 403, body: { error: 'APPLICATION_TOKEN_MISMATCH' } })
    expect(await house.post(event({ member_id, application_token: 'wrong' }, 'ONAPPUNINSTALL'))).toMatchObject({ status: 403 })
    expect((await house.installation()).status).toBe('active')
  })

  test('of a portal nobody knows it is held, up to a limit, and no handler sees it', async () => {
    const stranger = event({ member_id: 'stranger', application_token: 'anything' })
    // One sender leaves half of the room to others.
    const share = HELD_EVENTS_PER_PORTAL / 2
    for (let n = 0; n < share; n++) {
      expect(await house.post(stranger)).toMatchObject({ status: 200, body: { state: 'held', reason: 'AWAITING_PROOF' } })
    }
    expect(await house.post(stranger)).toMatchObject({ status: 403, body: { error: 'PORTAL_UNKNOWN' } })
    const held = await house.events({ portal: 'stranger', state: 'held' })
    expect(held).toHaveLength(share)
    expect(ran).not.toContain(held[0]?.id)
  })
})

describe('a forged ONAPPINSTALL over a live installation', () => {
  const forged = (auth: Record<string, string>) =>
    event({ member_id: house.portal.memberId, application_token: 'chosen by the forger', server_endpoint: `${house.portal.oauthUrl}/rest/`, ...auth }, 'ONAPPINSTALL')

  test.each([
    ['without an access token', {}, 'APPLICATION_TOKEN_MISMATCH'],
    ['with an invented access token', { access_token: 'a'.repeat(70), refresh_token: 'b'.repeat(70) }, 'PROOF_REFUSED'],
    ['with an authorization server of their own', { access_token: 'a', refresh_token: 'b', server_endpoint: 'https://evil.example/rest/' }, 'AUTH_SERVER_UNKNOWN'],
  ])('%s', async (_name, auth, error) => {
    const before = await house.installation()
    expect(await house.post(forged(auth))).toMatchObject({ status: 403, body: { error } })
    expect(await house.installation()).toEqual(before)
    expect(await house.post(event({ member_id: house.portal.memberId, application_token: token }))).toMatchObject({ status: 200, body: { state: 'pending' } })
  })

  test('by an ordinary user of the portal, with a token that is really theirs', async () => {
    const access_token = await frameToken(2)
    expect(await house.post(forged({ access_token, refresh_token: 'x' }))).toMatchObject({ status: 403, body: { error: 'PROOF_REFUSED' } })
    expect(await house.post(event({ member_id: house.portal.memberId, application_token: token }))).toMatchObject({ body: { state: 'pending' } })
  })

  test.each([
    ['an ordinary user\'s', () => frameToken(2)],
    ['an invented', () => Promise.resolve('a'.repeat(70))],
  ])('by somebody who saw the application_token in the app\'s frame, with %s access token, leaves the portal its tokens', async (_name, draw) => {
    const { accounts } = await house.installation()
    const auth = { access_token: await draw(), refresh_token: 'x', application_token: token, expires: '9999999999', user_id: '1' }
    const { body } = await house.post(forged(auth))
    await until(async () => ((await house.event(body.id ?? '')).state === 'done' ? true : undefined), 'the install to be done')
    expect((await house.installation()).accounts).toEqual(accounts)
  })

  test('that names a host of its own as the portal: the server\'s word counts, not the body\'s', async () => {
    const access_token = await frameToken(1)
    const answer = await house.post(forged({ access_token, refresh_token: 'x', client_endpoint: 'https://evil.example/rest/', domain: 'evil.example', application_token: token }))
    expect(answer.status).toBe(200)
    await until(async () => ((await house.event(answer.body.id ?? '')).state === 'done' ? true : undefined), 'the install to be done')
    expect((await house.installation()).domain).toBe(house.portal.domain)
  })
})

describe('the install page', () => {
  const post = (form: Record<string, string>) =>
    fetch(`${house.side.url}/apps/guarded/install?DOMAIN=evil.example&PROTOCOL=1`, {
      method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: encodeForm(form),
    })
  const fields = { member_id: 'f'.repeat(32), AUTH_EXPIRES: '3600', REFRESH_ID: 'r', APPLICATION_TOKEN: 'theirs', status: 'L' }

  test.each([
    ['an invented token', { ...fields, AUTH_ID: 'invented' }, 403, 'PROOF_REFUSED'],
    ['a server of their own', { ...fields, AUTH_ID: 'x', SERVER_ENDPOINT: 'https://evil.example/rest/' }, 403, 'AUTH_SERVER_UNKNOWN'],
    ['no token', fields, 400, 'BAD_REQUEST'],
  ])('refuses %s', async (_name, form, status, error) => {
    const response = await post(form)
    expect([response.status, await response.json()]).toMatchObject([status, { error }])
  })

  test('refuses a true token with another portal\'s member_id, and an ordinary user\'s', async () => {
    const other = await post({ ...fields, AUTH_ID: await frameToken(1) })
    expect([other.status, await other.json()]).toMatchObject([403, { error: 'PROOF_REFUSED' }])
    const ordinary = await post({ ...fields, member_id: house.portal.memberId, AUTH_ID: await frameToken(2) })
    expect([ordinary.status, await ordinary.json()]).toMatchObject([403, { error: 'PROOF_REFUSED' }])
    expect((await house.installation()).domain).toBe(house.portal.domain)
  })

  test('shows a person a page instead, with the code on it', async () => {
    const response = await fetch(`${house.side.url}/apps/guarded/install`, {
      method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'text/html' }, body: encodeForm({ ...fields, AUTH_ID: '<script>' }),
    })
    expect(response.status).toBe(403)
    const html = await response.text()
    expect(html).toContain('PROOF_REFUSED')
    expect(html).not.toContain('<script>')
  })
})

describe('the operator API', () => {
  test.each([
    [{ host: 'evil.example' }, 'FOREIGN_HOST'],
    [{ origin: 'https://evil.example' }, 'FOREIGN_ORIGIN'],
    [{ origin: 'null' }, 'FOREIGN_ORIGIN'],
    // What a URL parser makes loopback of, and no browser sends for it.
    [{ host: 'evil.example@127.0.0.1' }, 'FOREIGN_HOST'],
    [{ host: '127.0.0.1/evil.example' }, 'FOREIGN_HOST'],
    [{ host: 'localhost?evil.example' }, 'FOREIGN_HOST'],
    [{ host: '127.0.0.1#evil.example' }, 'FOREIGN_HOST'],
    [{ host: '0x7f.1' }, 'FOREIGN_HOST'],
    [{ host: '2130706433' }, 'FOREIGN_HOST'],
    [{ host: '127.0.0.1.evil.example' }, 'FOREIGN_HOST'],
    [{ host: 'localhost.evil.example' }, 'FOREIGN_HOST'],
    [{ host: '127.0.0.1:4400:80' }, 'FOREIGN_HOST'],
    // A GET without an Origin, as of an image.
    [{ 'sec-fetch-site': 'cross-site' }, 'FOREIGN_ORIGIN'],
    // A page of another server of this machine.
    [{ 'sec-fetch-site': 'same-site' }, 'FOREIGN_ORIGIN'],
  ])('refuses %o', async (headers, error) => {
    expect(await ask(headers)).toMatchObject([403, { error }])
  })

  test.each(['x-forwarded-for', 'forwarded', 'via', 'x-forwarded-host', 'x-real-ip'])('wants a token of what came through a proxy: %s', async (name) => {
    expect(await ask({ [name]: '127.0.0.1' })).toMatchObject([401, { error: 'OPERATOR_TOKEN_REQUIRED' }])
  })

  test.each([
    {}, { host: 'localhost' }, { host: 'LOCALHOST:4400' }, { host: '[::1]:4400' }, { 'sec-fetch-site': 'same-origin' }, { 'sec-fetch-site': 'none' },
    { host: 'localhost:9', origin: 'http://localhost:9' },
  ])('lets %o in', async (headers) => {
    expect(await ask(headers)).toMatchObject([200, { events: [] }])
  })

  async function ask(headers: Record<string, string>): Promise<[status: number | undefined, body: unknown]> {
    const { request } = await import('node:http')
    const answer = await new Promise<{ status: number | undefined; text: string }>((resolve) => {
      request(`${house.side.url}/api/events?event=NONE`, { headers }, (response) => {
        let text = ''
        response.on('data', (chunk: Buffer) => (text += chunk.toString())).on('end', () => resolve({ status: response.statusCode, text }))
      }).end()
    })
    return [answer.status, JSON.parse(answer.text)]
  }

  test.each([
    ['/api/events?limit=0', 400, 'BAD_REQUEST'],
    ['/api/events?limit=0x10', 400, 'BAD_REQUEST'],
    ['/api/events?limit=1e1', 400, 'BAD_REQUEST'],
    ['/api/events?limit=%205', 400, 'BAD_REQUEST'],
    ['/api/events?limit=', 400, 'BAD_REQUEST'],
    ['/api/events?limit=99999999999999999999', 400, 'BAD_REQUEST'],
    ['/api/audit?after=', 400, 'BAD_REQUEST'],
    ['/api/audit?after=9007199254740993', 400, 'BAD_REQUEST'],
    ['/api/installations?limit=201', 400, 'BAD_REQUEST'],
    ['/api/installations?order=odd', 400, 'BAD_REQUEST'],
    ['/api/events?state=odd', 400, 'BAD_REQUEST'],
    ['/api/events?after=nope', 400, 'BAD_REQUEST'],
    ['/api/events?portl=x', 400, 'BAD_REQUEST'],
    ['/api/events/nothing', 404, 'NOT_FOUND'],
    ['/api/installations/guarded/nobody', 404, 'NOT_FOUND'],
    ['/api/nothing', 404, 'NOT_FOUND'],
    ['/%zz', 400, 'BAD_REQUEST'],
  ])('%s', async (path, status, error) => {
    const response = await fetch(`${house.side.url}${path}`)
    expect([response.status, await response.json()]).toMatchObject([status, { error }])
  })

  test.each([true, null, [[]], -1, 0.5, '1e1', ''])('refuses to go on with a replay after %o', async (after) => {
    const response = await fetch(`${house.side.url}/api/replays`, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ dryRun: true, after }),
    })
    expect([response.status, await response.json()]).toMatchObject([400, { error: 'BAD_REQUEST' }])
  })

  test('counts refusals and keeps samples of them', async () => {
    const { counts, samples } = (await (await fetch(`${house.side.url}/api/refusals`)).json()) as { counts: Record<string, number>; samples: object[] }
    expect(counts['APPLICATION_TOKEN_MISMATCH']).toBeGreaterThan(0)
    expect(samples.length).toBeGreaterThan(0)
  })
})
