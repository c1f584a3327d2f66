import { get } from 'node:http'
import { expect, test } from 'vitest'
import { startWorld } from '../test-support/world.ts'

async function open(url: string, language: string): Promise<{ status: number; type: string | null; text: string }> {
  const response = await fetch(url, { headers: { 'accept-language': language } })
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() }
}

test.each([
  ['en-US', 'Local authorization server'],
  ['ru-RU', 'Локальный сервер авторизации'],
])('the root of the authorization server says in %s what it is, and leads to its portals', async (language, title) => {
  const { portal } = await startWorld()
  const { status, type, text } = await open(`${portal.oauthUrl}/`, language)
  expect([status, type]).toEqual([200, 'text/html; charset=utf-8'])
  expect(text).toContain(`<h1>${title}</h1>`)
  expect(text).toContain(`<a href="${portal.url}/">`)
  expect(text).toContain(portal.memberId)
  const linked = [...text.matchAll(/<link [^>]*href="(?<path>[^"]+)"/gu)].map(({ groups }) => groups?.['path'] ?? '')
  expect(await Promise.all(linked.map(async (path) => (await open(`${portal.oauthUrl}${path}`, language)).status))).toEqual([200, 200])
})

test('a page of another site that goes by a name of this machine learns nothing of the portals', async () => {
  const { portal } = await startWorld()
  const [status, body] = await new Promise<[number | undefined, string]>((resolve, reject) => {
    get(`${portal.oauthUrl}/`, { headers: { host: 'rebound.example' } }, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => (text += chunk.toString())).on('end', () => resolve([response.statusCode, text]))
    }).on('error', reject)
  })
  expect([status, JSON.parse(body)]).toEqual([403, expect.objectContaining({ error: 'FOREIGN_HOST' })])
  expect(body).not.toContain(portal.memberId)
})

test('its other addresses answer programs as before', async () => {
  const { portal } = await startWorld()
  expect(await open(`${portal.oauthUrl}/nothing`, 'en')).toMatchObject({ status: 404, type: expect.stringContaining('application/json') })
})
