import { AUDIT_HEAD_PURPOSE } from '../tokens/sealer.ts'
import type { Sealer } from '../tokens/sealer.ts'

export interface SealedHead {
  readonly seq: number
  readonly hash: string
}

export function sealHead(sealer: Sealer, { seq, hash }: SealedHead): Uint8Array {
  return sealer.seal(AUDIT_HEAD_PURPOSE, JSON.stringify([seq, hash]))
}

/** Nothing when it was not made with our key, or was changed. */
export function openHead(sealer: Sealer, sealed: Uint8Array): SealedHead | undefined {
  try {
    const [seq, hash] = JSON.parse(sealer.open(AUDIT_HEAD_PURPOSE, sealed)) as [number, string]
    return { seq, hash }
  } catch {
    return undefined
  }
}
