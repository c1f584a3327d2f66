import type { Clock } from '@portline/runtime/clock.ts'
import { CodedError } from '@portline/wire/errors.ts'
import type { PortalContext } from '../context.ts'
import { PORTAL_LIMITS } from '../limits.ts'
import type { App } from '../world/state.ts'
import type { OAuthOptions } from './options.ts'
import { ShortCodes } from './short-codes.ts'
import type { TokenKind } from './token.ts'
import { portalNumberOf, readToken } from './token.ts'

/**
 * An authorization server and the portals registered with it. A portal is
 *
 *     unknown ──attach──> registered under a number ──detach──> unknown
 *     registered ──detach, attach with another member_id──> registered under a new number (a box that registers again)
 *
 * Invariants: one portal per number and per member_id; a portal keeps its number as long as nobody else has it; each token
 * carries the number, so it says itself whose it is; a client_id of a market app has one secret on all portals, a local
 * app's client_id lives on one portal only.
 */
export class OAuthServer {
  readonly options: OAuthOptions
  readonly clock: Clock
  readonly shortCodes: ShortCodes
  readonly #portals = new Map<number, PortalContext>()
  #origin = ''
  #stop: () => Promise<void> = () => Promise.resolve()

  constructor(options: OAuthOptions, clock: Clock) {
    this.options = options
    this.clock = clock
    this.shortCodes = new ShortCodes(clock)
  }

  /** Origin without a trailing slash; empty before it listens. */
  get url(): string {
    return this.#origin
  }

  /** Stops answering. Portals that are registered here go on, but can get no new tokens. */
  stop(): Promise<void> {
    return this.#stop()
  }

  /** Called once, by whoever listens for it. */
  opened(origin: string, stop: () => Promise<void>): void {
    this.#origin = origin
    this.#stop = stop
  }

  /** CONFIG_INVALID when the member_id, or a local app of the portal, is registered here already, or there are too many. */
  attach(portal: PortalContext): void {
    const { world } = portal
    if (this.#portals.size >= PORTAL_LIMITS.maxPortalsPerOAuthServer) {
      throw new CodedError('CONFIG_INVALID', `The OAuth server has ${PORTAL_LIMITS.maxPortalsPerOAuthServer} portals already`)
    }
    for (const other of this.#portals.values()) {
      if (other.world.memberId !== world.memberId) continue
      throw new CodedError('CONFIG_INVALID', `The OAuth server has a portal with member_id ${world.memberId} already`)
    }
    const foreign = world.apps().find((app) => this.isForeign(portal, app.clientId, app.kind))
    if (foreign !== undefined) {
      throw new CodedError('CONFIG_INVALID', `The client_id ${foreign.clientId} is a local app's on another portal`)
    }
    const wanted = world.oauthNumber
    const number = wanted === undefined || this.#portals.has(wanted) ? this.#freeNumber() : wanted
    if (number !== wanted) world.register({ oauthNumber: number })
    this.#portals.set(number, portal)
  }

  detach(portal: PortalContext): void {
    for (const [number, attached] of this.#portals) if (attached === portal) this.#portals.delete(number)
  }

  /** The portal gets a new member_id and a new number: no token of before is good any more. */
  reRegister(portal: PortalContext, memberId: string): void {
    const number = this.#freeNumber()
    this.detach(portal)
    portal.world.register({ oauthNumber: number, memberId })
    this.attach(portal)
  }

  portals(): readonly PortalContext[] {
    return [...this.#portals.values()]
  }

  get portalCount(): number {
    return this.#portals.size
  }

  /** The portal a token says it is for; its signature is not looked at. */
  portalOf(kind: TokenKind, token: string): PortalContext | undefined {
    const claims = readToken(kind, token)
    return claims === undefined ? undefined : this.#portals.get(portalNumberOf(claims.installId))
  }

  /** The card behind a client_id, on whatever portal; a deleted one only when there is no other. */
  client(clientId: string): App | undefined {
    let deleted: App | undefined
    for (const { world } of this.#portals.values()) {
      const app = world.client(clientId)
      if (app !== undefined && !app.deleted) return app
      deleted ??= app
    }
    return deleted
  }

  /** A client_id that is taken on another portal, where one of the two is a local app. */
  isForeign(portal: Pick<PortalContext, 'world'>, clientId: string, kind: App['kind']): boolean {
    for (const { world } of this.#portals.values()) {
      const app = world === portal.world ? undefined : world.app(clientId)
      if (app !== undefined && (kind === 'local' || app.kind === 'local')) return true
    }
    return false
  }

  /** A market app's vendor changed its secret: it is the same card on every portal. */
  changeSecret(clientId: string, clientSecret: string): void {
    for (const { world } of this.#portals.values()) {
      const app = world.app(clientId)
      if (app !== undefined && app.clientSecret !== clientSecret) world.changeApp(app, { clientSecret })
    }
  }

  /** Above every number in use, so that a portal that comes back with its old one finds it free. */
  #freeNumber(): number {
    let highest = -1
    for (const number of this.#portals.keys()) highest = Math.max(highest, number)
    return highest + 1
  }
}
