import { startPortal } from '@portline/portal'
import type { Portal } from '@portline/portal'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { main } from '../main.ts'

let portal: Portal

beforeAll(async () => {
  portal = await startPortal({ port: 0, oauthPort: 0 })
  portal.control.registerApp({
    name: 'Example', kind: 'local', client_id: 'local.example', ui: false, install_url: 'http://127.0.0.1:1/events',
  })
  await portal.control.install('local.example')
})
afterAll(() => portal.stop())

async function run(...args: string[]) {
  const written = { out: '', err: '' }
  const output = {
    out: (text: string) => void (written.out += `${text}\n`),
    write: (text: string) => Promise.resolve(void (written.out += text)),
    err: (text: string) => void (written.err += `${text}\n`),
  }
  return { exitCode: await main(['portal', ...args], { PORTAL_URL: `${portal.url}/` }, output), ...written }
}

test('an event is fired at the apps that have it bound, and the answer says how many', async () => {
  expect(await run('fire', 'onAppInstall', '--app', 'local.example')).toEqual({
    exitCode: 0, out: 'ONAPPINSTALL: 1 delivery queued\n', err: '',
  })
  expect((await run('fire', 'ONCRMLEADADD')).out).toBe('ONCRMLEADADD: 0 deliveries queued: no app has it bound\n')
})

test('data is laid over the sample, and is sent alone with --replace', async () => {
  const fired = async (...options: string[]): Promise<string> => {
    await run('fire', 'ONAPPINSTALL', '--app', 'local.example', '--data', '{"VERSION": 7}', '--json', ...options)
    return portal.control.deliveries({ limit: 1_000 }).deliveries.at(-1)?.body ?? ''
  }
  expect(await fired()).toMatch(/&data%5BVERSION%5D=7&data%5BACTIVE%5D=Y&/)
  expect(await fired('--replace', '--user', '0')).toMatch(/&data%5BVERSION%5D=7&ts=\d+&auth%5Bdomain%5D=/)
})

test('rows that were passed over are told with the reason', async () => {
  portal.control.payment('local.example', { expired: true })
  const { out } = await run('fire', 'ONAPPINSTALL', '--app', 'local.example')
  portal.control.payment('local.example', { expired: false })
  expect(out).toMatch(/^ONAPPINSTALL: 0 deliveries queued\nHANDLER .*\n1 .*local\.example +PAYMENT_EXPIRED\n$/)
})

test('the catalogue is listed for people, and for programs with samples', async () => {
  expect((await run('events', '--scope', 'catalog')).out).toMatch(/^EVENT .*\nCATALOG\.PRODUCT\.ON\.ADD +catalog +crm +yes\n/)
  const lines = (await run('events', '--json')).out.trimEnd().split('\n')
  expect(lines).toHaveLength(208)
  expect(lines.map((line) => JSON.parse(line))).toContainEqual({
    event: 'ONCALENDARENTRYADD', scope: 'calendar', queue: 'default', send_auth: true, send_refresh_token: true,
    sample: { id: 1_414 },
  })
})

test.each([
  [['fire', 'ONCRMLEADADD', '--data', '{'], '--data is not JSON'],
  [['fire', 'ONCRMLEADADD', '--user', 'me'], '--user must be'],
  [['fire', 'ONCRMLEADADD', '--user', '99'], 'no user 99'],
  [['fire', 'ONAPPINSTALL'], 'always about one app'],
  [['fire', 'no code'], 'event: '],
  [['fire', 'ONAPPINSTALL', '--app', 'nobody'], 'nobody'],
])('%j is refused with what is wrong', async (args, named) => {
  expect(await run(...args)).toMatchObject({ exitCode: 1, out: '', err: expect.stringContaining(named) })
})

test.each(['fire', 'events'])('help on portal %s has examples', async (command) => {
  expect(await run(command, '--help')).toMatchObject({ exitCode: 0, out: expect.stringContaining('Examples:') })
})
