import { CodedError } from '@portline/wire/errors.ts'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { PortalContext } from '../../context.ts'
import { paramsOf } from '../../http-server.ts'
import { beginInstallation } from '../../portal/install.ts'
import type { App, User } from '../../world/state.ts'
import type { Control } from '../control.ts'
import { parseInput } from '../schemas.ts'
import { appPath } from './apps-part.ts'
import { currentUser, loginCookie } from './session.ts'
import { languageCookie, languageOf } from './visitor.ts'

const idPath = z.object({ id: z.coerce.number().int().positive() })
const connectorPath = z.object({ line: z.coerce.number().int().positive(), connector: z.string() })

/** What the buttons of the first page do: forms in, a redirect to the next page out. */
export function addActionRoutes(face: FastifyInstance, context: PortalContext, control: Control): void {
  addChoiceRoutes(face, context)
  face.post('/face/apps', async (request, reply) => {
    requireAdmin(context, request)
    control.registerApp(cardOf(request))
    return reply.redirect('/', SEE_OTHER)
  })
  face.post('/face/apps/:id/install', async (request, reply) => {
    const user = requireAdmin(context, request)
    const app = appOf(context, request)
    beginInstallation(context, app, user.id, languageOf(request))
    return reply.redirect(app.installed ? '/' : appPath(app), SEE_OTHER)
  })
  face.post('/face/apps/:id/update', async (request, reply) => {
    requireAdmin(context, request)
    control.update(appOf(context, request).clientId, { version: field(request, 'version') })
    return reply.redirect('/', SEE_OTHER)
  })
  face.post('/face/apps/:id/uninstall', async (request, reply) => {
    requireAdmin(context, request)
    control.uninstall(appOf(context, request).clientId, { clean: field(request, 'clean') === '1' })
    return reply.redirect('/', SEE_OTHER)
  })
  face.post('/face/lines/:line/connectors/:connector/off', async (request, reply) => {
    const { line, connector } = parseInput(connectorPath, request.params)
    await control.switchConnector(line, connector, { active: false, user_id: visitingUser(context, request).id })
    return reply.redirect('/', SEE_OTHER)
  })
}

/** Who the visitor is, and in which language. */
function addChoiceRoutes(face: FastifyInstance, context: PortalContext): void {
  face.post('/face/session', async (request, reply) => {
    const user = context.world.user(Number(field(request, 'user_id')))
    if (user === undefined || !user.active) throw new CodedError('BAD_REQUEST', 'user_id: the portal has no such user')
    return reply.header('Set-Cookie', loginCookie(context, user)).redirect(wayBack(request), SEE_OTHER)
  })
  face.post('/face/language', async (request, reply) => {
    const language = field(request, 'language') === 'ru' ? 'ru' : 'en'
    return reply.header('Set-Cookie', languageCookie(language)).redirect(wayBack(request), SEE_OTHER)
  })
}

/** GET whatever the method was. */
const SEE_OTHER = 303

/** A path of this portal; what looks like another host is not followed. */
function wayBack(request: FastifyRequest): string {
  const back = field(request, 'back')
  return /^\/(?![/\\])[\w\-./?&=%+~]*$/.test(back) ? back : '/'
}

function visitingUser(context: PortalContext, request: FastifyRequest): User {
  const user = currentUser(context, request)
  if (user === undefined) throw new CodedError('BAD_REQUEST', 'Nobody is logged in')
  return user
}

function requireAdmin(context: PortalContext, request: FastifyRequest): User {
  const user = visitingUser(context, request)
  if (!user.admin) throw new CodedError('BAD_REQUEST', 'Only an administrator does this')
  return user
}

function appOf({ world }: PortalContext, request: FastifyRequest): App {
  const { id } = parseInput(idPath, request.params)
  const app = world.appById(id)
  if (app === undefined || app.deleted) throw new CodedError('NOT_FOUND', `The portal has no app ${id}`)
  return app
}

/** '' when absent. */
function field(request: FastifyRequest, name: string): string {
  return paramsOf(request).text(name) ?? ''
}

function cardOf(request: FastifyRequest) {
  const optional = (name: string): string | undefined => paramsOf(request).text(name)
  const scope = field(request, 'scope').split(/[,\s]+/).filter((item) => item !== '')
  const kind: App['kind'] = field(request, 'kind') === 'market' ? 'market' : 'local'
  return {
    name: field(request, 'name'), kind, scope, ui: field(request, 'api_only') !== '1',
    handler_url: optional('handler_url'), install_url: optional('install_url'), client_id: optional('client_id'),
  }
}
