import { TOKENLESS_AUTH_KEY_ORDER } from '@portline/wire/envelope.ts'
import { knownTraits } from '@portline/wire/events/catalogue.ts'
import { decodeForm } from '@portline/wire/form/decode.ts'
import { encodeForm } from '@portline/wire/form/encode.ts'
import type { FormMap, FormValue, PhpValue } from '@portline/wire/form/value.ts'
import { readEnvelope } from '@portline/wire/read-envelope.ts'
import { expect, test } from 'vitest'
import { documentedEvents, EVERY_SCOPE, everyCode, fireEvery, installWithScope } from '../test-support/catalogue.ts'
import type { TestWorld } from '../test-support/world.ts'
import { call, CLIENT_ID, field, startWorld } from '../test-support/world.ts'

const ADMIN = 1
const NOBODY = 0

test('every documented payload example is reproduced with equal keys', async () => {
  const world = await startWorld()
  const sent = await sendEvery(world, ADMIN)
  const examples = [...documentedEvents()].filter(([, { data }]) => data !== undefined)
  expect(examples.length).toBeGreaterThanOrEqual(170)
  const shapes = (data: (code: string, example: PhpValue) => FormValue | undefined) =>
    Object.fromEntries(examples.map(([code, { data: example }]) => [code, shapeOf(data(code, example))]))
  expect(shapes((code) => readEnvelope(formOf(sent, code)).data)).toEqual(shapes((code, example) => asPosted(code, example)))
})

test('tokens, refresh_token and queue of every event are those of the module source', async () => {
  const world = await startWorld()
  const sent = await sendEvery(world, ADMIN)
  const queues = new Map(world.portal.control.deliveries({ limit: 1_000 }).deliveries.map((row) => [row.event, row.category]))
  const differing = [...documentedEvents()].filter(([code, { sendAuth = true, sendRefreshToken = false, queue = 'default' }]) => {
    const { auth } = readEnvelope(formOf(sent, code))
    const tokens = 'access_token' in auth && 'user_id' in auth && 'expires' in auth
    return tokens !== sendAuth || ('refresh_token' in auth) !== sendRefreshToken || queues.get(code) !== queue
  })
  expect(differing.map(([code]) => code)).toEqual([])
})

test('without a user on the hit no event of the catalogue carries tokens', async () => {
  const world = await startWorld()
  const sent = await sendEvery(world, NOBODY)
  const keys = new Set([...sent.values()].map((form) => Object.keys(Object(form['auth'])).join()))
  expect([sent.size, [...keys]]).toEqual([everyCode().length, [TOKENLESS_AUTH_KEY_ORDER.join()]])
})

test('every code can be bound with the scope of its page, and none without a scope but the basic ones', async () => {
  const world = await startWorld()
  const wrong: string[] = []
  const byScope = Map.groupBy(documentedEvents(), ([, { scope }]) => SOURCE_SCOPE[scope] ?? scope)
  for (const [scope, events] of byScope) {
    const refused = await installWithScope(world, [scope], events.map(([code]) => code), `local.${scope}`)
    wrong.push(...refused)
  }
  expect(wrong).toEqual([])
  const refused = await installWithScope(world, [], everyCode(), 'local.none')
  const expected = everyCode().filter((code) => knownTraits(code)?.scope !== 'basic')
  expect(refused).toEqual(expected.map((code) => `${code} ERROR_EVENT_NOT_FOUND`))
})

/** The documentation's scope for connectors is not the one the module registers them under (docs/portal/fidelity.md). */
const SOURCE_SCOPE: Readonly<Record<string, string>> = { imconnector: 'imopenlines' }

test('the payment gate and the veto of foreign apps hold for every code', async () => {
  const world = await startWorld()
  await installWithScope(world, EVERY_SCOPE, everyCode())
  world.portal.control.payment(CLIENT_ID, { expired: true })
  expect(reasons(fireEvery(world, everyCode(), ADMIN))).toEqual(['PAYMENT_EXPIRED'])
  world.portal.control.payment(CLIENT_ID, { expired: false })
  world.portal.control.registerApp({ name: 'Other', kind: 'local', client_id: 'local.other' })
  const skipped = everyCode().map((event) => world.portal.control.fireEvent({ event, client_id: 'local.other' }).skipped)
  expect(skipped.map((rows) => rows.map(({ reason }) => reason).join())).toEqual(everyCode().map(() => 'FOREIGN_APP'))
})

