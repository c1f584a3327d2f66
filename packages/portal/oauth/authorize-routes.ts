import { readFile } from 'node:fs/promises'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { PortalContext } from '../context.ts'
import { paramsOf } from '../http-server.ts'
import { PAGE_HEADERS } from '../face/web/layout.ts'
import { currentUser, loginCookie, logoutCookie } from '../face/web/session.ts'
import { languageCookie, languageOf } from '../face/web/visitor.ts'
import type { App, User } from '../world/state.ts'
import type { AuthorizeFailure } from './authorize.ts'
import { grant, requestedApp } from './authorize.ts'
import { Consents } from './consents.ts'
import type { Page } from './pages/authorize-page.ts'
import { codePage, consentPage, failurePage, loginPage } from './pages/authorize-page.ts'

const FORBIDDEN = 403
const FOUND = 302
/** GET whatever the method was. */
const SEE_OTHER = 303

/** One request at the address, with what every answer needs. */
interface Visit {
  readonly context: PortalContext
  readonly consents: Consents
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

/**
 * The portal's part of the code flow, `/oauth/authorize/` (settings/oauth/index.md): login where nobody is logged in, consent
 * once for each user and installation, then back to the app. A failure stays on the portal's own page: the app is never
 * called back with it. With `user_id` in the address nobody is asked: that user has said yes.
 */
export function addAuthorizeRoutes(server: FastifyInstance, context: PortalContext): void {
  const consents = new Consents(context)
  for (const url of ['/oauth/authorize/', '/oauth/authorize']) {
    server.get(url, async (request, reply) => show({ context, consents, request, reply }))
    server.post(url, async (request, reply) => act({ context, consents, request, reply }))
  }
  server.get('/oauth/authorize/page.css', async (_request, reply) => {
    reply.headers({ 'X-Content-Type-Options': 'nosniff', 'Cache-Control': 'no-cache' }).type('text/css; charset=utf-8')
    return readFile(new URL('./pages/authorize.css', import.meta.url))
  })
}

function show(visit: Visit): FastifyReply {
  const { context, consents, request } = visit
  const params = paramsOf(request)
  const app = requestedApp(context, params)
  if (typeof app === 'string') return fail(visit, app)
  const userId = params.text('user_id')
  if (userId !== undefined) {
    const named = context.world.user(Number(userId))
    return named?.active === true ? sendBack(visit, app, named) : fail(visit, 'userRefused')
  }
  const user = currentUser(context, request)
  if (user === undefined) return send(visit, loginPage(pageOf(visit), app))
  if (consents.has(user, app)) return sendBack(visit, app, user)
  return send(visit, consentPage(pageOf(visit), app, user, consents.proof(user, app)))
}

/** What a form of the pages does. */
function act(visit: Visit): FastifyReply {
  const { context, request, reply } = visit
  const params = paramsOf(request)
  const language = params.text('language')
  if (language !== undefined) return again(visit, languageCookie(language === 'ru' ? 'ru' : 'en'))
  if (params.text('login') !== undefined) {
    const user = context.world.user(Number(params.text('login')))
    return user?.active === true ? again(visit, loginCookie(context, user)) : fail(visit, 'userRefused')
  }
  if (params.text('logout') !== undefined) return again(visit, logoutCookie(context))
  const app = requestedApp(context, params)
  const user = currentUser(context, request)
  if (typeof app === 'string') return fail(visit, app)
  if (params.text('deny') !== undefined) return fail(visit, 'denied')
  if (user === undefined) return reply.redirect(request.url, SEE_OTHER)
  if (!visit.consents.isProof(params.text('allow') ?? '', user, app)) return fail(visit, 'formExpired')
  visit.consents.add(user, app)
  return sendBack(visit, app, user)
}

function sendBack(visit: Visit, app: App, user: User): FastifyReply {
  const answer = grant(visit.context, app, user, paramsOf(visit.request).text('state') ?? '')
  if ('code' in answer) return send(visit, codePage(pageOf(visit), app, answer.code))
  // A browser that remembers the redirect would send a spent code.
  return visit.reply.header('Cache-Control', 'no-store').redirect(answer.redirectTo, FOUND)
}

/** The same address anew, now with the cookie. */
function again({ request, reply }: Visit, cookie: string): FastifyReply {
  return reply.header('Set-Cookie', cookie).redirect(request.url, SEE_OTHER)
}

function fail(visit: Visit, failure: AuthorizeFailure): FastifyReply {
  visit.reply.code(FORBIDDEN)
  return send(visit, failurePage(pageOf(visit), failure))
}

function pageOf({ context, request }: Visit): Page {
  return { context, language: languageOf(request), here: request.url }
}

function send({ reply }: Visit, page: string): FastifyReply {
  return reply.headers(PAGE_HEADERS).type('text/html; charset=utf-8').send(page)
}
