import { CodedError } from '@portline/wire/errors.ts'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { clockSchema } from '../clock/clock-schema.ts'
import { faultSchema } from '../faults/schema.ts'
import { PORTAL_LIMITS } from '../limits.ts'
import type { Control } from './control.ts'
import { bodyOf } from './json-body.ts'
import { parseInput } from './schemas.ts'

const faultPath = z.object({ id: z.coerce.number().int().positive() })

/** What a real portal has no page for: faults, time, the whole state, the certificate. */
export function addMachineryRoutes(face: FastifyInstance, control: Control): void {
  face.get('/faults', async () => ({ faults: control.faults.list() }))
  face.post('/faults', async (request, reply) => {
    const fault = control.faults.add(parseInput(faultSchema, bodyOf(request)))
    return reply.code(201).send({ fault })
  })
  face.delete('/faults', async () => ({ removed: control.faults.clear() }))
  face.delete('/faults/:id', async (request) => {
    control.faults.remove(parseInput(faultPath, request.params).id)
    return { removed: 1 }
  })
  face.get('/clock', async () => control.clock.view())
  face.post('/clock', async (request) => control.clock.move(parseInput(clockSchema, bodyOf(request))))
  face.get('/state', async () => control.state())
  face.post('/state', { bodyLimit: PORTAL_LIMITS.maxStateBytes }, async (request) => {
    control.loadState(bodyOf(request))
    return control.portal()
  })
  face.get('/certificate', async (_request, reply) => {
    if (control.certificate === undefined) throw new CodedError('NOT_FOUND', 'The portal speaks plain HTTP: start it with tls')
    return reply.type('application/x-pem-file').send(control.certificate)
  })
}
