import { defineApp } from 'portline'
import { afterEach, expect, test } from 'vitest'
import { installApp, openHouse, until } from './support/house.ts'
import type { House } from './support/house.ts'

/** Bitrix24 sends an uninstall once. When it is lost, what the app side holds is revoked, and installing again must put it right. */
let house: House
let handled: string[]
afterEach(() => house.close())

async function open(): Promise<void> {
  handled = []
  const app = defineApp({ name: 'lost' })
  app.on('ONAPPTEST', async ({ event, b24 }) => {
    const answer = await b24.actions.v2.call.make({ method: 'profile', params: {} })
    if (!answer.isSuccess) throw [...answer.getErrors()][0] ?? new Error('no answer')
    handled.push(String(Object(Object(event.data).QUERY).n))
  })
  app.on('ONAPPPAYMENT', () => Promise.reject(new Error('fails whatever happens')), { retryDelaysMs: [3_600_000] })
  house = await openHouse({ app, ui: false })
  await installApp(house)
}

async function loseUninstall(): Promise<void> {
  const { id } = house.portal.control.faults.add({ fault: 'lost', on: 'delivery', event: 'ONAPPUNINSTALL' })
  house.portal.control.uninstall(house.clientId, { clean: false })
  // Tokens tell their age in whole seconds: those of the next install must be younger.
  const secondMs = 1_000
  const nextSecondMs = (Math.floor(Date.now() / secondMs) + 1) * secondMs
  await until(() => (Date.now() >= nextSecondMs ? true : undefined), 'the next second')
  await house.portal.control.drain()
  house.portal.control.faults.remove(id)
  expect(await house.installation()).toMatchObject({ status: 'active' })
}

async function fire(n: string): Promise<void> {
  house.portal.control.fireEvent({ event: 'ONAPPTEST', data: { QUERY: { n } }, client_id: house.clientId })
  await house.portal.control.drain()
  await until(() => (handled.includes(n) ? true : undefined), `event ${n} to be handled`)
}

test('after an uninstall that was lost, installing again brings working tokens to a running app side', async () => {
  await open()
  await fire('before')
  await loseUninstall()
  await house.portal.control.install(house.clientId)
  await house.portal.control.drain()
  await until(async () => ((await house.events({ event: 'ONAPPINSTALL', state: 'done' })).length === 2 ? true : undefined), 'the second install')
  await fire('after')
})

test('an install that waits in its lane behind a failing event brings its tokens and bindings all the same', async () => {
  await open()
  await fire('before')
  const { application_token } = house.portal.control.app(house.clientId)
  await house.post({ event: 'ONAPPPAYMENT', ts: '1', data: { CODE: 'x' }, auth: { member_id: house.portal.memberId, application_token } })
  await until(async () => ((await house.events({ event: 'ONAPPPAYMENT' }))[0]?.attempts === 1 ? true : undefined), 'the failing event')
  await loseUninstall()
  await house.portal.control.install(house.clientId)
  await house.portal.control.drain()
  const [install] = await house.events({ event: 'ONAPPINSTALL' })
  expect(install).toMatchObject({ state: 'pending', attempts: 0 })
  const timeOf = (at: string | null | undefined): number => Date.parse(at ?? '')
  await until(async () => {
    const { accounts } = await house.installation()
    return accounts.some(({ master, state, obtainedAt }) => master && state === 'live' && timeOf(obtainedAt) >= timeOf(install?.receivedAt)) ? true : undefined
  }, 'the tokens of the install')
  await until(() => (house.portal.control.handlers().some(({ event }) => event === 'ONAPPTEST') ? true : undefined), 'the bindings')
})
