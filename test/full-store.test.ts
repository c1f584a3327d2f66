import { defineApp } from 'portline'
import type { AppSideOptions } from 'portline/serve/start-app-side.ts'
import { afterEach, expect, test } from 'vitest'
import { installApp, openHouse, until } from './support/house.ts'
import type { House } from './support/house.ts'

let house: House
afterEach(() => house.close())

test('an uninstall is taken in by a store that is full of open events, and ends the installation', async () => {
  const side: { -readonly [Option in keyof AppSideOptions]?: AppSideOptions[Option] } = { retention: {} }
  house = await openHouse({ app: defineApp({ name: 'full' }), side })
  await installApp(house)
  side.retention = { maxBytes: 1 }
  // The first look deletes what has ended, the second finds nothing more to delete.
  await house.restart()
  await until(async () => ((await house.events()).length === 0 ? true : undefined), 'the ended events to go')
  await house.restart()
  const { application_token } = house.portal.control.app(house.clientId)
  const auth = { member_id: house.portal.memberId, application_token }
  const refused = await until(async () => {
    const answer = await house.post({ event: 'ONCRMDEALADD', ts: '1', auth })
    return answer.status === 503 ? answer.body.error : undefined
  }, 'the store to be full')
  expect(refused).toBe('STORE_FULL')
  const { status, body } = await house.post({ event: 'ONAPPUNINSTALL', data: { CLEAN: '0' }, ts: String(Math.floor(Date.now() / 1_000)), auth })
  expect(status).toBe(200)
  expect((await house.installation()).status).toBe('deleted')
  expect(await house.event(body.id ?? '')).toMatchObject({ event: 'ONAPPUNINSTALL' })
})
