import { mkdir } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createSelfSigned } from '@portline/portal/tls/self-signed.ts'
import { systemNetwork } from '@portline/runtime/network.ts'
import type { Network } from '@portline/runtime/network.ts'
import { defineApp } from 'portline'
import { startAppSide } from 'portline/serve/start-app-side.ts'
import { startTinyServer } from 'portline/test-support/tiny-auth-server.ts'
import type { TinyServer } from 'portline/test-support/tiny-auth-server.ts'
import { createAuthServers } from 'portline/tokens/auth-server.ts'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { forged, tokenOf } from '../support/attacker.ts'
import { installApp, openHouse } from '../support/house.ts'
import type { House } from '../support/house.ts'

/** Addresses that an attacker would like Portline to call, with a token, with client_secret, or at all. */
let house: House
/** What an attacker listens with. */
let decoy: TinyServer

beforeAll(async () => {
  decoy = await startTinyServer(() => ({ json: { result: true } }))
  house = await openHouse({ app: defineApp({ name: 'shop' }).on('ONAPPINSTALL', () => {}) })
  await installApp(house)
})
beforeEach(() => {
  decoy.asked.length = 0
})
afterAll(() => Promise.all([house.close(), decoy.close()]))

describe('a hostile server_endpoint is never called', () => {
  const hosts = (): string[] => {
    const [trusted, hostile] = [new URL(house.portal.oauthUrl).host, new URL(decoy.origin).host]
    return [
      `http://${hostile}/rest/`, `http://${trusted}@${hostile}/rest/`, `http://${hostile}/rest/?${house.portal.oauthUrl}`, `http://${hostile}#${trusted}`,
      `https://${trusted}/rest/`, `http://${trusted}.evil.example/rest/`, `http://localhost:${new URL(house.portal.oauthUrl).port}/rest/`,
      `http://127.1:${new URL(decoy.origin).port}/rest/`, `http://2130706433:${new URL(decoy.origin).port}/`, `//${hostile}/rest/`, `http:\\\\${hostile}\\rest`,
      'http://169.254.169.254/latest/meta-data/', 'file:///etc/passwd', 'javascript:alert(1)', 'http://[::ffff:127.0.0.1]/', 'https://oauth.bitrix.info.evil.example/rest/',
      'https://oauth.bitrix.info:8443/rest/', 'nonsense',
    ]
  }

  test.each(['a known portal', 'an unknown one'])('in an event of %s', async (whose) => {
    const member_id = whose === 'a known portal' ? house.portal.memberId : 'unknown'
    for (const server_endpoint of hosts()) {
      const access_token = await tokenOf(house, 1)
      const answer = await house.post(forged('ONAPPINSTALL', { member_id, application_token: 'theirs', access_token, refresh_token: 'r', server_endpoint }))
      expect(answer, server_endpoint).toMatchObject({ status: 403, body: { error: 'AUTH_SERVER_UNKNOWN' } })
    }
    expect(decoy.asked).toEqual([])
  })

  test('in a POST to the install page or a placement', async () => {
    for (const page of ['install', 'placement']) {
      for (const SERVER_ENDPOINT of hosts()) {
        const body = new URLSearchParams({ member_id: house.portal.memberId, AUTH_ID: await tokenOf(house, 1), REFRESH_ID: 'r', SERVER_ENDPOINT })
        const response = await fetch(`${house.side.url}/apps/shop/${page}`, { method: 'POST', body })
        expect([response.status, await response.json()], SERVER_ENDPOINT).toMatchObject([403, { error: 'AUTH_SERVER_UNKNOWN' }])
      }
    }
    expect(decoy.asked).toEqual([])
  })
})

test('neither a token nor client_secret follows a redirect of an authorization server', async () => {
  const turncoat = await startTinyServer(() => ({ status: 302, json: {}, location: `${decoy.origin}/caught` }))
  const servers = createAuthServers([turncoat.origin], systemNetwork)
  await expect(servers.appInfo(turncoat.origin, 'the token')).rejects.toMatchObject({ code: 'PROOF_UNAVAILABLE' })
  await expect(servers.renew(turncoat.origin, { clientId: 'c', clientSecret: 'the secret' }, 'r')).rejects.toMatchObject({ code: 'RENEWAL_FAILED' })
  expect([turncoat.asked.length, decoy.asked]).toEqual([2, []])
  await turncoat.close()
})

test('an address that an authorization server does not name is not called, whatever client_endpoint says', async () => {
  const auth = { member_id: house.portal.memberId, application_token: 'theirs', access_token: await tokenOf(house, 2), refresh_token: 'r', client_endpoint: `${decoy.origin}/rest/`, domain: new URL(decoy.origin).host, server_endpoint: `${house.portal.oauthUrl}/rest/` }
  expect(await house.post(forged('ONAPPINSTALL', auth))).toMatchObject({ status: 403, body: { error: 'PROOF_REFUSED' } })
  expect(decoy.asked).toEqual([])
})

test('a portal at a host that is not allowed is not installed, and gets no token', async () => {
  const asked: string[] = []
  const network: Network = {
    postForm(...args) {
      asked.push(args[0])
      return systemNetwork.postForm(...args)
    },
  }
  const strict = await openHouse({ app: defineApp({ name: 'shop' }), side: { network, portalHosts: ['*.bitrix24.com'] } })
  const { page } = await strict.portal.control.install(strict.clientId)
  expect([page?.status, page?.body]).toEqual([403, expect.stringContaining('PROOF_REFUSED')])
  expect(asked).toEqual([`${strict.portal.oauthUrl}/rest/app.info`])
  await strict.close()
})

test('a portal\'s name that leads to this machine gets no token: what answers there has no certificate for it', async () => {
  const asked: string[] = []
  // As after a rebinding: the name is the attacker's, the service behind it is ours, and its certificate is for another name.
  const service = createServer(createSelfSigned(['internal.example']), (request, response) => {
    asked.push(request.url ?? '')
    response.end('{"result":true}')
  })
  await new Promise<void>((resolve) => {
    service.listen(0, '127.0.0.1', resolve)
  })
  const install = { installed: true, version: '1', status: 'F', scope: '', domain: 'localhost', member_id: 'rebound', client_endpoint: `https://localhost:${(service.address() as AddressInfo).port}/rest/` }
  const server = await startTinyServer(() => ({ json: { result: { client_id: 'app.rebound', scope: '', expires: '', install, user_id: 1 } } }))
  const dataDir = join(house.dataDir, 'rebound')
  await mkdir(dataDir)
  const side = await startAppSide({
    apps: [{ app: defineApp({ name: 'rebound' }), clientId: 'app.rebound', clientSecret: 's' }], host: '127.0.0.1', port: 0, dataDir,
    authServers: [server.origin],
  })
  const body = new URLSearchParams({ member_id: 'rebound', AUTH_ID: 'the token', REFRESH_ID: 'r', SERVER_ENDPOINT: `${server.origin}/rest/` })
  const response = await fetch(`${side.url}/apps/rebound/install`, { method: 'POST', body })
  expect([response.status, await response.json()]).toMatchObject([503, { error: 'PROOF_UNAVAILABLE' }])
  expect([server.asked.length, asked]).toEqual([1, []])
  await side.stop()
  await server.close()
  await new Promise((resolve) => {
    service.close(resolve)
  })
})
