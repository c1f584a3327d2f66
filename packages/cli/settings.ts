import { resolve } from 'node:path'
import type { LogLevel } from '@portline/runtime/log.ts'
import { CodedError } from '@portline/wire/errors.ts'
import { PUBLIC_AUTH_SERVERS } from '@portline/wire/oauth.ts'
import type { RetentionRules } from 'portline/inbox/retention.ts'
import { AddressList } from 'portline/serve/sender-address.ts'
import { PUBLISHED_SENDER_NODES } from 'portline/serve/sender-nodes.ts'
import type { SenderOptions } from 'portline/serve/start-app-side.ts'

/** Every setting of the command line, read and checked in one place. Errors of all: CONFIG_INVALID naming the setting. */
export type Environment = Readonly<Record<string, string | undefined>>

export const DEFAULT_HOST = '127.0.0.1'
export const DEFAULT_PORTS = { PORTLINE_PORT: 4400, PORTAL_PORT: 4480, OAUTH_PORT: 4470 } as const
const DEFAULT_DATA_DIR = '.portline'
const HIGHEST_PORT = 65_535
const LOG_LEVELS: readonly LogLevel[] = ['silent', 'error', 'warn', 'info', 'debug']

/** A port from the environment; an option of the command line is read with readPort and wins. */
export function portSetting(env: Environment, name: keyof typeof DEFAULT_PORTS, option?: string): number {
  if (option !== undefined) return readPort(option, 'the port')
  return readPort(given(env, name) ?? String(DEFAULT_PORTS[name]), name)
}

export function readPort(text: string, name: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (!(port <= HIGHEST_PORT)) throw invalid(name, `"${text}" is no port: 0 (any free one) to ${HIGHEST_PORT}`)
  return port
}

/** Absolute. */
export function dataDirSetting(env: Environment, option?: string): string {
  return resolve(option ?? given(env, 'PORTLINE_DATA') ?? DEFAULT_DATA_DIR)
}

export interface Credentials {
  readonly clientId: string
  readonly clientSecret: string
}

export function credentialsSetting(env: Environment): Credentials {
  const clientId = given(env, 'B24_CLIENT_ID')
  const clientSecret = given(env, 'B24_CLIENT_SECRET')
  if (clientId !== undefined && clientSecret !== undefined) return { clientId, clientSecret }
  const missing = [clientId === undefined && 'B24_CLIENT_ID', clientSecret === undefined && 'B24_CLIENT_SECRET'].filter(Boolean)
  throw new CodedError('CONFIG_INVALID', `${missing.join(' and ')} must be set: the application's card in Bitrix24 shows them`)
}

/** The two public authorization servers and those of PORTLINE_AUTH_SERVERS, comma-separated. */
export function authServersSetting(env: Environment): string[] {
  const own = listOf(given(env, 'PORTLINE_AUTH_SERVERS'))
  return [...new Set([...PUBLIC_AUTH_SERVERS, ...own.map(authServerOrigin)])]
}

/** client_secret travels to these servers: never in the clear over a network, never to a mistyped path. */
function authServerOrigin(text: string): string {
  const url = readUrl(text, 'PORTLINE_AUTH_SERVERS')
  if (url.href !== `${url.origin}/`) {
    throw invalid('PORTLINE_AUTH_SERVERS', `"${shownUrl(url)}" must be an origin: scheme, host and port only`)
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw invalid('PORTLINE_AUTH_SERVERS', `${url.origin} must be https: plain http is for this machine only`)
  }
  return url.origin
}

/** The address Bitrix24 reaches this server at, without a trailing slash. */
export function publicUrlSetting(option: string | undefined): string | undefined {
  if (option === undefined) return undefined
  const url = readUrl(option, '--public-url')
  if (url.search !== '' || url.hash !== '') throw invalid('--public-url', 'it must have no query and no fragment')
  return url.href.replace(/\/+$/, '')
}

/** Where the operator API is asked. */
export function serverUrlSetting(env: Environment): string {
  const text = given(env, 'PORTLINE_URL') ?? `http://${DEFAULT_HOST}:${portSetting(env, 'PORTLINE_PORT')}`
  return readUrl(text, 'PORTLINE_URL').href.replace(/\/+$/, '')
}

/** Where the control API of a running portal is asked. */
export function portalUrlSetting(env: Environment): string {
  const text = given(env, 'PORTAL_URL') ?? `http://${DEFAULT_HOST}:${portSetting(env, 'PORTAL_PORT')}`
  return readUrl(text, 'PORTAL_URL').href.replace(/\/+$/, '')
}

export interface RetentionOptions {
  readonly keepDone?: string
  readonly keepDead?: string
  readonly maxStore?: string
}

/** How long events are kept: done ones for 30 days, dead ones for 90, whatever the store's size, when nothing is said. */
export function retentionSetting(env: Environment, { keepDone, keepDead, maxStore }: RetentionOptions = {}): RetentionRules {
  return {
    doneAfterMs: durationOf(keepDone ?? given(env, 'PORTLINE_KEEP_DONE') ?? '30d', keepDone === undefined ? 'PORTLINE_KEEP_DONE' : '--keep-done'),
    deadAfterMs: durationOf(keepDead ?? given(env, 'PORTLINE_KEEP_DEAD') ?? '90d', keepDead === undefined ? 'PORTLINE_KEEP_DEAD' : '--keep-dead'),
    maxBytes: bytesOf(maxStore ?? given(env, 'PORTLINE_MAX_STORE') ?? 'unlimited', maxStore === undefined ? 'PORTLINE_MAX_STORE' : '--max-store'),
  }
}

