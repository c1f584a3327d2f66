import type { B24OAuth, B24OAuthParams } from '@bitrix24/b24jssdk'
import type { Clock } from '@portline/runtime/clock.ts'
import { CodedError } from '@portline/wire/errors.ts'
import { CLIENTS_KEPT, REST_ANSWER_MAX_BYTES, REST_CALL_MS } from '../limits.ts'
import type { BlockReason } from '../installations/states.ts'
import type { Installation, PortalKey } from '../store/port.ts'
import type { Credentials } from '../tokens/auth-server.ts'
import { portalRefusal } from '../tokens/portal-refusal.ts'
import type { PortalRefusal } from '../tokens/portal-refusal.ts'
import { NotAsked } from '../tokens/renewal-limits.ts'
import type { TokenKeeper } from '../tokens/token-keeper.ts'
import type { TokenPair } from '../tokens/token-pair.ts'
import { boundAnswers } from './bound-answers.ts'
import type { RestLimits } from './bound-answers.ts'
import { currentAttempt, markRefusal } from './call-recorder.ts'
import { followRename } from './follow-rename.ts'
import { LazySdk } from './load-sdk.ts'
import { wordsOf } from './portal-words.ts'
import { tellKeeper } from './tell-keeper.ts'

/**
 * REST clients per portal: Bitrix24's own SDK, with two of its habits replaced. Its renewal races between clients and
 * loses the pair when a save fails, so ours takes its place; it repeats writes after a broken connection, so it makes one
 * attempt and the lane decides about the next.
 */
export interface RestClients {
  /** The client of the portal's master account. It has no tokens yet: the first call asks the token keeper for them. */
  ofPortal(installation: Installation): Promise<B24OAuth>
  /** The same at once, for handlers: a client that nobody asks for is not made. Errors: SdkImporting. */
  ofPortalNow(installation: Installation): B24OAuth
  /** A client for one visit with a user's own frame tokens, which are never renewed and never kept. */
  ofVisit(installation: Installation, pair: TokenPair): Promise<B24OAuth>
  forget(portal: PortalKey): void
}

export interface RestClientParts {
  readonly tokens: TokenKeeper
  readonly credentialsOf: (app: string) => Credentials
  readonly clock: Clock
  /** Told of every answer of a portal: what it refuses all calls for, or nothing when the call succeeded. */
  readonly onAnswer?: (portal: PortalKey, refusal: BlockReason | undefined) => unknown
  /** What is known of an installation now, from memory. */
  readonly currentOf: (portal: PortalKey) => Installation | undefined
  /** Goes along with every call of the app's clients; none when empty. */
  readonly authConnectorOf?: (app: string) => string
  readonly limits?: RestLimits
}

const SECOND_MS = 1_000
const NO_TOKENS: TokenPair = { accessToken: '', refreshToken: '', expiresAtMs: 0 }
const LIMITS: RestLimits = { callMs: REST_CALL_MS, maxBytes: REST_ANSWER_MAX_BYTES }
const ONE_ATTEMPT = { maxRetries: 1, retryOnNetworkError: false }

export function createRestClients(
  { tokens, credentialsOf, clock, currentOf, authConnectorOf = () => '', onAnswer = () => {}, limits = LIMITS }: RestClientParts,
): RestClients {
  const kept = new Map<string, B24OAuth>()
  const sdk = new LazySdk()

  const forget = ({ app, memberId }: PortalKey): void => {
    for (const key of kept.keys()) if (key.startsWith(`${app}/${memberId}/`)) kept.delete(key)
  }
  const build = (installation: Installation, pair: TokenPair): B24OAuth => {
    const { ApiVersion, B24OAuth, ParamsFactory } = sdk.now(clock.now())
    const client = new B24OAuth(authOptions(installation, pair, clock), credentialsOf(installation.app), {
      restrictionParams: { ...ParamsFactory.getDefault(), ...ONE_ATTEMPT },
    })
    client.offClientSideWarning()
    for (const version of [ApiVersion.v2, ApiVersion.v3]) {
      boundAnswers(client, version, limits)
      recordCalls(client, clock, version, (refusal) => onAnswer(installation, refusal))
    }
    return client
  }
  const buildForPortal = (installation: Installation): B24OAuth => {
    const client = build(installation, NO_TOKENS)
    keepTokens(client, installation, tokens, clock, (refusal) => onAnswer(installation, refusal))
    const { ApiVersion } = sdk.now(clock.now())
    for (const version of [ApiVersion.v2, ApiVersion.v3]) {
      tellKeeper(client, version, installation, { tokens, forget })
      followRename(client, version, installation, { tokens, currentOf })
      nameConnector(client, version, authConnectorOf(installation.app))
    }
    return client
  }
  const ofPortalNow = (installation: Installation): B24OAuth => {
    const key = `${installation.app}/${installation.memberId}/${installation.generation}/${installation.clientEndpoint}`
    const client = kept.get(key) ?? buildForPortal(installation)
    // Re-inserted at the end: the map's first entry is the least recently used.
    kept.delete(key)
    kept.set(key, client)
    if (kept.size > CLIENTS_KEPT) kept.delete(kept.keys().next().value ?? '')
    return client
  }

  return {
    ofPortalNow,
    async ofPortal(installation) {
      await sdk.ready(clock.now())
      return ofPortalNow(installation)
    },
    async ofVisit(installation, pair) {
      await sdk.ready(clock.now())
      return build(installation, pair)
    },
    forget,
  }
}

