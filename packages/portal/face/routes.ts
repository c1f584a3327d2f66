import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { PortalContext } from '../context.ts'
import type { Control } from './control.ts'
import { requireOwnMachine } from './guard.ts'
import { bodyOf } from './json-body.ts'
import { addMachineryRoutes } from './routes-machinery.ts'
import { addOpenLinesRoutes } from './routes-open-lines.ts'
import { addPeopleRoutes } from './routes-people.ts'
import { controlSchemas, parseInput } from './schemas.ts'
import { addWebFace } from './web/routes.ts'

/** The control API and the pages for people. docs/portal/control.md has each call with a curl line. */
export function addFaceRoutes(server: FastifyInstance, context: PortalContext, control: Control): void {
  addWebFace(server, context, control)
  server.register(async (face) => {
    face.addHook('onRequest', async (request) => requireOwnMachine(request))
    addAppRoutes(face, control)
    addLifecycleRoutes(face, control)
    addLineRoutes(face, control)
    addQueueRoutes(face, control)
    addMachineryRoutes(face, control)
    addOpenLinesRoutes(face, control)
    addPeopleRoutes(face, control)
  }, { prefix: '/control' })
}

function addAppRoutes(face: FastifyInstance, control: Control): void {
  face.get('/portal', async () => control.portal())
  face.post('/rename', async (request) => control.rename(parseInput(controlSchemas.rename, bodyOf(request))))
  face.post('/register', async (request) => {
    parseInput(controlSchemas.nothing, bodyOf(request))
    return control.reRegister()
  })
  face.get('/apps', async () => ({ apps: control.apps() }))
  face.post('/apps', async (request, reply) => {
    const { app, created } = control.registerApp(parseInput(controlSchemas.app, bodyOf(request)))
    return reply.code(created ? 201 : 200).send({ app, queued: 0 })
  })
  face.get('/apps/:client_id', async (request) => ({ app: control.app(clientIdOf(request)) }))
}

function addLifecycleRoutes(face: FastifyInstance, control: Control): void {
  face.post('/apps/:client_id/install', async (request) =>
    control.install(clientIdOf(request), parseInput(controlSchemas.install, bodyOf(request))))
  face.post('/apps/:client_id/finish', async (request) => {
    parseInput(controlSchemas.nothing, bodyOf(request))
    return control.finish(clientIdOf(request))
  })
  face.post('/apps/:client_id/update', async (request) =>
    control.update(clientIdOf(request), parseInput(controlSchemas.update, bodyOf(request))))
  face.post('/apps/:client_id/uninstall', async (request) =>
    control.uninstall(clientIdOf(request), parseInput(controlSchemas.uninstall, bodyOf(request))))
  face.post('/apps/:client_id/open', async (request) =>
    control.open(clientIdOf(request), parseInput(controlSchemas.open, bodyOf(request))))
  face.post('/apps/:client_id/payment', async (request) =>
    control.payment(clientIdOf(request), parseInput(controlSchemas.payment, bodyOf(request))))
}

const connectorPath = z.object({ line: z.coerce.number().int().positive(), connector: z.string() })

function addLineRoutes(face: FastifyInstance, control: Control): void {
  face.get('/lines', async () => ({ lines: control.lines() }))
  face.post('/lines', async (request, reply) =>
    reply.code(201).send({ line: control.addLine(parseInput(controlSchemas.line, bodyOf(request))), queued: 0 }))
  face.post('/lines/:line/connectors/:connector', async (request) => {
    const { line, connector } = parseInput(connectorPath, request.params)
    return control.switchConnector(line, connector, parseInput(controlSchemas.connector, bodyOf(request)))
  })
}

function addQueueRoutes(face: FastifyInstance, control: Control): void {
  face.get('/events', async (request) => ({ events: control.events({ ...asObject(request.query) }) }))
  face.post('/events', async (request) => control.fireEvent(parseInput(controlSchemas.event, bodyOf(request))))
  face.get('/handlers', async () => ({ handlers: control.handlers() }))
  face.get('/deliveries', async (request) =>
    control.deliveries(parseInput(controlSchemas.deliveries, { ...asObject(request.query) })))
  face.post('/queue/drain', async () => {
    await control.drain()
    return { queued: 0, last_id: control.deliveries({ limit: 1 }).last_id }
  })
}

function clientIdOf(request: FastifyRequest): string {
  return parseInput(z.object({ client_id: z.string() }), request.params).client_id
}

function asObject(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {}
}
