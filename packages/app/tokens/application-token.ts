import { hash, timingSafeEqual } from 'node:crypto'
import type { PortalKey } from '../store/port.ts'
import { ifItOpens } from './sealer.ts'
import type { Sealer } from './sealer.ts'

/** The application_token at rest and in memory: sealed there, a digest here. */
export function applicationTokenPurpose({ app, memberId }: PortalKey): string {
  return `application_token:${app}:${memberId}`
}

export function sealApplicationToken(sealer: Sealer, portal: PortalKey, token: string): Uint8Array {
  return sealer.seal(applicationTokenPurpose(portal), token)
}

/** Nothing when no key at hand opens it: then it counts as not known yet, and the next proof brings it again. */
export function digestOfSealed(sealer: Sealer, portal: PortalKey, sealed: Uint8Array): Uint8Array | undefined {
  const token = ifItOpens(() => sealer.open(applicationTokenPurpose(portal), sealed))
  return token === undefined ? undefined : digestOf(token)
}

/** Constant-time: digests have one length, and how far they agree tells nothing of the token. */
export function hasDigest(token: string, digest: Uint8Array | undefined): boolean {
  return digest !== undefined && timingSafeEqual(digestOf(token), digest)
}

function digestOf(token: string): Uint8Array {
  return hash('sha256', token, 'buffer')
}
