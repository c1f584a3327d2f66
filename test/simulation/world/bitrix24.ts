import type { JsonAnswer } from '@portline/runtime/network.ts'
import type { AuthBlock } from '@portline/wire/envelope.ts'
import { pairIdOf } from 'portline/tokens/token-pair.ts'
import type { History, Lane } from '../history.ts'
import type { Dice } from './dice.ts'
import type { Asked, PeerAnswer } from './network.ts'
import type { Life, Timeline } from './timeline.ts'

/**
 * The true state of portals and their authorization server: who has which app installed, which tokens are whose. Where refresh
 * tokens are for a single use, they are so whatever becomes of the answer; an uninstall revokes all tokens.
 */
export interface Site extends Lane {
  readonly clientId: string
  readonly host: string
  installed: boolean
  /** The authorization server is told of an installation a little later. */
  knownSinceMs: number
  applicationToken: string
  version: number
  /** When it was last installed or uninstalled. */
  changedAtMs: number
}

interface Grant {
  readonly site: Site
  readonly user: number
  readonly admin: boolean
  /** Names the token in the history. */
  readonly name: string
  expiresAtMs: number
  revoked: boolean
  spent: boolean
  /** Of a refresh token: its access token. */
  readonly access: string
}

export interface Pair {
  readonly access: string
  readonly refresh: string
  readonly expiresAtMs: number
  readonly user: number
}

export const AUTH_SERVER = 'https://oauth.example'
/** Trusted as well, and knows nobody. */
export const OTHER_AUTH_SERVER = 'https://oauth.example.org'
/** Both may install. */
const ADMINS = [1, 2]
const SECOND_MS = 1_000

export class Bitrix24 {
  readonly sites: Site[] = []
  readonly bindings = new Map<string, { event: string; handler: string }[]>()
  readonly #timeline: Timeline
  readonly #dice: Dice
  readonly #history: History
  readonly #access = new Map<string, Grant>()
  readonly #refresh = new Map<string, Grant>()
  readonly #issuedAt = new Map<string, number>()
  readonly #lifetimeMs: number
  readonly #singleUse: boolean
  /** Access tokens that were used: nobody has forgotten those. */
  readonly #seen = new Set<string>()
  #forgets: number
  #isCalm = false
  /** What came of them was forgotten once: not twice. */
  readonly #reopened = new Set<Grant>()
  #tokens = 0

  constructor(timeline: Timeline, dice: Dice, history: History, { tokensLiveS, singleUse, forgets }: { tokensLiveS: number; singleUse: boolean; forgets: number }) {
    this.#timeline = timeline
    this.#dice = dice
    this.#history = history
    this.#lifetimeMs = tokensLiveS * SECOND_MS
    this.#singleUse = singleUse
    this.#forgets = forgets
  }

  /** From here on nothing is forgotten. */
  calm(): void {
    this.#isCalm = true
  }

  addSite(app: string, member: number): Site {
    const site: Site = {
      app, memberId: `portal${member}`, clientId: `app.${app}`, host: `portal${member}.example`, installed: false, knownSinceMs: 0,
      applicationToken: '', version: 0, changedAtMs: 0,
    }
    this.sites.push(site)
    return site
  }

  /** `keepToken`: a market app has the same application_token after a reinstall. */
  install(site: Site, keepToken: boolean): Pair {
    site.installed = true
    site.changedAtMs = this.#timeline.monotonicMs
    site.knownSinceMs = this.#timeline.monotonicMs + (this.#dice.chance(0.25) ? this.#dice.between(0, 30_000) : 0)
    site.version += 1
    if (!keepToken || site.applicationToken === '') site.applicationToken = this.#newToken('T')
    this.#fact(site, 'installed')
    return this.issue(site, 1)
  }

  update(site: Site, rotate: boolean): Pair {
    site.version += 1
    if (rotate) site.applicationToken = this.#newToken('T')
    this.#fact(site, 'updated')
    return this.issue(site, 1)
  }

