import type { EventEnvelope } from '@portline/wire/envelope.ts'
import { uninstallMark } from '../installations/uninstall-mark.ts'
import { INSTALLER_FRESH_MS } from '../limits.ts'
import { isRaisedBefore, raisedAtMs } from '../raised-at.ts'
import type { Installation } from '../store/port.ts'
import { isApplicationToken } from './known-portals.ts'
import type { KnownPortal } from './known-portals.ts'
import type { Verdict } from './verdict.ts'

/**
 * The verdict on an event, from memory alone.
 *
 *     portal       application_token   event                       verdict
 *     any          absent              any                         refused
 *     unknown      present             any                         held
 *     live         the known one       uninstall handled before    settled: of a former installation
 *     live         the known one       uninstall older than this   doubted: the authorization server is asked
 *                                      installation
 *     live         the known one       any other                   proven
 *     live         another             install, update + token     held, to be proven by the access token
 *     live         another             any other                   refused
 *     live         none known yet      install, update + token     held, to be proven by the access token
 *     live         none known yet      install without token       held, to be proven by the installer's tokens
 *     live         none known yet      any other                   held
 *     deleted      the known one       uninstall                   settled: already done
 *     deleted      the known one       install                     held: only a proof opens the portal again
 *     deleted      the known one       not raised after the        refused: late
 *                                      uninstall
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

function judgeKnownToken({ installation }: KnownPortal, envelope: EventEnvelope, provable: boolean): Verdict {
  const { event, ts } = envelope
  if (installation.status !== 'deleted') return event === 'ONAPPUNINSTALL' ? judgeUninstall(installation, envelope) : PROVEN
  if (event === 'ONAPPUNINSTALL') return { kind: 'settled', proof: 'application_token', reason: 'ALREADY_UNINSTALLED' }
  if (event !== 'ONAPPINSTALL' && !isRaisedAfterUninstall(ts, installation)) return { kind: 'refused', code: 'INSTALLATION_DELETED' }
  return { kind: 'held', provable }
}

const PROVEN: Verdict = { kind: 'proven', proof: 'application_token' }

/**
 * Bitrix24's queue may deliver an uninstall after the app was installed again, and more than once, and a market app keeps its
 * application_token: then only time tells whose end it is.
 *
 * - The very uninstall (`ts` and data) that ended a former installation is that one once more. Installing again and uninstalling
 *   takes more than a second, so no other one looks like it.
 * - One that was raised before this installation's newest install, by the portal's clock, or before its installer was proven, by
 *   ours, can hardly be its end; but a clock may have been set back, and ours is not the portal's. A mistake either way costs much:
 *   data erased that is in use, or tokens kept of who has left. So whoever knows is asked. Nothing but its plain yes keeps the
 *   installation: an uninstall never needs a live token or a server in reach.
 * - Any other is believed at once.
 *
 * What an uninstall of a former installation says of CLEAN is not followed: what it would erase is in use again.
 */
function judgeUninstall(installation: Installation, envelope: EventEnvelope): Verdict {
  const mark = uninstallMark(envelope)
  if (mark !== undefined && installation.uninstalls?.includes(mark) === true) {
    return { kind: 'settled', proof: 'application_token', reason: 'FORMER_INSTALLATION' }
  }
  const openedAtMs = Math.max(installation.raisedAtMs ?? 0, installation.installerProvenAtMs ?? 0)
  return isRaisedBefore(envelope.ts, openedAtMs) ? { kind: 'doubted' } : PROVEN
}

/**
 * Whether it says of itself that it is of a newer installation. By the portal's own clock, where the uninstall told it: what was raised
 * in the second of the uninstall was raised for the one that it ended, for installing again takes longer. Bitrix24 always says when;
 * nothing speaks for what does not.
 */
function isRaisedAfterUninstall(ts: string | undefined, { uninstallRaisedAtMs, deletedAtMs = 0 }: Installation): boolean {
  const raised = raisedAtMs(ts)
  return raised !== undefined && (uninstallRaisedAtMs === undefined ? raised >= deletedAtMs : raised > uninstallRaisedAtMs)
}
