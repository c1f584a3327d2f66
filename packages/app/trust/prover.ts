import type { Clock } from '@portline/runtime/clock.ts'
import type { Network } from '@portline/runtime/network.ts'
import { CodedError } from '@portline/wire/errors.ts'
import type { ErrorCode } from '@portline/wire/errors.ts'
import { PROOFS_AT_ONCE, PROOFS_WAITING, REMOTE_ANSWER_MAX_BYTES, REMOTE_ANSWER_MS } from '../limits.ts'
import { portalRefusal } from '../tokens/portal-refusal.ts'
import { isSafeEndpoint } from '../tokens/safe-endpoint.ts'
import type { AuthServers } from '../tokens/auth-server.ts'
import { FairGate } from './fair-gate.ts'
import { PortalHosts } from '../tokens/portal-hosts.ts'
import { RefusedTokens } from './refused-tokens.ts'

/**
 * Asks an authorization server about an access token, and the portal about its user. The server's own app.info proves
 * which app and portal a token is for; that its user is an administrator is asked besides, because any user who can open
 * the app holds a valid token and could send an application_token of their own choosing with it.
 */
export interface Prover {
  /** Errors: PROOF_REFUSED, PROOF_UNAVAILABLE, AUTH_SERVER_UNKNOWN. */
  prove(claim: Claim): Promise<ProvenInstaller>
  /** The same without asking for an administrator: enough for a visit that uses nothing but the visitor's own token. */
  proveVisitor(claim: Claim): Promise<ProvenInstaller>
  /** Why a claim would be refused, as far as that is known without asking anybody. */
  objection(claim: Claim): ErrorCode | undefined
  /**
   * Another question that a proof needs first, in one line with the proofs. Never from within a question that has its turn: with all
   * places taken like that, each would wait for the others. Errors: PROOF_UNAVAILABLE when there is no room to wait.
   */
  inTurn<Result>(sender: string, question: () => Promise<Result>): Promise<Result>
}

export interface Claim {
  readonly clientId: string
  readonly memberId: string
  readonly accessToken: string
  /** As claimed; only a known server is ever asked. Without it every known server is. */
  readonly serverEndpoint?: string | undefined
  /** Whose turn the question takes; those of nobody share one. */
  readonly sender?: string | undefined
}

/** What the server said; the claim's own fields are not in it. */
export interface ProvenInstaller {
  readonly serverEndpoint: string
  readonly clientEndpoint: string
  readonly domain: string
  readonly userId: string
  readonly installed: boolean
  readonly version: string
  readonly appStatus: string
  readonly scope: string
}

export interface ProverParts {
  readonly authServers: AuthServers
  readonly network: Network
  readonly clock: Clock
  readonly portalHosts?: PortalHosts
}

const LIMITS = { timeoutMs: REMOTE_ANSWER_MS, maxBytes: REMOTE_ANSWER_MAX_BYTES }
const FORBIDDEN_STATUSES = [401, 403]
/** Errors of a portal that say nothing of the token: asked again, it may answer otherwise. */
const PASSING_ERRORS: ReadonlySet<unknown> = new Set(['QUERY_LIMIT_EXCEEDED', 'CONNECTION_ERROR', 'INTERNAL_SERVER_ERROR', 'OPERATION_TIME_LIMIT', 'OVERLOAD_LIMIT'])

