import { readFile } from 'node:fs/promises'
import type { CodedError } from '@portline/wire/errors.ts'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { PortalContext } from '../../context.ts'
import { domainOf } from '../../context.ts'
import { asCodedError } from '../../http-server.ts'
import type { Control } from '../control.ts'
import { requireOwnMachine } from '../guard.ts'
import { addActionRoutes } from './action-routes.ts'
import { deliveryRows } from './deliveries-part.ts'
import { addFrameRoutes } from './frame-routes.ts'
import { portalPage, problemPage } from './portal-page.ts'
import { sendPage } from './send-page.ts'
import { languageOf, visitorOf } from './visitor.ts'
import { TEXTS } from './texts.ts'

const FOUND = 302

/**
 * The portal's pages for people, on this machine only like the control API; and the script that apps' pages load. Another
 * name of this machine leads to the portal's own address: an app's page speaks to the origin it was told, and to no other.
 */
export function addWebFace(server: FastifyInstance, context: PortalContext, control: Control): void {
  addScript(server)
  server.register(async (face) => {
    face.addHook('onRequest', async (request, reply) => {
      requireOwnMachine(request)
      if (request.method === 'GET' && request.headers.host !== domainOf(context.addresses.portal)) {
        return reply.redirect(`${context.addresses.portal}${request.url}`, FOUND)
      }
    })
    face.setErrorHandler((error, request, reply) => answerProblem(context, error, request, reply))
    addAssets(face)
    face.get('/', async (request, reply) => sendPage(reply, portalPage(context, visitorOf(context, request, reply))))
    face.get('/marketplace/', (_request, reply) => reply.redirect('/', 302))
    face.get('/face/deliveries', async (request, reply) =>
      sendPage(reply, deliveryRows(context, TEXTS[languageOf(request)]).source))
    addActionRoutes(face, context, control)
    addFrameRoutes(face, context)
  })
}

/** A script reads the code, a person the page. */
function answerProblem(context: PortalContext, error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const coded = asCodedError(error)
  if (coded.code === 'INTERNAL_ERROR') context.log.error({ error }, 'A page failed')
  reply.code(coded.status)
  if (isForeign(coded) || !(request.headers.accept ?? '').includes('text/html')) return reply.send(coded.toBody())
  return sendPage(reply, problemPage(context, visitorOf(context, request, reply), coded.code, coded.message))
}

/** A stranger is shown nothing of the portal. */
function isForeign({ code }: CodedError): boolean {
  return code === 'FOREIGN_HOST' || code === 'FOREIGN_ORIGIN'
}

const ASSETS = [
  { file: 'page.css', type: 'text/css; charset=utf-8' },
  { file: 'page.js', type: 'text/javascript; charset=utf-8' },
  { file: 'frame.js', type: 'text/javascript; charset=utf-8' },
  { file: 'chooser.js', type: 'text/javascript; charset=utf-8' },
  { file: 'slider.js', type: 'text/javascript; charset=utf-8' },
  { file: 'icon.svg', type: 'image/svg+xml' },
] as const

function addAssets(face: FastifyInstance): void {
  for (const { file, type } of ASSETS) {
    face.get(`/face/${file}`, async (_request, reply) => {
      reply.headers(ASSET_HEADERS).type(type)
      return readFile(new URL(`./assets/${file}`, import.meta.url))
    })
  }
}

const ASSET_HEADERS = { 'X-Content-Type-Options': 'nosniff', 'Cache-Control': 'no-cache' }

/** Where Bitrix24 has it on api.bitrix24.com. Pages of other origins load it, and it holds nothing of the portal. */
function addScript(server: FastifyInstance): void {
  for (const url of ['/api/v1/', '/api/v1']) {
    server.get(url, async (_request, reply) => {
      reply.headers({ ...ASSET_HEADERS, 'Access-Control-Allow-Origin': '*' }).type('text/javascript; charset=utf-8')
      return readFile(new URL('./assets/bx24.js', import.meta.url))
    })
  }
}
