import type { FastifyInstance } from 'fastify'
import type { AuditTrail } from '../audit/audit-trail.ts'
import type { KeyRotation } from '../tokens/key-rotation.ts'

/** The sealing keys, by their ids: no answer holds a key. */
export interface KeysApiParts {
  readonly keys: KeyRotation
  readonly trail: AuditTrail
  readonly nowMs: () => number
}

export function addKeysApi(api: FastifyInstance, { keys, trail, nowMs }: KeysApiParts): void {
  api.get('/api/keys', async () => keys.status)
  api.post('/api/keys/rotate', async () => {
    const status = await keys.rotate()
    // The key is on disk, where no transaction reaches: a crash in between leaves it untold.
    const facts = { key: status.keys[0]?.id ?? '' }
    await trail.append({ app: '', memberId: '', atMs: nowMs(), generation: 0, verb: 'rotateKey', by: 'operator', facts })
    return status
  })
}