export function createProver({ authServers, network, clock, portalHosts = new PortalHosts() }: ProverParts): Prover {
  const gate = new FairGate(PROOFS_AT_ONCE, PROOFS_WAITING)
  /** No good at all, and no good to install with. */
  const refused = { token: new RefusedTokens(clock), administrator: new RefusedTokens(clock) }

  const askAll = async (claim: Claim): Promise<ProvenInstaller> => {
    const origins = claim.serverEndpoint === undefined ? authServers.origins : [authServers.originOf(claim.serverEndpoint)]
    if (origins.length === 0) throw new CodedError('AUTH_SERVER_UNKNOWN', 'no authorization server is known')
    // All at once: one that is out of reach must not use up the time of the one that knows.
    try {
      return await Promise.any(origins.map((origin) => ask(authServers, portalHosts, origin, claim)))
    } catch (error) {
      const failures: unknown[] = error instanceof AggregateError ? error.errors : [error]
      // Nor may one's "no" be final while another could not be asked.
      throw failures.find((failure) => failure instanceof CodedError && failure.code === 'PROOF_UNAVAILABLE') ?? failures[0]
    }
  }

  const inTurn: Prover['inTurn'] = async (sender, question) => {
    if (!gate.hasRoom(sender)) throw new CodedError('PROOF_UNAVAILABLE', 'too many proofs are under way')
    return gate.run(sender, question)
  }

  const askInTurn = async <Result>(claim: Claim, question: () => Promise<Result>): Promise<Result> => {
    if (refused.token.has(claim)) throw refusedBefore()
    return inTurn(claim.sender ?? '', question)
  }

  return {
    inTurn,
    proveVisitor: (claim) => askInTurn(claim, () => remembering(refused.token, claim, askAll(claim))),
    async prove(claim) {
      if (refused.administrator.has(claim)) throw refusedBefore()
      return askInTurn(claim, async () => {
        const proven = await remembering(refused.token, claim, askAll(claim))
        await remembering(refused.administrator, claim, demandAdministrator(network, proven.clientEndpoint, claim.accessToken))
        return proven
      })
    },
    objection(claim) {
      if (refused.token.has(claim) || refused.administrator.has(claim)) return 'PROOF_REFUSED'
      return claim.serverEndpoint === undefined || isKnown(authServers, claim.serverEndpoint) ? undefined : 'AUTH_SERVER_UNKNOWN'
    },
  }
}

function isKnown(authServers: AuthServers, serverEndpoint: string): boolean {
  try {
    authServers.originOf(serverEndpoint)
    return true
  } catch {
    return false
  }
}

function refusedBefore(): CodedError {
  return new CodedError('PROOF_REFUSED', 'the access token was refused a moment ago')
}

async function remembering<Result>(refused: RefusedTokens, claim: Claim, answer: Promise<Result>): Promise<Result> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof CodedError && error.code === 'PROOF_REFUSED') refused.add(claim)
    throw error
  }
}

async function ask(authServers: AuthServers, portalHosts: PortalHosts, origin: string, claim: Claim): Promise<ProvenInstaller> {
  const info = await authServers.appInfo(origin, claim.accessToken)
  if (info.client_id !== claim.clientId) throw new CodedError('PROOF_REFUSED', 'the access token is for another app')
  if (info.install.member_id !== claim.memberId) throw new CodedError('PROOF_REFUSED', 'the access token is for another portal')
  const clientEndpoint = new URL(info.install.client_endpoint)
  if (!isSafeEndpoint(clientEndpoint, new URL(origin))) throw new CodedError('PROOF_REFUSED', 'the portal is not reachable over https')
  if (!portalHosts.allows(clientEndpoint.hostname)) throw new CodedError('PROOF_REFUSED', 'the portal is at a host that PORTLINE_PORTAL_HOSTS does not name')
  return {
    serverEndpoint: `${origin}/rest/`,
    clientEndpoint: clientEndpoint.href,
    domain: clientEndpoint.host,
    userId: String(info.user_id ?? ''),
    installed: info.install.installed,
    version: info.install.version,
    appStatus: info.install.status,
    scope: info.install.scope === '' ? info.scope : info.install.scope,
  }
}

async function demandAdministrator(network: Network, clientEndpoint: string, accessToken: string): Promise<void> {
  const answer = await network
    .postForm(new URL('user.admin', clientEndpoint).href, { auth: accessToken }, LIMITS)
    .catch((cause: unknown) => Promise.reject(new CodedError('PROOF_UNAVAILABLE', 'the portal could not be asked', { cause })))
  const { json } = answer
  const result = typeof json === 'object' && json !== null && 'result' in json ? json.result : undefined
  if (result === true) return
  if (result === false) throw new CodedError('PROOF_REFUSED', 'the user is no administrator of the portal')
  const error = typeof json === 'object' && json !== null && 'error' in json ? json.error : undefined
  const description = typeof json === 'object' && json !== null && 'error_description' in json ? json.error_description : undefined
  // Some of what passes by itself comes with 401 too (CONNECTION_ERROR, OVERLOAD_LIMIT), and what a portal says to every user of the app.
  const passes = PASSING_ERRORS.has(error) || portalRefusal(String(error), String(description)) !== undefined
  if (FORBIDDEN_STATUSES.includes(answer.status) && !passes) throw new CodedError('PROOF_REFUSED', 'the portal rejects the access token')
  throw new CodedError('PROOF_UNAVAILABLE', `the portal answered ${answer.status}`)
}
