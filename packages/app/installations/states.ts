import type { ErrorCode } from '@portline/wire/errors.ts'
import type { Installation, InstallationStatus } from '../store/port.ts'

/**
 * The life of an installation, with the words of the field for its changes.
 *
 *     from             by                                                     to                             word
 *     none             installer proven                                       new                            installationCreated
 *     none, new        install proven, or any proven event                    active                         applicationInstalled
 *     new, active      the portal refuses calls or says payment ended;        blocked                        markAsBlocked
 *                      an operator
 *     blocked          what blocked it is over                                active, new if not complete    markAsActive
 *     new, active,     uninstall                                              deleted                        applicationUninstalled
 *     blocked
 *     deleted          installer or install proven                            new, active (next generation)  as from none
 *     deleted while    the same                                               blocked (next generation)      markAsBlocked
 *     an operator
 *     blocked it
 *
 * Asking for the status it already has changes nothing, and nothing else is possible. The other words (setApplicationToken,
 * renewAuthToken, updateApplicationVersion, changeDomainUrl) change no status.
 *
 * `reason` says why it is blocked, or what is wrong while it is not: NEED_REINSTALL (no account has usable tokens), PORTAL_CLONED,
 * PORTAL_REPLACED.
 *
 * Only an operator lifts an operator's block. It outlives uninstall and reinstall, with CLEAN=1 too: whoever is blocked must not be able
 * to end that by installing again. A deleted installation says so by its reason, PORTAL_BLOCKED, and can be unblocked as such.
 *
 * Blocked: events are taken in and kept as ever. By an operator: what the app side does itself is done, handlers wait until the
 * portal is unblocked. By the portal: handlers run, for some need no REST; those that fail because the portal refuses a call wait
 * and use up no attempt.
 */
const TRANSITIONS: Readonly<Record<InstallationStatus | 'none', readonly InstallationStatus[]>> = {
  none: ['new', 'active'],
  new: ['new', 'active', 'blocked', 'deleted'],
  active: ['active', 'blocked', 'deleted'],
  blocked: ['blocked', 'active', 'new', 'deleted'],
  deleted: ['deleted', 'new', 'active', 'blocked'],
}

/** Why an installation may be blocked. */
export type BlockReason = Extract<ErrorCode, 'PORTAL_UNPAID' | 'PORTAL_INACTIVE' | 'PORTAL_BLOCKED'>
/** Blocks that the portal itself ends. */
export const PORTAL_BLOCKS: readonly BlockReason[] = ['PORTAL_UNPAID', 'PORTAL_INACTIVE']

/** Throws on a transition that the table doesn't have: a bug here, never bad input. */
export function nextStatus(current: InstallationStatus | undefined, wanted: InstallationStatus): InstallationStatus {
  const from = current ?? 'none'
  if (!TRANSITIONS[from].includes(wanted)) throw new Error(`an installation cannot go from ${from} to ${wanted}`)
  return wanted
}

/** Only an operator ends what an operator began: also of a deleted one, which will be blocked as soon as it is installed again. */
export function isHeldByOperator({ status, reason }: Pick<Installation, 'status' | 'reason'>): boolean {
  return (status === 'blocked' || status === 'deleted') && reason === 'PORTAL_BLOCKED'
}

/** All of it is being erased, or is already: only its tombstone is left, which says no address. */
export function isErased({ status, domain, clientEndpoint, serverEndpoint }: Pick<Installation, 'status' | 'domain' | 'clientEndpoint' | 'serverEndpoint'>): boolean {
  return status === 'deleted' && domain === '' && clientEndpoint === '' && serverEndpoint === ''
}
