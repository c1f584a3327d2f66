import { expect, test } from 'vitest'
import {
  authServersSetting, credentialsSetting, dataDirSetting, logLevelSetting, portSetting, portalHostsSetting, publicUrlSetting, retentionSetting, secretSettings,
  senderSettings, serverUrlSetting,
} from './settings.ts'

const invalid = (about: string): object => ({ code: 'CONFIG_INVALID', message: expect.stringContaining(about) as string })

test('ports have defaults, the environment changes them and an option wins', () => {
  expect(portSetting({}, 'PORTLINE_PORT')).toBe(4400)
  expect(portSetting({}, 'PORTAL_PORT')).toBe(4480)
  expect(portSetting({ OAUTH_PORT: '5470' }, 'OAUTH_PORT')).toBe(5470)
  expect(portSetting({ PORTLINE_PORT: '5400' }, 'PORTLINE_PORT', '0')).toBe(0)
})

test('a setting of nothing but spaces is not set', () => {
  expect(portSetting({ PORTLINE_PORT: ' ' }, 'PORTLINE_PORT')).toBe(4400)
  expect(secretSettings({ PORTLINE_OPERATOR_TOKEN: '' })).toEqual({})
})

test.each(['65536', '-1', '44OO', '4400.5', '1e3', '0x10'])('%s is no port', (text) => {
  expect(() => portSetting({ PORTLINE_PORT: text }, 'PORTLINE_PORT')).toThrow(expect.objectContaining(invalid('PORTLINE_PORT')))
  expect(() => portSetting({}, 'PORTLINE_PORT', text)).toThrow(expect.objectContaining(invalid(text)))
})

test('missing credentials are named, and a secret that is there is not shown', () => {
  expect(() => credentialsSetting({})).toThrow(expect.objectContaining(invalid('B24_CLIENT_ID and B24_CLIENT_SECRET')))
  expect(() => credentialsSetting({ B24_CLIENT_SECRET: 'hush' })).toThrow(/^B24_CLIENT_ID must(?!.*hush)/)
  const both = { B24_CLIENT_ID: 'app.1', B24_CLIENT_SECRET: 'hush' }
  expect(credentialsSetting(both)).toEqual({ clientId: 'app.1', clientSecret: 'hush' })
})

test('both public authorization servers are trusted, and those of PORTLINE_AUTH_SERVERS', () => {
  const publicOnes = ['https://oauth.bitrix.info', 'https://oauth.bitrix24.tech']
  expect(authServersSetting({})).toEqual(publicOnes)
  const PORTLINE_AUTH_SERVERS = ' http://127.0.0.1:4470, https://oauth.example.com/ ,http://[::1]:1,http://localhost:2,'
  expect(authServersSetting({ PORTLINE_AUTH_SERVERS })).toEqual([
    ...publicOnes, 'http://127.0.0.1:4470', 'https://oauth.example.com', 'http://[::1]:1', 'http://localhost:2',
  ])
})

test.each([
  'http://oauth.example.com', 'http://127.0.0.1.example.com', 'https://oauth.example.com/rest/', 'https://oauth.example.com?x=1',
  'https://user:pass@oauth.example.com', 'ftp://127.0.0.1', 'oauth.example.com', 'https://', 'http://10.0.0.1:4470',
])('%s cannot be an authorization server', (PORTLINE_AUTH_SERVERS) => {
  expect(() => authServersSetting({ PORTLINE_AUTH_SERVERS })).toThrow(expect.objectContaining(invalid('PORTLINE_AUTH_SERVERS')))
})

test('a password in an address is not repeated', () => {
  expect(() => authServersSetting({ PORTLINE_AUTH_SERVERS: 'https://user:hush@oauth.example.com' })).toThrow(/^(?!.*hush)/)
})

test('the public address loses its trailing slash and may have a path', () => {
  expect(publicUrlSetting(undefined)).toBeUndefined()
  expect(publicUrlSetting('https://apps.example.com/b24/')).toBe('https://apps.example.com/b24')
  expect(() => publicUrlSetting('apps.example.com')).toThrow(expect.objectContaining(invalid('--public-url')))
  expect(() => publicUrlSetting('https://apps.example.com/?a=1')).toThrow(expect.objectContaining(invalid('--public-url')))
})

test('the operator API is asked at PORTLINE_URL, else on the port of the app side', () => {
  expect(serverUrlSetting({})).toBe('http://127.0.0.1:4400')
  expect(serverUrlSetting({ PORTLINE_PORT: '5400' })).toBe('http://127.0.0.1:5400')
  expect(serverUrlSetting({ PORTLINE_URL: 'https://ops.example.com/' })).toBe('https://ops.example.com')
  expect(() => serverUrlSetting({ PORTLINE_URL: 'ops' })).toThrow(expect.objectContaining(invalid('PORTLINE_URL')))
})

