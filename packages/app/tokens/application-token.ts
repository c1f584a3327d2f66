import { hash, timingSafeEqual } from 'node:crypto'
import type { PortalKey } from '../store/port.ts'
import type { Sealer } from './sealer.ts'

/** The application_token at rest and in memory: sealed there, a digest here. */
export function applicationTokenPurpose({ app, memberId }: PortalKey): string {
  return `application_token:${app}:${memberId}`
}

export function sealApplicationToken(sealer: Sealer, portal: PortalKey, token: string): Uint8Array {
  return sealer.seal(applicationTokenPurpose(portal), token)
}

export function digestOfSealed(sealer: Sealer, portal: PortalKey, sealed: Uint8Array): Uint8Array {
  return digestOf(sealer.open(applicationTokenPurpose(portal), sealed))
}

/** Constant-time: digests have one length, and how far they agree tells nothing of the token. */
export function hasDigest(token: string, digest: Uint8Array): boolean {
  return timingSafeEqual(digestOf(token), digest)
}

function digestOf(token: string): Uint8Array {
  return hash('sha256', token, 'buffer')
}
