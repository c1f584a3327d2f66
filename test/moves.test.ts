import { defineApp } from 'portline'
import type { AuditView } from 'portline/serve/audit-api.ts'
import type { AppSideOptions } from 'portline/serve/start-app-side.ts'
import { afterEach, expect, test } from 'vitest'
import { installApp, openHouse, until } from './support/house.ts'
import type { House } from './support/house.ts'

/** A portal that changes its domain keeps working; a copy of it that is alive beside it is noticed. */
let house: House
let handled: string[]
afterEach(() => house.close())

async function open(side: Partial<AppSideOptions> = {}): Promise<void> {
  handled = []
  const app = defineApp({ name: 'moved' }).on('ONAPPTEST', async ({ event, b24 }) => {
    const answer = await b24.actions.v2.call.make({ method: 'profile', params: {} })
    if (!answer.isSuccess) throw [...answer.getErrors()][0] ?? new Error('no answer')
    handled.push(String(Object(Object(event.data).QUERY).n))
  })
  house = await openHouse({ app, side })
  await installApp(house)
}

async function auditTrail(verb: string): Promise<AuditView[]> {
  const response = await fetch(`${house.side.url}/api/audit?limit=200`)
  return ((await response.json()) as { records: AuditView[] }).records.filter((record) => record.verb === verb)
}

/** As an event of the portal, or of its copy, arrives. */
async function send(n: string, clientEndpoint: string, ts: number): Promise<string> {
  const { application_token } = house.portal.control.app(house.clientId)
  const auth = { member_id: house.portal.memberId, application_token, client_endpoint: clientEndpoint }
  const { status, body } = await house.post({ event: 'ONAPPTEST', ts: String(ts), data: { QUERY: { n } }, auth })
  expect(status).toBe(200)
  return body.id ?? ''
}

async function fire(n: string): Promise<void> {
  house.portal.control.fireEvent({ event: 'ONAPPTEST', data: { QUERY: { n } }, client_id: house.clientId })
  await until(() => (handled.includes(n) ? true : undefined), `event ${n} to be handled`)
}

test('a portal that is renamed keeps working, and the audit trail tells from where to where', async () => {
  await open()
  await fire('before')
  const from = house.portal.domain
  await house.portal.control.rename()
  const to = house.portal.control.portal().domain
  await fire('after')
  expect(await house.installation()).toMatchObject({ status: 'active', domain: to, reason: null })
  expect(await auditTrail('changeDomainUrl')).toMatchObject([{ from, to, by: 'app side', portal: house.portal.memberId }])
})

test('a portal that moves to a host where no portal may be is not followed', async () => {
  await open({ portalHosts: ['127.0.0.1'] })
  await fire('before')
  const { domain } = await house.installation()
  await house.portal.control.rename({ host: 'localhost' })
  house.portal.control.fireEvent({ event: 'ONAPPTEST', data: { QUERY: { n: 'after' } }, client_id: house.clientId })
  await house.portal.control.drain()
  const [event] = await until(async () => {
    const failed = (await house.events({ event: 'ONAPPTEST' })).filter(({ state, attempts }) => state === 'pending' && attempts > 0)
    return failed.length > 0 ? failed : undefined
  }, 'the event to fail')
  expect((await house.event(event?.id ?? '')).attemptLog[0]).toMatchObject({ outcome: 'failed' })
  expect(await house.installation()).toMatchObject({ domain, status: 'active' })
  expect(await auditTrail('changeDomainUrl')).toEqual([])
})

test('it does too when an installer has brought other tokens since the client got its own', async () => {
  await open()
  await fire('before')
  await installApp(house)
  await house.portal.control.rename()
  await fire('after')
  expect(await house.installation()).toMatchObject({ domain: house.portal.control.portal().domain })
})

test('a portal that goes back to where it came from within days is two: it is marked, and stays where it is known to be', async () => {
  await open()
  const home = new URL(`http://${house.portal.domain}`)
  await house.portal.control.rename()
  await fire('moved')
  const moved = house.portal.control.portal().domain
  await house.portal.control.rename({ host: home.hostname, port: Number(home.port) })
  house.portal.control.fireEvent({ event: 'ONAPPTEST', data: { QUERY: { n: 'back' } }, client_id: house.clientId })
  await until(async () => ((await house.installation()).reason === 'PORTAL_CLONED' ? true : undefined), 'the clone to be noticed')
  expect(await house.installation()).toMatchObject({ status: 'active', domain: moved })
  expect((await auditTrail('changeReason')).at(-1)).toMatchObject({ to: 'PORTAL_CLONED', by: 'app side' })
  expect(await auditTrail('changeDomainUrl')).toHaveLength(1)
  // An administrator who installs it decides which one it is.
  await installApp(house)
  expect(await house.installation()).toMatchObject({ reason: null, domain: house.portal.control.portal().domain })
})

test('events from two addresses in turn are a copy beside the original; a move, or late events of before it, are not', async () => {
  await open()
  const own = `http://${house.portal.domain}/rest/`
  const copy = 'https://copy.example/rest/'
  await send('1', own, 1_000)
  await send('2', copy, 1_010)
  await send('3', own, 1_005)
  expect(await house.installation()).toMatchObject({ reason: null })
  const id = await send('4', own, 1_020)
  await until(async () => ((await house.installation()).reason === 'PORTAL_CLONED' ? true : undefined), 'the clone to be noticed')
  expect((await auditTrail('changeReason')).at(-1)).toMatchObject({ from: 'none', to: 'PORTAL_CLONED', by: 'event', event: id })
  expect(await house.installation()).toMatchObject({ status: 'active', domain: house.portal.domain })
  await send('5', copy, 1_030)
  await send('6', own, 1_040)
  expect(await auditTrail('changeReason')).toHaveLength(1)
})
