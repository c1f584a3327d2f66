import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Doctor } from '../doctor/doctor.ts'
import { DOCTOR_WAIT_MAX_MS, DOCTOR_WAIT_MS } from '../limits.ts'
import { syncBindings } from './binding-sync.ts'
import type { BindingSyncParts } from './binding-sync.ts'
import { checked } from './event-query.ts'

/** What the operator has portals asked. POST, though little is changed: any page can make a browser send a GET. */
export interface ChecksApiParts extends BindingSyncParts {
  readonly doctor: Doctor
}

const doctorBody = z.strictObject({ waitMs: z.number().int().min(0).max(DOCTOR_WAIT_MAX_MS).default(DOCTOR_WAIT_MS) })

export function addChecksApi(api: FastifyInstance, parts: ChecksApiParts): void {
  api.post('/api/bindings/sync', async (request) => syncBindings(parts, request.body))
  api.post<{ Params: { app: string; memberId: string } }>('/api/doctor/:app/:memberId', async (request) =>
    parts.doctor.examine(request.params, checked(doctorBody, request.body ?? {})))
}