test('the same seed and the same calls give the same bytes for every event', async () => {
  const bodies = async (): Promise<string[]> => {
    const world = await startWorld({ seed: 'twice' })
    await sendEvery(world, ADMIN)
    const { deliveries } = world.portal.control.deliveries({ limit: 1_000 })
    const origins = [world.portal.url, world.portal.oauthUrl, world.portal.domain].map((text) => encodeURIComponent(text))
    return deliveries.map(({ body }) => origins.reduce((text, origin) => text.replaceAll(origin, '…'), body))
  }
  expect(await bodies()).toEqual(await bodies())
})

test('samples speak of what the portal has', async () => {
  const world = await startWorld()
  await installWithScope(world, EVERY_SCOPE, ['ONCRMLEADUPDATE', 'ONIMCONNECTORSTATUSDELETE', 'ONIMBOTMESSAGEADD'])
  world.portal.control.fireEvent({ event: 'ONIMBOTMESSAGEADD', client_id: CLIENT_ID, user_id: ADMIN })
  world.portal.control.fireEvent({ event: 'ONIMCONNECTORSTATUSDELETE' })
  await world.settle()
  const sent = byCode(world)
  expect(formOf(sent, 'ONIMCONNECTORSTATUSDELETE')['data']).toEqual({ connector: 'example_chat', line: '107' })
  const message = formOf(sent, 'ONIMBOTMESSAGEADD')
  expect(message['data']).toMatchObject({
    PARAMS: { FROM_USER_ID: '1' }, USER: { NAME: 'Anna Berg' }, BOT: { 2: { BOT_ID: '2', user_id: '2' } },
  })
  const auth = field(message, 'data', 'BOT', '2', 'AUTH', 'access_token')
  expect((await call(world.portal, 'profile', { auth })).body).toMatchObject({ result: { ID: '2' } })
  const lead = (await call(world.portal, 'crm.lead.add', { auth, fields: { TITLE: 'A lead' } })).body['result']
  world.portal.control.fireEvent({ event: 'ONCRMLEADUPDATE' })
  await world.settle()
  expect(formOf(byCode(world), 'ONCRMLEADUPDATE')['data']).toEqual({ FIELDS: { ID: String(lead) } })
})

/** Binds every code, fires every code without data, and gives the forms that arrived, by code. */
async function sendEvery(world: TestWorld, userId: number): Promise<Map<string, FormMap>> {
  const codes = everyCode()
  expect(await installWithScope(world, EVERY_SCOPE, codes)).toEqual([])
  expect(reasons(fireEvery(world, codes, userId))).toEqual([])
  await world.settle()
  const sent = byCode(world)
  expect([...sent.keys()].toSorted()).toEqual(codes.toSorted())
  return sent
}

function byCode({ receiver }: TestWorld): Map<string, FormMap> {
  return new Map(receiver.received.map(({ form }) => [field(form, 'event'), form]))
}

function formOf(sent: ReadonlyMap<string, FormMap>, code: string): FormMap {
  const form = sent.get(code)
  if (form === undefined) throw new Error(`${code} did not arrive`)
  return form
}

function reasons(skipped: ReadonlyMap<string, string[]>): string[] {
  return [...new Set([...skipped.values()].flat())]
}

/** An example as PHP would post it: texts only, and nothing of what is null or empty. */
function asPosted(code: string, example: PhpValue): FormValue | undefined {
  return decodeForm(encodeForm({ data: code.startsWith('ONIMBOTV2') ? withPostedBot(example) : example }))['data']
}

/** The page prints polling's form of the bot, and says that a post has these three keys instead. */
function withPostedBot(example: PhpValue): PhpValue {
  const auth = Object.fromEntries([
    'access_token', 'expires', 'expires_in', 'scope', 'domain', 'server_endpoint', 'status', 'client_endpoint', 'member_id',
    'user_id', 'refresh_token', 'application_token',
  ].map((key) => [key, key]))
  return { ...Object(example), bot: { id: 456, code: 'support_bot', auth } }
}

/** Keys at every level, those that are ids as one; of a list what its items look like, however many. */
function shapeOf(value: FormValue | undefined): unknown {
  if (value === undefined || typeof value === 'string') return typeof value
  if (Array.isArray(value)) return [...new Set(value.map((item) => JSON.stringify(shapeOf(item))))]
  const entries = Object.entries(value).map(([key, item]) => [/^\d+$/.test(key) ? 'id' : key, shapeOf(item)] as const)
  return Object.fromEntries(entries.toSorted(([one], [other]) => one.localeCompare(other)))
}
