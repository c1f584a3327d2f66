import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { encodeForm } from '@portline/wire/form/encode.ts'
import type { PhpMap } from '@portline/wire/form/value.ts'
import { defineApp } from 'portline'
import { afterEach, expect, test } from 'vitest'
import { openHouse } from './support/house.ts'
import type { House } from './support/house.ts'

/**
 * The bodies the documentation prints for the four contract events, sent as they stand but for hosts and live tokens.
 * Not all of them carry what a portal really sends: no access token in ONAPPINSTALL, no endpoints in ONAPPUPDATE.
 */
interface PrintedEvent {
  readonly event: string
  readonly data: PhpMap
  readonly ts: string | number
  readonly event_handler_id?: number
  readonly auth: Readonly<Record<string, string | number>> & { readonly member_id: string; readonly application_token: string }
}

const printed = JSON.parse(readFileSync(new URL('./printed-events.json', import.meta.url), 'utf8')) as Record<string, PrintedEvent>

let house: House
afterEach(() => house.close())

function printedEvent(code: string): PrintedEvent {
  const event = printed[code]
  if (event === undefined) throw new Error(`${code} is not among the printed events`)
  return event
}

async function houseOf(code: string): Promise<House> {
  const ran: string[] = []
  const app = defineApp({ name: 'printed', connectors: [{ id: 'myconnector', name: 'Mine' }] })
  for (const each of Object.keys(printed)) app.on(each, ({ event, note }) => note(`${event.code} ${ran.push(each)}`))
  const { auth } = printedEvent(code)
  house = await openHouse({ app, portal: { memberId: auth.member_id } })
  const { clientId, clientSecret, portal } = house
  portal.control.registerApp({
    name: 'printed', kind: 'market', client_id: clientId, client_secret: clientSecret, application_token: auth.application_token,
  })
  return house
}

/** Hosts and live tokens replaced, nothing else. */
function body(code: string, live: Readonly<Record<string, string>> = {}): string {
  const event = printedEvent(code)
  const auth = Object.fromEntries(
    Object.entries(event.auth).map(([key, value]) => {
      if (key === 'domain') return [key, house.portal.domain]
      if (key === 'server_endpoint') return [key, `${house.portal.oauthUrl}/rest/`]
      if (key === 'client_endpoint') return [key, `${house.portal.url}/rest/`]
      return [key, live[key] ?? value]
    }),
  )
  return encodeForm({ ...event, auth })
}

/** What the install page receives; an older portal sends no APPLICATION_TOKEN with it. */
async function openInstallPage(withApplicationToken: boolean): Promise<void> {
  const page = await recordedInstallPost()
  if (!withApplicationToken) page.form.delete('APPLICATION_TOKEN')
  const response = await fetch(`${house.side.url}/apps/printed/install${page.query}`, { method: 'POST', body: page.form })
  expect(response.status).toBe(200)
}

async function recordedInstallPost(): Promise<{ query: string; form: URLSearchParams }> {
  const seen: { query: string; form: URLSearchParams }[] = []
  const recorder = createServer((request, response) => {
    let text = ''
    request.on('data', (chunk: Buffer) => (text += chunk.toString()))
    request.on('end', () => {
      seen.push({ query: new URL(request.url ?? '', 'http://x').search, form: new URLSearchParams(text) })
      response.end('ok')
    })
  })
  await new Promise<void>((resolve) => recorder.listen(0, '127.0.0.1', resolve))
  const address = recorder.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const { control } = house.portal
  const card = { name: 'printed', kind: 'market' as const, client_id: house.clientId, client_secret: house.clientSecret }
  control.registerApp({ ...card, install_url: `http://127.0.0.1:${port}/` })
  await control.install(house.clientId)
  // Complete before anything is bound, so that the portal adds no event of its own to those of the test.
  control.finish(house.clientId)
  recorder.close()
  const [first] = seen
  if (first === undefined) throw new Error('the portal opened no install page')
  return first
}

/** A user's live tokens, as the queue server would put them into an event. */
async function liveTokens(): Promise<Record<string, string>> {
  const { form } = await recordedInstallPost()
  return { access_token: form.get('AUTH_ID') ?? '', refresh_token: form.get('REFRESH_ID') ?? '' }
}

test.each([true, false])('the printed ONAPPINSTALL, before the install page (with APPLICATION_TOKEN: %s), is held and then released', async (withToken) => {
  await houseOf('ONAPPINSTALL')
  const answer = await house.post(body('ONAPPINSTALL'))
  expect(answer).toMatchObject({ status: 200, body: { state: 'held', reason: 'AWAITING_PROOF' } })
  expect(await house.event(answer.body.id ?? '')).toMatchObject({ state: 'held', attempts: 0 })
  await openInstallPage(withToken)
  expect(await house.settled('ONAPPINSTALL')).toMatchObject({ id: answer.body.id, state: 'done', proof: withToken ? 'application_token' : 'installer' })
  expect((await house.event(answer.body.id ?? '')).attemptLog[0]?.notes).toContain('ONAPPINSTALL 1')
  expect(await house.installation()).toMatchObject({ status: 'active', version: '1.0.0', language: 'en' })
})

test('the printed ONAPPINSTALL and ONAPPUNINSTALL, after the install page, open and close the installation', async () => {
  await houseOf('ONAPPINSTALL')
  await openInstallPage(false)
  expect((await house.post(body('ONAPPINSTALL'))).status).toBe(200)
  expect(await house.settled('ONAPPINSTALL')).toMatchObject({ state: 'done', proof: 'installer' })

  // Printed as it is, it would be older than the installation, and so not its end.
  const uninstall = body('ONAPPUNINSTALL').replace(/(?<=^|&)ts=\d+/, `ts=${Math.ceil(Date.now() / 1_000)}`)
  expect((await house.post(uninstall)).status).toBe(200)
  expect(await house.settled('ONAPPUNINSTALL')).toMatchObject({ state: 'done', proof: 'application_token', data: { CLEAN: '1' } })
  expect(await house.installation()).toMatchObject({ status: 'deleted', accounts: [], bindings: [] })
})

test.each([
  { name: 'on a portal nothing is known of', opened: false },
  { name: 'on a portal that knows another application_token', opened: true },
])('the printed ONAPPUPDATE, $name, is proven by its access token', async ({ opened }) => {
  await houseOf('ONAPPUPDATE')
  const live = await liveTokens()
  if (opened) {
    house.portal.control.registerApp({ name: 'printed', kind: 'market', client_id: house.clientId, client_secret: house.clientSecret, application_token: 'former' })
    await openInstallPage(true)
  }
  expect((await house.post(body('ONAPPUPDATE', live))).status).toBe(200)
  expect(await house.settled('ONAPPUPDATE')).toMatchObject({ state: 'done', proof: 'access_token' })
  expect(await house.installation()).toMatchObject({ status: 'active', version: '2.1.0', language: 'de' })
  expect(house.portal.control.handlers().map(({ event }) => event)).toContain('ONAPPUNINSTALL')
})

test('the printed ONIMCONNECTORSTATUSDELETE, its tokens long expired, marks the connector off', async () => {
  await houseOf('ONIMCONNECTORSTATUSDELETE')
  await openInstallPage(true)
  expect((await house.post(body('ONIMCONNECTORSTATUSDELETE'))).status).toBe(200)
  expect(await house.settled('ONIMCONNECTORSTATUSDELETE')).toMatchObject({ state: 'done', handlerId: '561' })
  expect((await house.installation()).connectorLines).toMatchObject([{ connector: 'myconnector', line: '107', active: false }])
})