/** Where portals may be: anywhere when nothing is said. */
export function portalHostsSetting(env: Environment): string[] {
  const hosts = listOf(given(env, 'PORTLINE_PORTAL_HOSTS'))
  const wrong = hosts.find((host) => !/^(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/i.test(host))
  if (wrong !== undefined) throw invalid('PORTLINE_PORTAL_HOSTS', `"${wrong}" is neither a host such as portal.example.com nor a domain such as *.bitrix24.com`)
  return hosts
}

const SENDER_MODES = ['off', 'warn', 'enforce'] as const

/** Whose word on a sender's address is taken, and whether the address is compared with the list that Bitrix24 publishes. */
export function senderSettings(env: Environment): SenderOptions {
  const trustedProxies = listOf(given(env, 'PORTLINE_TRUSTED_PROXIES'))
  const wrong = trustedProxies.find((entry) => !new AddressList().add(entry))
  if (wrong !== undefined) throw invalid('PORTLINE_TRUSTED_PROXIES', `"${wrong}" is neither an address nor a network such as 10.0.0.0/8`)
  const text = given(env, 'PORTLINE_SENDER_NODES') ?? 'off'
  const mode = SENDER_MODES.find((name) => name === text)
  if (mode === undefined) throw invalid('PORTLINE_SENDER_NODES', `"${text}" is none of ${SENDER_MODES.join(', ')}`)
  const url = readUrl(given(env, 'PORTLINE_SENDER_NODES_URL') ?? PUBLISHED_SENDER_NODES, 'PORTLINE_SENDER_NODES_URL')
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) throw invalid('PORTLINE_SENDER_NODES_URL', 'it must be https: whoever writes the list decides who is heard')
  return { trustedProxies, ...(mode === 'off' ? {} : { nodes: { mode, url: url.href } }) }
}

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 }

function durationOf(text: string, name: string): number | undefined {
  if (text === 'forever') return undefined
  const [, count, unit = ''] = /^(\d{1,6})([mhd])$/.exec(text) ?? []
  if (count === undefined) throw invalid(name, `"${text}" is neither a time such as 30d, 12h or 15m nor "forever"`)
  return Number(count) * (UNIT_MS[unit] ?? 0)
}

const UNIT_BYTES: Readonly<Record<string, number>> = { MB: 1_000_000, GB: 1_000_000_000 }

function bytesOf(text: string, name: string): number | undefined {
  if (text === 'unlimited') return undefined
  const [, count = '0', unit = ''] = /^(\d{1,6})(MB|GB)$/.exec(text) ?? []
  if (Number(count) === 0) throw invalid(name, `"${text}" is neither a size such as 500MB or 20GB nor "unlimited"`)
  return Number(count) * (UNIT_BYTES[unit] ?? 0)
}

export function logLevelSetting(env: Environment, fallback: LogLevel): LogLevel {
  const text = given(env, 'PORTLINE_LOG') ?? fallback
  const level = LOG_LEVELS.find((name) => name === text)
  if (level === undefined) throw invalid('PORTLINE_LOG', `"${text}" is none of ${LOG_LEVELS.join(', ')}`)
  return level
}

/** What both ways of starting an app side take from the environment besides. */
export function secretSettings(env: Environment): { operatorToken?: string; sealingKey?: string; formerSealingKeys?: string } {
  const operatorToken = operatorTokenSetting(env)
  const sealingKey = given(env, 'PORTLINE_KEY')
  const formerSealingKeys = given(env, 'PORTLINE_FORMER_KEYS')
  return {
    ...(operatorToken === undefined ? {} : { operatorToken }),
    ...(sealingKey === undefined ? {} : { sealingKey }),
    ...(formerSealingKeys === undefined ? {} : { formerSealingKeys }),
  }
}

/** A header holds nothing else, so nobody could send it. */
const SENDABLE = /^[\t\x20-\x7e\x80-\xff]+$/

function operatorTokenSetting(env: Environment): string | undefined {
  const token = given(env, 'PORTLINE_OPERATOR_TOKEN')
  if (token !== undefined && !SENDABLE.test(token)) throw invalid('PORTLINE_OPERATOR_TOKEN', 'no header can hold it: take visible ASCII characters, as openssl rand -hex 32 prints')
  return token
}

export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname)
}

function listOf(text: string | undefined): string[] {
  return (text ?? '').split(',').map((entry) => entry.trim()).filter((entry) => entry !== '')
}

/** Set to nothing is not set. */
function given(env: Environment, name: string): string | undefined {
  const value = env[name]?.trim()
  return value === '' ? undefined : value
}

function readUrl(text: string, name: string): URL {
  const url = URL.parse(text)
  if (url === null || !['http:', 'https:'].includes(url.protocol)) throw invalid(name, 'it must be an http or https address')
  if (url.username !== '' || url.password !== '') throw invalid(name, 'it must hold no user name and password')
  return url
}

/** A query may hold a secret. */
function shownUrl(url: URL): string {
  return `${url.origin}${url.pathname}`
}

function invalid(name: string, problem: string): CodedError {
  return new CodedError('CONFIG_INVALID', `${name}: ${problem}`)
}
