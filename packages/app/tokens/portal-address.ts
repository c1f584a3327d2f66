import { CLONE_WINDOW_MS } from '../limits.ts'
import type { Installation } from '../store/port.ts'

/**
 * Where a portal is, and whether it is one. A portal that was renamed moves once; the authorization server tells its new address and
 * is believed. One that goes back to where it came from within days is two: the copy of a box and its original share their
 * registration, and the server names whichever of them spoke last. Then the address stays as it is until an installer is proven.
 */
export type Address = Pick<Installation, 'domain' | 'clientEndpoint'>
export type Moved = Partial<Address & Pick<Installation, 'formerDomain' | 'domainAtMs' | 'reason'>> & { readonly clearReason?: true }

/** What changes when an installer was proven at this address: the administrator has decided. */
export function addressAfter(current: Installation | undefined, { domain, clientEndpoint }: Address, nowMs: number): Address & Moved {
  if (current === undefined || current.domain === domain || current.domain === '') return { domain, clientEndpoint }
  return { domain, clientEndpoint, formerDomain: current.domain, domainAtMs: nowMs }
}

/** What changes when the authorization server names this address by itself, in its answer to a renewal. */
export function movedTo(current: Installation, address: Address, nowMs: number): Moved {
  if (current.domain === address.domain) return { ...address }
  if (current.reason === 'PORTAL_CLONED') return {}
  const returns = current.formerDomain === address.domain && nowMs - (current.domainAtMs ?? 0) <= CLONE_WINDOW_MS
  if (returns) return current.status === 'blocked' ? {} : { reason: 'PORTAL_CLONED' }
  // Somebody else has its former address by right.
  const cleared = current.reason === 'PORTAL_REPLACED' ? { clearReason: true as const } : {}
  return { ...address, formerDomain: current.domain, domainAtMs: nowMs, ...cleared }
}

/** Live installations of the app at the same address under another member_id: a box that was registered anew, or its copy. */
export function replacedBy(installation: Installation, others: Iterable<Installation>): Installation[] {
  return [...others].filter(({ app, memberId, domain, status, reason }) => {
    if (app !== installation.app || memberId === installation.memberId || domain !== installation.domain) return false
    return status !== 'deleted' && reason !== 'PORTAL_REPLACED'
  })
}
