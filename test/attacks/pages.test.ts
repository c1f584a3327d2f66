import { encodeForm } from '@portline/wire/form/encode.ts'
import type { PhpMap } from '@portline/wire/form/value.ts'
import { defineApp } from 'portline'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { forged, tokenOf } from '../support/attacker.ts'
import { installApp, openHouse, until } from '../support/house.ts'
import type { House } from '../support/house.ts'

/** The install page and placements are POSTed by a browser: each field is whatever its sender likes. */
let house: House
beforeEach(async () => {
  house = await openHouse({ app: defineApp({ name: 'shop', connectors: [{ id: 'shop_chat', name: 'Shop' }] }).on('ONAPPTEST', () => {}) })
})
afterEach(() => house.close())

function post(form: PhpMap | string, { page = 'install', query = '', headers = {} }: { page?: string; query?: string; headers?: Record<string, string> } = {}) {
  return fetch(`${house.side.url}/apps/shop/${page}?${query}`, {
    method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers }, body: typeof form === 'string' ? form : encodeForm(form),
  })
}

test('false fields beside a true administrator\'s token are not believed', async () => {
  // The portal opens the installer; what a browser makes of it follows.
  await house.portal.control.install(house.clientId)
  const fields = {
    AUTH_ID: await tokenOf(house, 1), REFRESH_ID: 'not the pair\'s', AUTH_EXPIRES: '999999999', member_id: house.portal.memberId, status: 'P',
    APPLICATION_SCOPE: 'everything', DOMAIN: 'evil.example', PROTOCOL: '0', client_endpoint: 'https://evil.example/rest/', user_id: '999', PLACEMENT: '../../x',
    PLACEMENT_OPTIONS: '{"__proto__":{"admin":true}}',
  }
  const response = await post(fields, { query: 'DOMAIN=evil.example&PROTOCOL=0&LANG=en&APP_SID=1' })
  expect(response.status).toBe(200)
  expect(await response.text()).not.toContain('evil.example')
  const installation = await house.installation()
  expect(installation).toMatchObject({ domain: house.portal.domain, scope: 'imopenlines,imconnector,user', appStatus: 'F' })
  expect(installation.accounts.map(({ userId }) => userId)).toEqual(['1'])
})

test('another portal\'s member_id beside a true token opens nothing', async () => {
  await installApp(house)
  const before = await house.installation()
  for (const member_id of ['f'.repeat(32), `${house.portal.memberId}0`]) {
    const response = await post({ AUTH_ID: await tokenOf(house, 1), REFRESH_ID: 'r', member_id, APPLICATION_TOKEN: 'theirs' })
    expect([response.status, await response.json()]).toMatchObject([403, { error: 'PROOF_REFUSED' }])
  }
  expect(await house.installation()).toEqual(before)
  expect(await house.post(forged('ONAPPTEST', { member_id: 'f'.repeat(32), application_token: 'theirs' }))).toMatchObject({ body: { state: 'held' } })
})

test('an ordinary user brings no application_token and no tokens in', async () => {
  await installApp(house)
  const before = await house.installation()
  const response = await post({ AUTH_ID: await tokenOf(house, 2), REFRESH_ID: 'r', member_id: house.portal.memberId, APPLICATION_TOKEN: 'theirs' })
  expect([response.status, await response.json()]).toMatchObject([403, { error: 'PROOF_REFUSED' }])
  // A placement they may open; what it says of itself counts for nothing there either.
  const visit = await post({ AUTH_ID: await tokenOf(house, 2), REFRESH_ID: 'r', member_id: house.portal.memberId, APPLICATION_TOKEN: 'theirs', PLACEMENT: 'DEFAULT' }, { page: 'placement' })
  expect(visit.status).toBe(200)
  expect(await house.installation()).toEqual(before)
  expect((await house.post(forged('ONAPPTEST', { member_id: house.portal.memberId, application_token: 'theirs' }))).status).toBe(403)
})

test('a POST from another site has nothing to ride on: no cookie is set or read, and without a token nothing happens', async () => {
  await installApp(house)
  const before = await house.installation()
  const cross = { origin: 'https://evil.example', referer: 'https://evil.example/', cookie: 'session=1', 'sec-fetch-site': 'cross-site' }
  const response = await post({ member_id: house.portal.memberId, APPLICATION_TOKEN: 'theirs', AUTH_ID: '' }, { headers: cross })
  expect([response.status, response.headers.get('set-cookie'), response.headers.get('access-control-allow-origin')]).toEqual([400, null, null])
  const opened = await post({ member_id: house.portal.memberId, AUTH_ID: await tokenOf(house, 1), REFRESH_ID: 'r' }, { page: 'placement' })
  expect([opened.status, opened.headers.get('set-cookie')]).toEqual([200, null])
  expect(await house.installation()).toEqual(before)
})

test.each([
  ['AUTH_ID as a list', 'AUTH_ID[]=a&member_id=m', 400],
  ['member_id as a map', 'AUTH_ID=a&member_id[x]=m', 400],
  ['a field of 100,000 characters', `AUTH_ID=${'a'.repeat(100_000)}&member_id=m`, 400],
  ['5,000 fields', Array.from({ length: 5_000 }, (_value, index) => `f${index}=1`).join('&'), 413],
  ['a body of 2 MB', `AUTH_ID=${'a'.repeat(2_000_000)}`, 413],
  ['options that are no JSON', 'AUTH_ID=a&member_id=m&PLACEMENT_OPTIONS={', 400],
])('%s is refused with a code', async (_name, body, status) => {
  const response = await post(body)
  expect([response.status, await response.json()]).toMatchObject([status, { error: expect.any(String) as string }])
})

test('markup in what is posted stays text on the page', async () => {
  const response = await post({ AUTH_ID: 'a', member_id: 'm', SERVER_ENDPOINT: '"><script>alert(1)</script>', LANG: '<img>' }, { headers: { accept: 'text/html' } })
  const html = await response.text()
  expect([response.status, html.includes('<script'), html.includes('<img')]).toEqual([403, false, false])
})

test('a flood of the install page leaves the true installer its turn', async () => {
  const flood = Array.from({ length: 300 }, (_value, index) => post({ AUTH_ID: `invented-${index}`, member_id: 'm', REFRESH_ID: 'r' }))
  const { page } = await house.portal.control.install(house.clientId)
  expect(page?.status).toBe(200)
  expect((await Promise.all(flood)).every(({ status }) => status === 403 || status === 503)).toBe(true)
  await until(async () => ((await house.installation()).status === 'new' ? true : undefined), 'the installation')
})