  uninstall(site: Site, clean: boolean): void {
    site.installed = false
    site.changedAtMs = this.#timeline.monotonicMs
    this.bindings.delete(keyOf(site))
    for (const grant of [...this.#access.values(), ...this.#refresh.values()]) if (grant.site === site) grant.revoked = true
    this.#history.add({ kind: 'portal', fact: 'uninstalled', app: site.app, memberId: site.memberId, token: site.applicationToken, ...(clean ? { clean } : {}) })
  }

  issue(site: Site, user: number): Pair {
    const [access, refresh] = [this.#newToken('A'), this.#newToken('R')]
    const expiresAtMs = this.#timeline.now() + this.#lifetimeMs
    const grant = { site, user, admin: ADMINS.includes(user), expiresAtMs, revoked: false, spent: false, access }
    this.#issuedAt.set(pairIdOf({ accessToken: access, refreshToken: refresh, expiresAtMs }), this.#timeline.monotonicMs)
    this.#access.set(access, { ...grant, name: nameOf(access) })
    this.#refresh.set(refresh, { ...grant, name: nameOf(refresh) })
    return { access, refresh, expiresAtMs, user }
  }

  authOf(site: Site, pair: Pair | undefined): AuthBlock {
    const own = { domain: site.host, client_endpoint: `https://${site.host}/rest/`, server_endpoint: `${AUTH_SERVER}/rest/`, member_id: site.memberId, application_token: site.applicationToken }
    if (pair === undefined) return own
    return {
      ...own, access_token: pair.access, refresh_token: pair.refresh, user_id: String(pair.user), status: 'L', scope: 'crm',
      expires: String(Math.floor(pair.expiresAtMs / SECOND_MS)), expires_in: String(this.#lifetimeMs / SECOND_MS),
    }
  }

  /** When the pair was issued, in milliseconds of the run: by what the app side calls it. */
  issuedAt(pairId: string | null): number {
    return this.#issuedAt.get(pairId ?? '') ?? 0
  }

  /** Whether the pair still gets anybody anywhere. */
  accepts(access: string): boolean {
    return this.#valid(this.#access.get(access))
  }

  answer(url: URL, form: Readonly<Record<string, string>>, asked: Asked): PeerAnswer {
    if (url.origin === OTHER_AUTH_SERVER) return { status: 401, json: { error: url.pathname === '/oauth/token/' ? 'invalid_grant' : 'NO_AUTH_FOUND' } }
    if (url.origin === AUTH_SERVER && url.pathname === '/rest/app.info') return this.#appInfo(form['auth'] ?? '')
    if (url.origin === AUTH_SERVER && url.pathname === '/oauth/token/') return this.#renew(form, asked)
    const site = this.sites.find(({ host }) => url.hostname === host)
    if (site === undefined) return { status: 404, json: { error: 'NOT_FOUND' } }
    return this.#rest(url.pathname.replace('/rest/', ''), form)
  }

  #appInfo(access: string): JsonAnswer {
    const grant = this.#access.get(access)
    if (grant === undefined || grant.revoked) return { status: 401, json: { error: 'NO_AUTH_FOUND' } }
    if (grant.expiresAtMs <= this.#timeline.now()) return { status: 401, json: { error: 'expired_token' } }
    this.#seen.add(access)
    const { site } = grant
    const installed = site.installed && site.knownSinceMs <= this.#timeline.monotonicMs
    const install = { installed, version: String(site.version), status: 'L', scope: 'crm', domain: site.host, uri: '', client_endpoint: `https://${site.host}/rest/`, member_id: site.memberId, member_type: 'b24' }
    return { status: 200, json: { result: { client_id: site.clientId, scope: 'crm', expires: '', install, user_id: grant.user } } }
  }

  #renew(form: Readonly<Record<string, string>>, { process, atMs }: Asked): PeerAnswer {
    const grant = this.#refresh.get(form['refresh_token'] ?? '')
    if (grant === undefined) return { status: 400, json: { error: 'invalid_grant' } }
    const { app, memberId } = grant.site
    const note = (result: 'issued' | 'refused', came: boolean, next?: string): void => this.#history.add({
      kind: 'renewal', process, app, memberId, user: grant.user, refresh: grant.name, ...(next === undefined ? {} : { next }), result, askedAt: atMs, answer: came ? 'came' : 'lost',
    })
    const refused = grant.revoked || grant.spent || form['client_secret'] !== secretOf(app)
    if (refused) return { status: 400, json: { error: 'invalid_grant' }, answered: (came) => note('refused', came) }
    grant.spent = this.#singleUse
    const { access, refresh } = this.issue(grant.site, grant.user)
    const answered = (came: boolean): void => note('issued', came, nameOf(refresh))
    if (this.#forgets > 0 && !this.#reopened.has(grant)) this.#forgetLater(grant, refresh)
    const endpoints = { server_endpoint: `${AUTH_SERVER}/rest/`, client_endpoint: `https://${grant.site.host}/rest/` }
    const json = {
      access_token: access, refresh_token: refresh, expires_in: this.#lifetimeMs / SECOND_MS, scope: 'crm', domain: 'oauth.example', ...endpoints,
      status: 'L', member_id: memberId, user_id: grant.user,
    }
    return { status: 200, json, answered }
  }

  /** A server that fails over to one that has not heard of it: it never gave this pair, and takes the one before again. Not once it has been seen. */
  #forgetLater(former: Grant, refresh: string): void {
    this.#forgets -= 1
    this.#timeline.after(WORLD, this.#dice.between(0, FORGETS_WITHIN_MS), () => {
      const grant = this.#refresh.get(refresh)
      if (this.#isCalm || grant === undefined || grant.spent || grant.revoked || this.#seen.has(grant.access)) return
      this.#refresh.delete(refresh)
      this.#access.delete(grant.access)
      former.spent = false
      this.#reopened.add(former)
      const { app, memberId } = grant.site
      this.#history.add({ kind: 'forgotten', app, memberId, refresh: grant.name })
    })
  }