test('the data folder is absolute, whatever was given', () => {
  expect(dataDirSetting({ PORTLINE_DATA: '/var/lib/portline' })).toBe('/var/lib/portline')
  expect(dataDirSetting({ PORTLINE_DATA: '/elsewhere' }, '/here')).toBe('/here')
  expect(dataDirSetting({})).toMatch(/^\/.*\.portline$/)
})

test('an unknown log level is refused', () => {
  expect(logLevelSetting({}, 'warn')).toBe('warn')
  expect(logLevelSetting({ PORTLINE_LOG: 'debug' }, 'warn')).toBe('debug')
  expect(() => logLevelSetting({ PORTLINE_LOG: 'loud' }, 'warn')).toThrow(expect.objectContaining(invalid('PORTLINE_LOG')))
})

test('how long events are kept: by default, by the environment, by an option, for ever', () => {
  const DAY_MS = 86_400_000
  expect(retentionSetting({})).toEqual({ doneAfterMs: 30 * DAY_MS, deadAfterMs: 90 * DAY_MS, maxBytes: undefined })
  const env = { PORTLINE_KEEP_DONE: '12h', PORTLINE_KEEP_DEAD: 'forever', PORTLINE_MAX_STORE: '20GB' }
  expect(retentionSetting(env)).toEqual({ doneAfterMs: DAY_MS / 2, deadAfterMs: undefined, maxBytes: 20_000_000_000 })
  expect(retentionSetting(env, { keepDone: '15m', keepDead: '1d', maxStore: 'unlimited' })).toEqual({ doneAfterMs: 900_000, deadAfterMs: DAY_MS, maxBytes: undefined })
})

test.each(['30', '1.5d', '-1d', 'd', 'never'])('"%s" is no time to keep events for', (text) => {
  expect(() => retentionSetting({ PORTLINE_KEEP_DONE: text })).toThrow(expect.objectContaining(invalid('PORTLINE_KEEP_DONE')))
  expect(() => retentionSetting({}, { keepDead: text })).toThrow(expect.objectContaining(invalid('--keep-dead')))
})

test.each(['20', '0GB', '20gb', 'GB'])('"%s" is no size of a store', (text) => {
  expect(() => retentionSetting({ PORTLINE_MAX_STORE: text })).toThrow(expect.objectContaining(invalid('PORTLINE_MAX_STORE')))
})

test('senders are not checked and no proxy is believed unless it is said', () => {
  expect(senderSettings({})).toEqual({ trustedProxies: [] })
  expect(senderSettings({ PORTLINE_TRUSTED_PROXIES: ' 10.0.0.5, 2001:db8::/32 ', PORTLINE_SENDER_NODES: 'warn' })).toEqual({
    trustedProxies: ['10.0.0.5', '2001:db8::/32'], nodes: { mode: 'warn', url: 'https://dl.bitrix24.com/webhook/app-world.json' },
  })
  const own = { PORTLINE_SENDER_NODES: 'enforce', PORTLINE_SENDER_NODES_URL: 'http://127.0.0.1:1/list' }
  expect(senderSettings(own).nodes).toEqual({ mode: 'enforce', url: 'http://127.0.0.1:1/list' })
})

test.each([
  ['PORTLINE_TRUSTED_PROXIES', 'proxy.example'],
  ['PORTLINE_TRUSTED_PROXIES', '10.0.0.0/40'],
  ['PORTLINE_SENDER_NODES', 'on'],
  ['PORTLINE_SENDER_NODES_URL', 'http://dl.example/list'],
  ['PORTLINE_SENDER_NODES_URL', 'nonsense'],
])('%s cannot be %s', (name, value) => {
  expect(() => senderSettings({ [name]: value })).toThrow(expect.objectContaining(invalid(name)))
})

test('portals may be anywhere, or where PORTLINE_PORTAL_HOSTS says', () => {
  expect(portalHostsSetting({})).toEqual([])
  expect(portalHostsSetting({ PORTLINE_PORTAL_HOSTS: '*.bitrix24.com, portal.example.com' })).toEqual(['*.bitrix24.com', 'portal.example.com'])
  for (const PORTLINE_PORTAL_HOSTS of ['*', 'https://portal.example.com', 'a.*.example', '*.*.com', 'portal.example.com:443']) {
    expect(() => portalHostsSetting({ PORTLINE_PORTAL_HOSTS })).toThrow(expect.objectContaining(invalid('PORTLINE_PORTAL_HOSTS')))
  }
})

test.each(['пароль', 'two\nlines', 'bell\u0007'])('the operator token %j, which no header carries as it is, is refused and not shown', (PORTLINE_OPERATOR_TOKEN) => {
  const failure = expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.not.stringContaining(PORTLINE_OPERATOR_TOKEN) as string }) as Error
  expect(() => secretSettings({ PORTLINE_OPERATOR_TOKEN })).toThrow(failure)
})

test('an operator token is taken as it is but for spaces around it', () => {
  expect(secretSettings({ PORTLINE_OPERATOR_TOKEN: ' operators only: ~!"#$%&+/= ' })).toEqual({ operatorToken: 'operators only: ~!"#$%&+/=' })
})
