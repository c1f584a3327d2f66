import type { Clock } from '@portline/runtime/clock.ts'
import type { Log } from '@portline/runtime/log.ts'
import { CodedError } from '@portline/wire/errors.ts'
import type { FormMap } from '@portline/wire/form/value.ts'
import { readFramePost } from '@portline/wire/frame.ts'
import type { FramePost } from '@portline/wire/frame.ts'
import { ACCESS_TOKEN_LIFETIME_S } from '@portline/wire/oauth.ts'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { RestClients } from '../bitrix24/rest-clients.ts'
import { SETTING_CONNECTOR, connectLine } from '../connectors/connector-settings.ts'
import type { App } from '../define-app.ts'
import { equipPortal } from '../installations/lifecycle.ts'
import type { LifecycleParts } from '../installations/lifecycle.ts'
import type { Installations } from '../installations/installations.ts'
import type { Installation, PortalKey, Store } from '../store/port.ts'
import type { Credentials } from '../tokens/auth-server.ts'
import type { TokenPair } from '../tokens/token-pair.ts'
import type { Prover, ProvenInstaller } from '../trust/prover.ts'
import type { Reviewer } from '../trust/reviewer.ts'
import { asCoded } from './answer.ts'
import { networkOf } from './sender-address.ts'
import type { SenderAddresses } from './sender-address.ts'
import { connectedPage, failedPage, installedPage, openedPage } from './frame-pages.ts'

/**
 * What the portal shows in a frame: the installer (`/apps/<app>/install`) and placements (`/apps/<app>/placement`). The
 * POST comes through a browser, so it counts for nothing until the authorization server has confirmed its token.
 */
export interface FrameEndpointParts {
  readonly appOf: (name: string) => App | undefined
  readonly credentialsOf: (app: string) => Credentials
  readonly prover: Prover
  readonly senders: SenderAddresses
  readonly installations: Installations
  readonly reviewer: Reviewer
  readonly rest: RestClients
  readonly store: Store
  readonly publicUrl: () => string
  readonly leaveQueue: LifecycleParts['leaveQueue']
  readonly onLineChanged: (portal: PortalKey) => void
  readonly clock: Clock
  readonly log: Log
}

export function addFrameEndpoints(server: FastifyInstance, parts: FrameEndpointParts): void {
  for (const [path, visit] of [['/apps/:app/install', install], ['/apps/:app/placement', openPlacement]] as const) {
    server.all<{ Params: { app: string } }>(path, (request, reply) => answerVisit(parts, visit, request, reply))
  }
}

/** Of a visit: what the portal's page posted, and from where the browser did. */
interface Visited extends FramePost {
  readonly sender: string
}

type Visit = (parts: FrameEndpointParts, app: App, frame: Visited) => Promise<string>

async function answerVisit(
  parts: FrameEndpointParts,
  visit: Visit,
  request: FastifyRequest<{ Params: { app: string } }>,
  reply: FastifyReply,
): Promise<string> {
  const app = parts.appOf(request.params.app)
  if (app === undefined) throw new CodedError('APP_UNKNOWN')
  if (request.method !== 'POST') throw new CodedError('METHOD_NOT_ALLOWED')
  try {
    const frame = readFramePost((request.body ?? {}) as FormMap, new URL(request.url, 'http://frame').searchParams)
    const html = await visit(parts, app, { ...frame, sender: networkOf(parts.senders.of(request.raw)) })
    reply.type('text/html; charset=utf-8')
    return html
  } catch (error) {
    const coded = asCoded(error, parts.log)
    // A person in the portal's frame reads a page; a program reads the code.
    if (!(request.headers.accept ?? '').includes('text/html')) throw coded
    reply.code(coded.status).type('text/html; charset=utf-8')
    return failedPage(app, coded.code, coded.message)
  }
}

/** Opens the portal, binds and registers what the app declares, and lets the page finish the installation. */
async function install(parts: FrameEndpointParts, app: App, frame: Visited): Promise<string> {
  const { prover, installations, reviewer, rest, clock } = parts
  const portal = { app: app.name, memberId: frame.memberId }
  const askedAtMs = clock.now()
  const proven = await prover.prove(claimOf(parts, app, frame))
  const installation = await installations.confirm(portal, proven, {
    status: 'new',
    askedAtMs,
    applicationToken: frame.applicationToken,
    language: frame.language,
    pair: pairOf(parts, frame),
    cause: { by: 'installer', proof: 'access_token' },
  })
  await reviewer.review(portal)
  const note = (text: string): void => parts.log.info({ app: app.name, portal: frame.memberId }, text)
  await equipPortal({ store: parts.store, publicUrl: parts.publicUrl(), leaveQueue: parts.leaveQueue }, { app, installation, note }, await rest.ofPortal(installation))
  return installedPage(app, installation.clientEndpoint)
}

async function openPlacement(parts: FrameEndpointParts, app: App, frame: Visited): Promise<string> {
  const portal = { app: app.name, memberId: frame.memberId }
  const proven = await parts.prover.proveVisitor(claimOf(parts, app, frame))
  const installation = await parts.installations.get(portal)
  if (installation === undefined) throw new CodedError('PORTAL_UNKNOWN')
  if (installation.status === 'deleted') throw new CodedError('INSTALLATION_DELETED')
  await giveTokens(parts, app, portal, frame)
  if (frame.placement !== SETTING_CONNECTOR) return openedPage(app)
  const { line } = await connectLine(await visitor(parts, installation, proven, frame), app, frame, { ...parts, portal })
  parts.onLineChanged(portal)
  return connectedPage(app, line)
}

/** A portal whose every pair is lost waits for an administrator to open the app. Any other visit leaves the accounts as they are. */
async function giveTokens(parts: FrameEndpointParts, app: App, portal: PortalKey, frame: Visited): Promise<void> {
  const { store, prover, installations, clock, log } = parts
  const pair = pairOf(parts, frame)
  if (pair === undefined || (await store.accounts(portal)).some(({ state }) => state === 'live')) return
  const askedAtMs = clock.now()
  try {
    const proven = await prover.prove(claimOf(parts, app, frame))
    await installations.confirm(portal, proven, { status: 'new', askedAtMs, pair, cause: { by: 'installer', proof: 'access_token' } })
    log.info({ ...portal, user: proven.userId }, 'an administrator\'s visit brought the portal tokens again')
  } catch (error) {
    log.info({ ...portal, error: String(error) }, 'a visit brought no tokens for the portal')
  }
}

function visitor({ rest, clock }: FrameEndpointParts, installation: Installation, proven: ProvenInstaller, frame: FramePost) {
  const { clientEndpoint, domain } = proven
  return rest.ofVisit({ ...installation, clientEndpoint, domain }, { accessToken: frame.accessToken, refreshToken: '', expiresAtMs: expiry(clock, frame) })
}

function claimOf({ credentialsOf }: FrameEndpointParts, app: App, { memberId, accessToken, serverEndpoint, sender }: Visited) {
  return { clientId: credentialsOf(app.name).clientId, memberId, accessToken, serverEndpoint, sender }
}

function pairOf({ clock }: FrameEndpointParts, frame: FramePost): TokenPair | undefined {
  const { accessToken, refreshToken } = frame
  return refreshToken === undefined ? undefined : { accessToken, refreshToken, expiresAtMs: expiry(clock, frame) }
}

const SECOND_MS = 1_000

function expiry(clock: Clock, { expiresInS }: FramePost): number {
  return clock.now() + Math.min(expiresInS ?? ACCESS_TOKEN_LIFETIME_S, ACCESS_TOKEN_LIFETIME_S) * SECOND_MS
}
