import type { EventEnvelope } from '@portline/wire/envelope.ts'
import { INSTALLER_FRESH_MS } from '../limits.ts'
import { isApplicationToken } from './known-portals.ts'
import type { KnownPortal } from './known-portals.ts'
import type { Verdict } from './verdict.ts'

/**
 * The verdict on an event, from memory alone.
 *
 *     portal       application_token   event                       verdict
 *     any          absent              any                         refused
 *     unknown      present             any                         held
 *     live         the known one       any                         proven
 *     live         another             install, update + token     held, to be proven by the access token
 *     live         another             any other                   refused
 *     live         none known yet      install, update + token     held, to be proven by the access token
 *     live         none known yet      install without token       held, to be proven by the installer's tokens
 *     live         none known yet      any other                   held
 *     deleted      the known one       uninstall                   settled: already done
 *     deleted      the known one       install                     held: only a proof opens the portal again
 *     deleted      the known one       older than the uninstall    refused: late
 *     deleted      the known one       any other                   held: an install may be on its way
 *     deleted      another             install, update + token     held, to be proven by the access token
 *     deleted      another             any other                   refused
 *
 * An access token proves who sent it, not the application_token beside it: see the prover for what is asked of it.
 */
export function judge(known: KnownPortal | undefined, envelope: EventEnvelope, receivedAtMs: number): Verdict {
  const { auth, event } = envelope
  const token = auth.application_token
  if (token === undefined || token === '') return { kind: 'refused', code: 'APPLICATION_TOKEN_MISSING' }
  const provable = auth.access_token !== undefined && (event === 'ONAPPINSTALL' || event === 'ONAPPUPDATE')
  if (known === undefined) return { kind: 'held', provable }
  if (isApplicationToken(known, token)) return judgeKnownToken(known, envelope, provable)
  if (provable) return { kind: 'held', provable: true }
  const firstToken = known.tokenDigest === undefined && known.installation.status !== 'deleted'
  if (!firstToken) return { kind: 'refused', code: 'APPLICATION_TOKEN_MISMATCH' }
  return { kind: 'held', provable: event === 'ONAPPINSTALL' && isInstallerFresh(known, receivedAtMs) }
}

/** A first application_token without an access token beside it is believed only if it came about when its installer was proven. */
export function isInstallerFresh(known: KnownPortal, receivedAtMs: number): boolean {
  const { installerProvenAtMs } = known.installation
  return installerProvenAtMs !== undefined && Math.abs(receivedAtMs - installerProvenAtMs) <= INSTALLER_FRESH_MS
}

function judgeKnownToken({ installation }: KnownPortal, { event, ts }: EventEnvelope, provable: boolean): Verdict {
  if (installation.status !== 'deleted') return { kind: 'proven', proof: 'application_token' }
  if (event === 'ONAPPUNINSTALL') return { kind: 'settled', proof: 'application_token', reason: 'ALREADY_UNINSTALLED' }
  if (event !== 'ONAPPINSTALL' && isOlder(ts, installation.deletedAtMs)) return { kind: 'refused', code: 'INSTALLATION_DELETED' }
  return { kind: 'held', provable }
}

const SECOND_MS = 1_000

function isOlder(ts: string | undefined, thanMs: number | undefined): boolean {
  return ts !== undefined && thanMs !== undefined && Number(ts) * SECOND_MS < thanMs
}
