import { B24OAuth } from '@bitrix24/b24jssdk'
import { VirtualClock } from '@portline/runtime/clock.ts'
import { expect, test } from 'vitest'
import type { Received } from './test-support/receiver.ts'
import type { TestWorld } from './test-support/world.ts'
import { CLIENT_ID, CLIENT_SECRET, control, field, registerUiApp, send, startWorld } from './test-support/world.ts'

/**
 * The documentation's "How to Create an Open Channels Connector for Website Chat" (tutorials/openlines/example-connector.md):
 * its five steps, its payloads, its SDK as published, against this portal. What the tutorial calls install, handler and ajax
 * are the functions below; the receiver is their web server.
 */

const CONNECTOR = 'example_site_chat'
const ICON = {
  DATA_IMAGE: 'data:image/svg+xml;charset=US-ASCII,%3Csvg%20xmlns%3D%22http%3A//www.w3.org/2000/svg%22%3E%3C/svg%3E',
  COLOR: '#a6ffa3', SIZE: '100%', POSITION: 'center',
}

/** The connector's own store: what an operator said, by the id it was given. */
interface Site {
  readonly world: TestWorld
  /** Of the installer; a site keeps it, since its visitors bring none. */
  client: B24OAuth | undefined
  line: number
  readonly saved: { readonly id: string; readonly text: string }[]
  readonly seen: Received[]
}

function clientOf({ world }: Site, accessToken: string, refreshToken: string): B24OAuth {
  const client = new B24OAuth(
    {
      applicationToken: '', userId: 1, memberId: world.portal.memberId, accessToken, refreshToken,
      expires: Math.floor(Date.now() / 1_000) + 3_600, expiresIn: 3_600, scope: 'imopenlines', domain: world.portal.domain,
      clientEndpoint: `${world.portal.url}/rest/`, serverEndpoint: `${world.portal.oauthUrl}/rest/`, status: 'L',
    },
    { clientId: CLIENT_ID, clientSecret: CLIENT_SECRET },
  )
  client.offClientSideWarning()
  return client
}

async function rest(client: B24OAuth | undefined, method: string, params: object): Promise<unknown> {
  const answer = await client?.actions.v2.call.make({ method, params: { ...params } })
  return answer?.getData()?.result
}

/** Step 1. Run again it changes the connector; the handler is bound already then. */
async function install(site: Site, { form }: Received): Promise<void> {
  site.client = clientOf(site, field(form, 'AUTH_ID'), field(form, 'REFRESH_ID'))
  const handler = `${site.world.receiver.url}/handler`
  const registered = await rest(site.client, 'imconnector.register', {
    ID: CONNECTOR, NAME: 'ExampleSiteChat', ICON, ICON_DISABLED: { ...ICON, COLOR: '#ffb3a3' }, PLACEMENT_HANDLER: handler,
  })
  expect(registered).toEqual({ result: true })
  for (const event of ['OnImConnectorMessageAdd', 'OnImConnectorMessageUpdate', 'OnImConnectorMessageDelete']) {
    expect(await rest(site.client, 'event.bind', { event, handler })).toBe(true)
  }
}

/** Step 2, first half: the settings page switches the connector on. */
async function settings(site: Site, { form }: Received): Promise<void> {
  const options = JSON.parse(field(form, 'PLACEMENT_OPTIONS'))
  site.line = Number(options.LINE)
  const client = clientOf(site, field(form, 'AUTH_ID'), field(form, 'REFRESH_ID'))
  const channel = { CONNECTOR, LINE: site.line }
  expect(await rest(client, 'imconnector.activate', { ...channel, ACTIVE: Number(options.ACTIVE_STATUS) })).toBe(true)
  const DATA = { ID: `${CONNECTOR}_line_${site.line}`, URL_IM: 'https://site.example/chat', NAME: 'Site chat' }
  expect(await rest(client, 'imconnector.connector.data.set', { ...channel, DATA })).toBe(true)
}

/** Step 2, second half, and step 5: keeps what the operator said and confirms it, with the token of the event. */
async function operatorSaid(site: Site, { form }: Received): Promise<void> {
  const client = clientOf(site, field(form, 'auth', 'access_token'), '')
  for (const message of Object.values(Object(form['data']).MESSAGES)) {
    const { im, message: said, chat } = Object(message)
    const id = `site-${site.saved.length + 1}`
    site.saved.push({ id, text: said.text })
    const confirmed = await rest(client, 'imconnector.send.status.delivery', {
      CONNECTOR,
      LINE: site.line,
      MESSAGES: [{
        im: { chat_id: im.chat_id, message_id: im.message_id }, message: { id: [id], date: Math.floor(Date.now() / 1_000) },
        chat: { id: chat.id },
      }],
    })
    expect(confirmed).toEqual({ SUCCESS: true, DATA: [] })
  }
}

