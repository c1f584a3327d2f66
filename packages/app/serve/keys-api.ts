import type { FastifyInstance } from 'fastify'
import type { AuditTrail } from '../audit/audit-trail.ts'
import type { KeyRotation } from '../tokens/key-rotation.ts'

/** The sealing keys, by their ids: no answer holds a key. */
export interface KeysApiParts {
  readonly keys: KeyRotation
  readonly trail: AuditTrail
}

export function addKeysApi(api: FastifyInstance, { keys, trail }: KeysApiParts): void {
  api.get('/api/keys', async () => keys.status)
  api.post('/api/keys/rotate', async () => {
    const status = await keys.rotate()
    trail.changed()
    return status
  })
}