function authOptions(installation: Installation, pair: TokenPair, clock: Clock): B24OAuthParams {
  return {
    applicationToken: '',
    userId: 0,
    memberId: installation.memberId,
    accessToken: pair.accessToken,
    refreshToken: '',
    expires: Math.floor(pair.expiresAtMs / SECOND_MS),
    expiresIn: Math.max(0, Math.floor((pair.expiresAtMs - clock.now()) / SECOND_MS)),
    scope: installation.scope ?? '',
    domain: installation.domain,
    clientEndpoint: installation.clientEndpoint,
    serverEndpoint: installation.serverEndpoint,
    status: (installation.appStatus ?? 'L') as B24OAuthParams['status'],
  }
}

function keepTokens(client: B24OAuth, installation: Installation, tokens: TokenKeeper, clock: Clock, answered: Answered): void {
  client.setCustomRefreshAuth(async () => {
    const held = client.auth.getAuthData()
    const pair = await tokens.pair(installation, held === false ? undefined : held.access_token).catch((error: unknown) => {
      const hear = error instanceof NotAsked ? () => {} : answered
      if (error instanceof CodedError && typeof error.cause === 'string') noteAnswer(error, portalRefusal(error.cause, undefined), hear)
      throw error
    })
    return {
      access_token: pair.accessToken,
      // The SDK never needs it: it asks here instead.
      refresh_token: '',
      expires: String(Math.floor(pair.expiresAtMs / SECOND_MS)),
      expires_in: String(Math.max(0, Math.floor((pair.expiresAtMs - clock.now()) / SECOND_MS))),
      client_endpoint: installation.clientEndpoint,
      server_endpoint: installation.serverEndpoint,
      member_id: installation.memberId,
      scope: installation.scope ?? '',
      status: installation.appStatus ?? 'L',
      domain: installation.domain,
    }
  })
}

type Answered = (refusal: BlockReason | undefined) => void

/** Whoever refuses the app as such, the portal or its authorization server: the event waits, and the portal is blocked. */
function noteAnswer(error: object, refusal: PortalRefusal | undefined, answered: Answered): void {
  noteLast(refusal)
  if (refusal === undefined) return
  markRefusal(error, refusal)
  answered(refusal)
}

function noteLast(refusal: PortalRefusal | undefined): void {
  const recorder = currentAttempt.getStore()
  if (recorder !== undefined) recorder.refusal = refusal
}

function recordCalls(
  client: B24OAuth,
  clock: Clock,
  version: Parameters<B24OAuth['getHttpClient']>[0],
  answered: Answered,
): void {
  const http = client.getHttpClient(version).ajaxClient
  const started = new WeakMap<object, number>()
  const record = (config: { url?: string }, error?: string): void => {
    // The clock may have been set back meanwhile.
    const durationMs = Math.max(0, clock.now() - (started.get(config) ?? clock.now()))
    currentAttempt.getStore()?.call({ method: methodOf(config.url), durationMs, ...(error === undefined ? {} : { error }) })
  }
  http.interceptors.request.use((config) => {
    started.set(config, clock.now())
    return config
  })
  http.interceptors.response.use(
    (response) => {
      record(response.config)
      noteLast(undefined)
      answered(undefined)
      return response
    },
    (failure: { config?: { url?: string }; response?: { data?: unknown }; code?: string }) => {
      const words = wordsOf(failure.response?.data)
      if (failure.response !== undefined) noteAnswer(failure, portalRefusal(words?.code, words?.description), answered)
      if (failure.config !== undefined) record(failure.config, words?.code || words?.description || failure.code || 'FAILED')
      return Promise.reject(failure as unknown as Error)
    },
  )
}

/** What the app changes with it stays out of the offline queue of that name. A call that names one itself keeps its own. */
function nameConnector(client: B24OAuth, version: Parameters<B24OAuth['getHttpClient']>[0], authConnector: string): void {
  if (authConnector === '') return
  client.getHttpClient(version).ajaxClient.interceptors.request.use((config) => {
    const params: unknown = config.data
    if (typeof params === 'object' && params !== null) config.data = { auth_connector: authConnector, ...params }
    return config
  })
}

function methodOf(url = ''): string {
  return new URL(url, 'http://portal').pathname.split('/').at(-1) ?? url
}
