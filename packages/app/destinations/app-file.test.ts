import { randomBytes } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { expect, test } from 'vitest'
import { deliver, destinationParts } from '../test-support/deliveries.ts'
import { startHookReceiver } from '../test-support/hook-receiver.ts'
import { parseAppFile } from './app-file.ts'

const SECRETS = [1, 2].map(() => `whsec_${randomBytes(32).toString('base64')}`)
const ENV = { SHOP_SECRET: SECRETS[0], SHOP_SECRET_OLD: SECRETS[1], SHOP_MQ: 'amqp://me:hidden@mq.example/shop', EMPTY: ' ' }
const HTTP = { url: 'https://shop.example/hook', secretEnv: 'SHOP_SECRET' }

function parse(file: unknown) {
  return parseAppFile(typeof file === 'string' ? file : JSON.stringify(file), ENV)
}

test('an app file says which events go to which endpoint, and they go there signed', async () => {
  const receiver = await startHookReceiver()
  const { definition, events, destination } = parse({
    name: 'shop',
    events: ['ONCRMDEALADD', 'oncrmleadadd', 'OnCrmDealAdd'],
    connectors: [{ id: 'my_chat', name: 'My chat' }],
    destination: { http: { url: receiver.url, secretEnv: ['SHOP_SECRET', 'SHOP_SECRET_OLD'], allowPrivate: ['127.0.0.0/8'], timeoutMs: 2_000 } },
  })
  expect(definition).toEqual({ name: 'shop', connectors: [{ id: 'my_chat', name: 'My chat' }] })
  expect(events).toEqual(['ONCRMDEALADD', 'ONCRMLEADADD'])
  expect(destination.timeoutMs).toBe(2_000)
  const opened = destination.open(destinationParts())
  await deliver(opened)
  const [hook] = receiver.received
  const headers = Object.fromEntries(Object.entries(hook?.headers ?? {}).map(([name, value]) => [name, String(value)]))
  for (const secret of SECRETS) expect(new Webhook(secret).verify(hook?.body ?? '', headers)).toMatchObject({ type: 'ONCRMDEALADD' })
  await opened.close()
  await receiver.close()
})

test('an app file may name an exchange of RabbitMQ', () => {
  const rabbitMq = { urlEnv: 'SHOP_MQ', exchange: 'bitrix24', declare: 'topic', routingKey: 'shop', timeoutMs: 5_000 }
  const { destination } = parse({ name: 'shop', events: ['ONCRMDEALADD'], destination: { rabbitMq } })
  expect(destination).toMatchObject({ name: 'amqp://mq.example/shop exchange bitrix24', timeoutMs: 5_000 })
})

test.for([
  ['no JSON', '{name: shop}', 'APP_FILE_INVALID', ''],
  ['a list', [], 'APP_FILE_INVALID', 'expected object'],
  ['no name', { events: ['A'], destination: { http: HTTP } }, 'APP_FILE_INVALID', 'name'],
  ['no events', { name: 'shop', events: [], destination: { http: HTTP } }, 'APP_FILE_INVALID', 'events'],
  ['a code that is none', { name: 'shop', events: ['ON CRM'], destination: { http: HTTP } }, 'APP_FILE_INVALID', 'is no event code'],
  ['a key that is none', { name: 'shop', events: ['A'], handlers: [], destination: { http: HTTP } }, 'APP_FILE_INVALID', 'handlers'],
  ['no destination', { name: 'shop', events: ['A'] }, 'APP_FILE_INVALID', 'destination'],
  ['an empty destination', { name: 'shop', events: ['A'], destination: {} }, 'APP_FILE_INVALID', 'either http or rabbitMq'],
  ['two', { name: 'shop', events: ['A'], destination: { http: HTTP, rabbitMq: { urlEnv: 'SHOP_MQ', exchange: 'a' } } }, 'APP_FILE_INVALID', 'either'],
  ['a secret in the file', { name: 'shop', events: ['A'], destination: { http: { ...HTTP, secret: 'hidden' } } }, 'APP_FILE_INVALID', 'secret'],
  ['a variable that is not set', { name: 'shop', events: ['A'], destination: { http: { ...HTTP, secretEnv: 'NONE' } } }, 'APP_FILE_INVALID', 'NONE is not set'],
  ['a variable that is empty', { name: 'shop', events: ['A'], destination: { http: { ...HTTP, secretEnv: 'EMPTY' } } }, 'APP_FILE_INVALID', 'EMPTY is not set'],
  ['plain http', { name: 'shop', events: ['A'], destination: { http: { ...HTTP, url: 'http://shop.example' } } }, 'DESTINATION_INVALID', 'https'],
  ['no broker', { name: 'shop', events: ['A'], destination: { rabbitMq: { urlEnv: 'SHOP_SECRET', exchange: 'a' } } }, 'DESTINATION_INVALID', 'amqp'],
] as const)('an app file is refused with what is wrong: %s', ([, file, code, problem]) => {
  expect(() => parse(file)).toThrow(expect.objectContaining({ code, message: expect.stringContaining(problem) as string }))
  expect(() => parse(file)).not.toThrow(/hidden|whsec_/)
})
