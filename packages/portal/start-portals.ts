import { CodedError } from '@portline/wire/errors.ts'
import type { OAuthServer } from './oauth/oauth-server.ts'
import { oauthServerOptions, startOAuthServer } from './start-oauth-server.ts'
import { startPortal } from './start-portal.ts'
import type { Portal, PortalOptions } from './start-portal.ts'
import { certificateFor } from './tls/tls-option.ts'

export interface PortalsOptions extends Omit<PortalOptions, 'oauth' | 'memberId' | 'state'> {
  /** How many; 1 when neither this nor `portals` is given. */
  readonly count?: number
  /** What sets each of them apart from the common options; its length is the count. */
  readonly portals?: readonly Omit<PortalOptions, 'oauth' | 'oauthPort' | 'oauthOptions' | 'strictRotation'>[]
}

export interface Portals {
  /** What they share. */
  readonly oauth: OAuthServer
  readonly portals: readonly Portal[]
  /** All portals, then the OAuth server. */
  stop(): Promise<void>
}

const DEFAULT_PORT = 4480

/**
 * Starts portals with different member_ids that share one OAuth server. The first has the port given (4480) and the seed and
 * the state file given; the second has the port above, `seed:2` and `name.2.json`, and so on. With port 0 each has a free
 * one. Throws CodedError: those of startPortal(); CONFIG_INVALID for a count that is no whole number above 0. When one does
 * not start, none runs.
 */
export async function startPortals(options: PortalsOptions = {}): Promise<Portals> {
  const { count = options.portals?.length ?? 1, portals: each = [], ...given } = options
  // One certificate for all of them and their OAuth server.
  const common = { ...given, tls: certificateFor(given.tls, given.host ?? '127.0.0.1') ?? false }
  if (!Number.isSafeInteger(count) || count < 1) throw new CodedError('CONFIG_INVALID', 'count: a whole number above 0')
  const oauth = await startOAuthServer(oauthServerOptions(common))
  const portals: Portal[] = []
  const stop = async (): Promise<void> => {
    await Promise.all(portals.map((portal) => portal.stop()))
    await oauth.stop()
  }
  try {
    for (let index = 0; index < count; index++) {
      portals.push(await startPortal({ late: true, ...common, ...ownOptions(common, index), ...each[index], oauth }))
    }
  } catch (error) {
    await stop()
    throw error
  }
  return { oauth, portals, stop }
}

/** The first portal is the one that startPortal() would start. */
function ownOptions({ port = DEFAULT_PORT, seed = 'portline', stateFile }: PortalOptions, index: number): PortalOptions {
  if (index === 0) return {}
  const number = index + 1
  return {
    port: port === 0 ? 0 : port + index,
    seed: `${seed}:${number}`,
    ...(stateFile === undefined ? {} : { stateFile: numbered(stateFile, number) }),
  }
}

function numbered(path: string, number: number): string {
  return path.endsWith('.json') ? `${path.slice(0, -'.json'.length)}.${number}.json` : `${path}.${number}`
}
