import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPortal } from '@portline/portal'
import type { Portal, PortalOptions } from '@portline/portal'
import { VirtualClock } from '@portline/runtime/clock.ts'
import { silentLog } from '@portline/runtime/log.ts'
import { systemNetwork } from '@portline/runtime/network.ts'
import type { Network } from '@portline/runtime/network.ts'
import { systemRandom } from '@portline/runtime/random.ts'
import type { Store } from 'portline/store/port.ts'
import { openSqliteStore } from 'portline/store/sqlite/sqlite-store.ts'
import { createAuthServers } from 'portline/tokens/auth-server.ts'
import { createSealer } from 'portline/tokens/sealer.ts'
import { createTokenKeeper } from 'portline/tokens/token-keeper.ts'
import type { TokenKeeper } from 'portline/tokens/token-keeper.ts'
import { openAccount, sealAccount } from 'portline/tokens/token-pair.ts'
import type { TokenPair } from 'portline/tokens/token-pair.ts'

/** The portal's own authorization server, a real store, and processes that keep tokens in it and may die at any step. */
const CLIENT = { client_id: 'app.tokens', client_secret: 'secret of tokens' }
const REDIRECT = 'http://127.0.0.1:9/back'

/** A token keeper whose store and network can go away under it: at one of its steps it dies, and nothing it waits for ever comes. */
export class KeeperProcess {
  readonly #world: TokenWorld
  readonly #dieAt: number
  alive = true
  steps = 0
  readonly tokens: TokenKeeper

  constructor(world: TokenWorld, dieAt = Number.POSITIVE_INFINITY) {
    this.#world = world
    this.#dieAt = dieAt
    this.tokens = createTokenKeeper({
      store: this.#guarded(world.store),
      sealer: world.sealer,
      authServers: createAuthServers([world.portal.oauthUrl], this.#guarded(world.network)),
      credentialsOf: () => ({ clientId: CLIENT.client_id, clientSecret: CLIENT.client_secret }),
      clock: world.clock,
      log: silentLog,
      owner: `process ${++world.processes}`,
      onChanged: () => Promise.resolve(),
    })
  }

  #guarded<Parts extends object>(parts: Parts): Parts {
    const guarded = Object.entries(parts).map(([name, call]) => {
      return [name, (...args: unknown[]) => this.#step(() => (call as (...all: unknown[]) => Promise<unknown>)(...args))]
    })
    return Object.fromEntries(guarded) as Parts
  }

  /** It may die before the call, and after it was done but before its answer. */
  async #step(call: () => Promise<unknown>): Promise<unknown> {
    if (this.#dies()) return new Promise(() => {})
    const answer = await this.#world.underWay(call)
    return this.#dies() ? new Promise(() => {}) : answer
  }

  #dies(): boolean {
    if (this.alive && this.steps++ === this.#dieAt) this.alive = false
    return !this.alive
  }
}

export class TokenWorld {
  readonly clock: VirtualClock
  readonly sealer = createSealer(new Uint8Array(32).fill(5), systemRandom)
  readonly network: Network = {
    postForm: (url, form, limits) => {
      if (url.includes('/oauth/token/')) this.renewals.push(this.clock.now())
      return systemNetwork.postForm(url, form, limits)
    },
  }
  /** When the token endpoint was asked. */
  readonly renewals: number[] = []
  processes = 0
  readonly folder: string
  readonly portal: Portal
  readonly store: Store
  #underWay = 0

  static async open(options: PortalOptions = {}): Promise<TokenWorld> {
    const folder = await mkdtemp(join(tmpdir(), 'portline-token-world-'))
    const clock = new VirtualClock()
    const portal = await startPortal({ port: 0, oauthPort: 0, clock, ...options })
    const world = new TokenWorld(folder, clock, portal, await openSqliteStore(join(folder, 'store.sqlite')))
    portal.control.registerApp({ name: 'tokens', kind: 'market', ui: false, redirect_uri: REDIRECT, install_url: REDIRECT, ...CLIENT })
    await portal.control.install(CLIENT.client_id)
    await world.store.saveInstallation({
      ...world.key, status: 'active', generation: 1, domain: portal.domain, clientEndpoint: `${portal.url}/rest/`,
      serverEndpoint: `${portal.oauthUrl}/rest/`, updatedAtMs: clock.now(),
    })
    return world
  }

  private constructor(folder: string, clock: VirtualClock, portal: Portal, store: Store) {
    this.folder = folder
    this.clock = clock
    this.portal = portal
    this.store = store
  }

  get key() {
    return { app: 'tokens', memberId: this.portal.memberId }
  }

  /** What an installer of this user would bring: `expired` as far as we know. */
  async bring(userId: string, master: boolean, expired = true): Promise<void> {
    const pair = await this.#pairOf(userId)
    const account = sealAccount(this.sealer, {
      portal: this.key, userId, master, nowMs: this.clock.now(), pair: expired ? { ...pair, expiresAtMs: 0 } : pair,
    })
    await this.store.saveAccount(account)
  }

  async #pairOf(userId: string): Promise<TokenPair> {
    const page = await fetch(`${this.portal.url}/oauth/authorize/?client_id=${CLIENT.client_id}&user_id=${userId}`, { redirect: 'manual' })
    const code = new URL(page.headers.get('location') ?? '').searchParams.get('code') ?? ''
    const form = { grant_type: 'authorization_code', ...CLIENT, code }
    const { json } = await systemNetwork.postForm(`${this.portal.oauthUrl}/oauth/token/`, form, { timeoutMs: 5_000, maxBytes: 10_000 })
    const { access_token: accessToken, refresh_token: refreshToken } = json as { access_token: string; refresh_token: string }
    return { accessToken, refreshToken, expiresAtMs: this.clock.now() + 3_600_000 }
  }

  /** Whose the token is, by the server's own word; undefined when it is worth nothing. */
  async userOf(accessToken: string): Promise<string | undefined> {
    const { json } = await systemNetwork.postForm(`${this.portal.oauthUrl}/rest/app.info`, { auth: accessToken }, { timeoutMs: 5_000, maxBytes: 10_000 })
    const { result } = json as { result?: { user_id: number } }
    return result === undefined ? undefined : String(result.user_id)
  }

  async stored() {
    return (await this.store.accounts(this.key)).map((account) => ({ ...account, pair: openAccount(this.sealer, account) }))
  }

  async underWay<Result>(call: () => Promise<Result>): Promise<Result> {
    this.#underWay += 1
    try {
      return await call()
    } finally {
      this.#underWay -= 1
    }
  }

  /** Lets virtual time go on, never past work that takes real time, until there is an answer. */
  async pass<Result>(answer: Promise<Result>, stepMs = 1_000): Promise<Result> {
    const call = { ended: false }
    const mark = (): void => void (call.ended = true)
    answer.then(mark, mark)
    await this.quiet()
    while (!call.ended) await this.clock.advance(stepMs, () => this.quiet())
    return answer
  }

  async quiet(): Promise<void> {
    do await new Promise((resolve) => setImmediate(resolve))
    while (this.#underWay > 0)
    await new Promise((resolve) => setImmediate(resolve))
  }

  async close(): Promise<void> {
    await this.store.close()
    await this.portal.stop()
    await rm(this.folder, { recursive: true })
  }
}