async function handle(site: Site, received: Received): Promise<void> {
  site.seen.push(received)
  if (received.path === '/install') return install(site, received)
  if (received.form['PLACEMENT'] === 'SETTING_CONNECTOR') return settings(site, received)
  if (received.form['event'] === 'ONIMCONNECTORMESSAGEADD') return operatorSaid(site, received)
  return undefined
}

function eventsOf(site: Site, code: string): unknown[] {
  return site.seen.filter(({ form }) => form['event'] === code).map(({ form }) => form['data'])
}

test('the official tutorial: a connector for website chat, with the unmodified SDK', async () => {
  const world = await startWorld({ clock: new VirtualClock(Date.now()) })
  const site: Site = { world, client: undefined, line: 0, saved: [], seen: [] }
  world.receiver.onPost = (received) => handle(site, received)
  registerUiApp(world)
  await world.portal.control.install(CLIENT_ID)
  world.portal.control.finish(CLIENT_ID)
  const connected = await control(world.portal, `/lines/107/connectors/${CONNECTOR}`, { active: true })
  expect(connected.body).toMatchObject({ active: true, page: { status: 200 }, line: { connectors: [{ status: true }] } })
  // Steps 3 and 4: what the widget's visitor writes.
  const sent = await rest(site.client, 'imconnector.send.messages', {
    CONNECTOR,
    LINE: site.line,
    MESSAGES: [{
      user: { id: 'visitor-1', name: 'Klaus' },
      message: { id: 'm-1', date: Math.floor(Date.now() / 1_000), text: 'Is it in stock?' },
      chat: { id: 'visitor-1', url: 'https://site.example/page' },
    }],
  })
  const { SUCCESS, session } = Object(sent).DATA.RESULT[0]
  expect([SUCCESS, session]).toEqual([true, { ID: expect.stringMatching(/^\d+$/), CHAT_ID: expect.stringMatching(/^\d+$/) }])
  // Step 5: the operator answers, thinks better of it, and takes it back.
  const chat = `/chats/${session.CHAT_ID}`
  const answer = await control(world.portal, `${chat}/messages`, { text: 'Yes, it is.', user_id: 2 })
  await world.settle()
  expect(site.saved).toEqual([{ id: 'site-1', text: '[b]Emil Novak:[/b] [br]Yes, it is.' }])
  const messages = `${world.portal.url}/control${chat}/messages/${Object(answer.body['message']).id}`
  await send(messages, { method: 'PATCH', body: JSON.stringify({ text: 'Only two.' }) })
  await send(messages, { method: 'DELETE' })
  await world.settle()
  const element = { chat: { id: 'visitor-1' }, im: { chat_id: session.CHAT_ID } }
  expect(eventsOf(site, 'ONIMCONNECTORMESSAGEUPDATE')).toMatchObject([
    { MESSAGES: [{ ...element, message: { id: ['site-1'], text: '[b]Emil Novak:[/b][br] Only two.' } }] },
  ])
  expect(eventsOf(site, 'ONIMCONNECTORMESSAGEDELETE')).toMatchObject([{ MESSAGES: [{ ...element, message: { id: 'site-1' } }] }])
  expect(world.portal.control.openLines.chats()).toMatchObject([{ messages: [{ from: 'visitor', text: 'Is it in stock?' }] }])
})

test.each([
  ['imconnector.send.messages', { LINE: 107, MESSAGES: [] }, 'ERROR_ARGUMENT'],
  ['imconnector.send.messages', { CONNECTOR, LINE: 999, MESSAGES: [] }, 'NOT_ACTIVE_LINE'],
  ['event.bind', { event: 'OnNoSuchThing', handler: 'http://127.0.0.1:9/x' }, 'ERROR_EVENT_NOT_FOUND'],
])("the tutorial's list of errors, as the SDK shows them: %s with %j is %s", async (method, params, code) => {
  const world = await startWorld({ clock: new VirtualClock(Date.now()) })
  const site: Site = { world, client: undefined, line: 0, saved: [], seen: [] }
  world.receiver.onPost = (received) => handle(site, received)
  registerUiApp(world)
  await world.portal.control.install(CLIENT_ID)
  await expect(rest(site.client, method, params)).rejects.toMatchObject({ code, status: 400 })
})
