import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Log } from '@portline/runtime/log.ts'
import { defineApp } from 'portline'
import { afterAll, expect, test } from 'vitest'
import { installApp, openHouse } from './support/house.ts'
import type { House } from './support/house.ts'

/** No secret in any file, log line or API answer: the whole life of an installation, then a search for every secret in it. */
let house: House
afterAll(() => house.close())

test('a whole installation leaves no secret readable, at rest, in the log or in the operator API', async () => {
  const written: string[] = []
  const write = (fields: object, message: string): void => void written.push(message + JSON.stringify(fields))
  const log: Log = { debug: write, info: write, warn: write, error: write }
  const app = defineApp({ name: 'quiet', connectors: [{ id: 'quiet_chat', name: 'Quiet' }] }).on('ONAPPTEST', async ({ b24 }) => {
    await b24.actions.v2.call.make({ method: 'no.such.method' })
  })
  house = await openHouse({ app, side: { log } })
  await installApp(house)
  house.portal.control.fireEvent({ event: 'ONAPPTEST', data: { QUERY: { auth: 'a-token-in-the-data' } }, client_id: house.clientId })
  house.portal.control.update(house.clientId, { version: '2', rotate_application_token: true })
  await house.portal.control.switchConnector(107, 'quiet_chat', { active: true })
  await house.portal.control.switchConnector(107, 'quiet_chat', { active: false })
  const former = house.portal.control.app(house.clientId).application_token
  await house.post({ event: 'ONAPPINSTALL', auth: { member_id: house.portal.memberId, application_token: 'the-forgers-token', access_token: 'the-forgers-access' } })
  await house.portal.control.drain()

  const tokens = house.portal.control.deliveries().deliveries.flatMap(({ body }) => {
    const form = new URLSearchParams(body)
    return ['access_token', 'refresh_token', 'application_token'].flatMap((key) => form.get(`auth[${key}]`) ?? [])
  })
  const secrets = new Set([...tokens, former, house.clientSecret, 'a-token-in-the-data', 'the-forgers-token', 'the-forgers-access'])
  expect(secrets.size).toBeGreaterThan(8)

  const paths = ['/', '/page.js', '/api/events?limit=200', '/api/installations', '/api/refusals']
  for (const { id } of await house.events()) paths.push(`/api/events/${id}`)
  const shown = await Promise.all(paths.map(async (path) => (await fetch(`${house.side.url}${path}`)).text()))
  const files = await Promise.all((await readdir(house.dataDir)).map((name) => readFile(join(house.dataDir, name), 'latin1')))
  expect(files.join('').includes('ONAPPINSTALL')).toBe(true)
  for (const secret of secrets) {
    for (const [where, texts] of Object.entries({ shown, written, files })) {
      expect(texts.some((text) => text.includes(secret)), `${secret} in ${where}`).toBe(false)
    }
  }
})
