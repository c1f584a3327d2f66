import { CodedError } from '@portline/wire/errors.ts'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { PortalContext } from '../../context.ts'
import { bytesOf } from '../../http-server.ts'
import { answerFrame } from '../../portal/frame-parent.ts'
import { pageToOpen } from '../../portal/open.ts'
import type { App } from '../../world/state.ts'
import { parseInput } from '../schemas.ts'
import { framePage, noFramePage } from './frame-page.ts'
import { sendPage } from './send-page.ts'
import { currentUser } from './session.ts'
import { visitorOf } from './visitor.ts'

const idPath = z.object({ id: z.coerce.number().int().positive() })
const placementParts = z.object({ code: z.string().regex(/^[A-Z0-9_]{1,100}$/), app: z.coerce.number().int().positive() })
const connectorQuery = z.object({ ID: z.string().min(1).max(100), LINE: z.coerce.number().int().positive() })
/** Characters of PLACEMENT_OPTIONS in an address. */
const MAX_OPTIONS_CHARS = 8_192
const frameQuery = z.object({
  IFRAME: z.literal('Y').optional(),
  PLACEMENT_OPTIONS: z.string().max(MAX_OPTIONS_CHARS).optional(),
  install_finished: z.string().optional(),
})

/** Pages that hold a page of an app: `/marketplace/app/{row id}/`, `/placement/{code}/`, `/contact_center/connector/`. */
export function addFrameRoutes(face: FastifyInstance, context: PortalContext): void {
  face.get('/marketplace/app/:id/', async (request, reply) => {
    const app = appOf(context, parseInput(idPath, request.params).id)
    return sendFrame(context, request, reply, app, 'DEFAULT')
  })
  face.get('/placement/:code/', async (request, reply) => {
    const parts = parseInput(placementParts, { ...asObject(request.params), ...asObject(request.query) })
    const app = appOf(context, parts.app)
    const { user } = visitorOf(context, request, reply)
    if (context.world.placements.find(app.clientId, parts.code, user.id) === undefined) {
      throw new CodedError('NOT_FOUND', `The app has bound nothing to ${parts.code}`)
    }
    return sendFrame(context, request, reply, app, parts.code)
  })
  face.get('/contact_center/connector/', async (request, reply) => {
    const { ID, LINE } = parseInput(connectorQuery, request.query)
    const connector = context.world.connector(ID.toLowerCase())
    const app = connector === undefined ? undefined : context.world.app(connector.clientId)
    if (app === undefined) throw new CodedError('NOT_FOUND', `No app has registered the connector ${ID}`)
    return sendFrame(context, request, reply, app, 'SETTING_CONNECTOR', { CONNECTOR: ID, LINE })
  })
  face.post('/marketplace/app/:id/', async (request) => {
    const user = currentUser(context, request)
    if (user === undefined) throw new CodedError('BAD_REQUEST', 'Nobody is logged in')
    return answerFrame(context, appOf(context, parseInput(idPath, request.params).id), user, readJson(new TextDecoder().decode(bytesOf(request)), 'The body'))
  })
}

function sendFrame(
  context: PortalContext, request: FastifyRequest, reply: FastifyReply, app: App, placement: string, options?: object,
): FastifyReply {
  const query = parseInput(frameQuery, request.query)
  const visitor = visitorOf(context, request, reply)
  const bare = query.IFRAME === 'Y'
  if (placement === 'DEFAULT' && app.installed && (!app.ui || app.handlerUrl === '')) {
    return sendPage(reply, noFramePage(context, visitor, app, query.install_finished === 'Y'))
  }
  const given = options ?? readOptions(query.PLACEMENT_OPTIONS)
  const page = pageToOpen(context, app, visitor.user.id, placement, { ...given, ...(bare ? SLIDER_OPTIONS : {}) })
  return sendPage(reply, framePage(context, visitor, app, page, bare))
}

/** From these a page learns that it is in a slider (b24jssdk, PlacementManager.isSliderMode). */
const SLIDER_OPTIONS = { IFRAME: 'Y', IFRAME_TYPE: 'SIDE_SLIDER' }

function appOf({ world }: PortalContext, id: number): App {
  const app = world.appById(id)
  if (app === undefined || app.deleted) throw new CodedError('NOT_FOUND', `The portal has no app ${id}`)
  return app
}

function readOptions(json: string | undefined): object {
  return json === undefined || json === '' ? {} : asObject(readJson(json, 'PLACEMENT_OPTIONS'))
}

function readJson(json: string, name: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    throw new CodedError('BAD_REQUEST', `${name} is not JSON`)
  }
}

function asObject(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {}
}
