import type { InstallationStatus } from '../store/port.ts'

/**
 *     (none) ──installer proven──> new ──install proven, or any proven event──> active
 *     new, active, blocked ──uninstall──> deleted ──installer or install proven──> new, active (next generation)
 *
 * A status never changes but along these arrows; asking for the status it already has changes nothing.
 */
const TRANSITIONS: Readonly<Record<InstallationStatus | 'none', readonly InstallationStatus[]>> = {
  none: ['new', 'active'],
  new: ['new', 'active', 'blocked', 'deleted'],
  active: ['active', 'blocked', 'deleted'],
  blocked: ['blocked', 'active', 'deleted'],
  deleted: ['deleted', 'new', 'active'],
}

/** Throws on a transition that the table doesn't have: a bug here, never bad input. */
export function nextStatus(current: InstallationStatus | undefined, wanted: InstallationStatus): InstallationStatus {
  const from = current ?? 'none'
  if (!TRANSITIONS[from].includes(wanted)) throw new Error(`an installation cannot go from ${from} to ${wanted}`)
  return wanted
}
