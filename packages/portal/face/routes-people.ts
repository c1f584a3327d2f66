import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Control } from './control.ts'
import { invitationSchema } from './control-users.ts'
import { limitsSchema } from './control-limits.ts'
import { bodyOf } from './json-body.ts'
import { controlSchemas, parseInput } from './schemas.ts'

const userPath = z.object({ id: z.coerce.number().int().positive() })

/** The people of the portal, and the limits of its REST. */
export function addPeopleRoutes(face: FastifyInstance, { users, limits }: Control): void {
  face.get('/users', async () => ({ users: users.list() }))
  face.post('/users', async (request, reply) =>
    reply.code(201).send(users.add(parseInput(invitationSchema, bodyOf(request)))))
  face.post('/users/:id/sign-in', async (request) => users.signIn(userIdOf(request)))
  face.post('/users/:id/dismiss', async (request) => users.dismiss(userIdOf(request)))
  face.get('/limits', async () => ({ limits: limits.settings() }))
  face.post('/limits', async (request) => ({ limits: limits.change(parseInput(limitsSchema, bodyOf(request))), queued: 0 }))
}

function userIdOf(request: FastifyRequest): number {
  parseInput(controlSchemas.nothing, bodyOf(request))
  return parseInput(userPath, request.params).id
}
