import type { Network } from '@portline/runtime/network.ts'
import { systemNetwork } from '@portline/runtime/network.ts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startTinyServer } from '../test-support/tiny-auth-server.ts'
import type { TinyServer } from '../test-support/tiny-auth-server.ts'
import { createAuthServers } from './auth-server.ts'

/** client_secret goes to a known authorization server or nowhere, whatever an installation, an event or a server says. */
const TRUSTED = 'https://oauth.bitrix.info'
const CREDENTIALS = { clientId: 'app.1', clientSecret: 'the client secret' }
let reached: { url: string; form: Readonly<Record<string, string>> }[]
const watched: Network = {
  postForm(url, form) {
    reached.push({ url, form })
    return Promise.resolve({ status: 200, json: { error: 'invalid_grant' } })
  },
}
beforeEach(() => {
  reached = []
})

test.each([
  'https://oauth.bitrix.info.evil.example/rest/',
  'https://evil.example/oauth.bitrix.info/rest/',
  'https://oauth.bitrix.info@evil.example/rest/',
  'https://oauth.bitrix.info:pass@evil.example/',
  'https://evil.example#@oauth.bitrix.info/',
  'https://evil.example?https://oauth.bitrix.info/',
  'https://oauth.bitrix.info:8443/rest/',
  'https://oauth.bitrix.info./rest/',
  'http://oauth.bitrix.info/rest/',
  'https://oauth.bitrix.infо/rest/',
  'https://xn--oauth.bitrix.info/',
  'https://sub.oauth.bitrix.info/rest/',
  'https://oauth.bitrix.info%2eevil.example/',
  'https://oauth.bitrix.info%00.evil.example/',
  'https:\\\\evil.example\\@oauth.bitrix.info/',
  '//oauth.bitrix.info/rest/',
  'oauth.bitrix.info',
  'file:///etc/passwd',
  'data:,https://oauth.bitrix.info',
  'blob:https://oauth.bitrix.info/1',
  'https://127.0.0.1/rest/',
  'https://169.254.169.254/latest/',
  'null',
  '',
])('client_secret does not go to %j', async (endpoint) => {
  const servers = createAuthServers([TRUSTED], watched)
  const failure = await servers.renew(endpoint, CREDENTIALS, 'refresh').catch((error: unknown) => error)
  // What names the trusted server in another way is asked at that server; anything else is not asked at all.
  if (reached.length > 0) expect(reached.map(({ url }) => url)).toEqual([`${TRUSTED}/oauth/token/`])
  else expect(failure).toMatchObject({ code: 'AUTH_SERVER_UNKNOWN' })
  expect(String(failure)).not.toContain(CREDENTIALS.clientSecret)
})

test('a name that means the trusted server leads to its own address alone, without what was put into the name', async () => {
  const servers = createAuthServers([TRUSTED], watched)
  for (const endpoint of ['HTTPS://OAUTH.BITRIX.INFO/rest/', 'https://user:pass@oauth.bitrix.info/x?y#z', 'https://oauth.bitrix.info:443/../../']) {
    await servers.renew(endpoint, CREDENTIALS, 'refresh').catch(() => {})
  }
  expect(new Set(reached.map(({ url }) => url))).toEqual(new Set([`${TRUSTED}/oauth/token/`]))
})

test('an access token is shown to known servers alone too', async () => {
  await expect(createAuthServers([TRUSTED], watched).appInfo('https://evil.example', 'token')).rejects.toMatchObject({ code: 'AUTH_SERVER_UNKNOWN' })
  expect(reached).toEqual([])
})

test('a server over plain http is trusted on this machine only, where no network carries the secret', () => {
  for (const origin of ['http://oauth.example', 'http://10.0.0.1', 'http://localhost.evil.example', 'http://127.0.0.1.nip.example']) {
    expect(() => createAuthServers([origin], watched)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
  }
  expect(createAuthServers(['http://127.0.0.1:4470', 'http://localhost:4470'], watched).origins).toHaveLength(2)
})

let trusted: TinyServer | undefined
let stranger: TinyServer | undefined
afterEach(async () => {
  await trusted?.close()
  await stranger?.close()
  trusted = stranger = undefined
})

test.each([301, 302, 303, 307, 308])('a redirect with %i is not followed, with the secret or without', async (status) => {
  const other = (stranger = await startTinyServer(() => ({ json: {} })))
  const server = (trusted = await startTinyServer(() => ({ status, text: '{}', location: `${other.origin}/oauth/token/` })))
  const servers = createAuthServers([server.origin], systemNetwork)
  await expect(servers.renew(`${server.origin}/rest/`, CREDENTIALS, 'refresh')).rejects.toMatchObject({ code: 'RENEWAL_FAILED' })
  await expect(servers.appInfo(server.origin, 'token')).rejects.toMatchObject({ code: 'PROOF_UNAVAILABLE' })
  expect(server.asked).toHaveLength(2)
  expect(other.asked).toEqual([])
})

test('what a server names in its answer does not change where the secret goes next', async () => {
  const other = (stranger = await startTinyServer(() => ({ json: {} })))
  const server = (trusted = await startTinyServer(() => ({
    json: {
      access_token: 'a', refresh_token: 'r', expires_in: 3600, member_id: 'm', server_endpoint: `${other.origin}/rest/`,
      client_endpoint: `${other.origin}/rest/`, domain: other.origin,
    },
  })))
  const servers = createAuthServers([server.origin], systemNetwork)
  const answer = await servers.renew(`${server.origin}/rest/`, CREDENTIALS, 'refresh')
  await expect(servers.renew(answer.server_endpoint, CREDENTIALS, answer.refresh_token)).rejects.toMatchObject({ code: 'AUTH_SERVER_UNKNOWN' })
  expect(other.asked).toEqual([])
})

async function verdictOn(answer: ReturnType<TinyServer['answer']>): Promise<unknown> {
  const server = (trusted = await startTinyServer(() => answer))
  return createAuthServers([server.origin], systemNetwork).appInfo(server.origin, 'token').catch((error: unknown) => error)
}

test.each([
  'NO_AUTH_FOUND', 'invalid_token', 'expired_token', 'invalid_grant', 'invalid_client', 'wrong_client', 'NOT_INSTALLED', 'ERROR_OAUTH',
])('%s is the server\'s last word on an access token', async (error) => {
  for (const status of [200, 400, 401, 403]) {
    expect(await verdictOn({ status, json: { error } })).toMatchObject({ code: 'PROOF_REFUSED' })
    await trusted?.close()
  }
})

test.each([
  [401, 'PAYMENT_REQUIRED'], [401, 'CONNECTION_ERROR'], [401, 'OVERLOAD_LIMIT'], [403, 'ACCESS_DENIED'], [429, 'TOO_MANY_REQUESTS'],
  [429, 'invalid_token'], [503, 'expired_token'], [400, 'invalid_request'], [404, 'ERROR_METHOD_NOT_FOUND'], [401, 'what nobody has heard of'],
])('a server that answers %i %s has not refused the access token', async (status, error) => {
  expect(await verdictOn({ status, json: { error } })).toMatchObject({ code: 'PROOF_UNAVAILABLE' })
})