  #rest(method: string, form: Readonly<Record<string, string>>): JsonAnswer {
    const grant = this.#access.get(form['auth'] ?? '')
    if (grant === undefined || grant.revoked) return { status: 401, json: { error: 'NO_AUTH_FOUND' } }
    if (!this.#valid(grant)) return { status: 401, json: { error: 'expired_token' } }
    this.#seen.add(form['auth'] ?? '')
    const key = keyOf(grant.site)
    const bound = this.bindings.get(key) ?? []
    const { event = '', handler = '' } = form
    if (method === 'user.admin') return { status: 200, json: { result: grant.admin } }
    if (method === 'event.get') return { status: 200, json: { result: bound } }
    if (method === 'event.bind') this.bindings.set(key, [...bound, { event, handler }])
    if (method === 'event.unbind') this.bindings.set(key, bound.filter((each) => each.event !== event))
    return { status: 200, json: { result: true } }
  }

  #valid(grant: Grant | undefined): boolean {
    return grant !== undefined && !grant.revoked && grant.expiresAtMs > this.#timeline.now()
  }

  #newToken(kind: string): string {
    return `${kind}${++this.#tokens}.${this.#dice.hex(TOKEN_BYTES)}`
  }

  #fact({ app, memberId, applicationToken, knownSinceMs }: Site, fact: 'installed' | 'updated'): void {
    this.#history.add({ kind: 'portal', fact, app, memberId, token: applicationToken, knownAt: knownSinceMs })
  }
}

const WORLD: Life = { name: 'authorization server', alive: true }
const FORGETS_WITHIN_MS = 20_000
const TOKEN_BYTES = 8
const NAME_LENGTH = 8

/** Of a token, for the history. */
export function nameOf(token: string): string {
  return token.slice(0, NAME_LENGTH)
}

export function secretOf(app: string): string {
  return `secret of ${app}`
}

export function keyOf({ app, memberId }: Lane): string {
  return `${app}/${memberId}`
}
