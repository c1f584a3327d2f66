import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { PortalContext } from '../context.ts'
import { paramsOf } from '../http-server.ts'
import { escapeHtml, page } from '../face/html.ts'
import { restTime } from '../rest/envelope.ts'
import { serverAppInfo } from './app-info.ts'
import { authorize } from './authorize.ts'
import type { OAuthFailure } from './token-endpoint.ts'
import { exchangeToken } from './token-endpoint.ts'

/** The authorization server: `/oauth/token/` and its own `/rest/app.info`. */
export function addOAuthRoutes(server: FastifyInstance, context: PortalContext): void {
  const token = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const answer = exchangeToken(context, paramsOf(request))
    reply.header('Cache-Control', 'no-store')
    await (isFailure(answer) ? sendFailure(reply, answer) : reply.send(answer))
  }
  const appInfo = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const startMs = context.clock.now()
    const answer = serverAppInfo(context, paramsOf(request))
    const time = restTime(startMs, context.clock.now())
    await (isFailure(answer) ? sendFailure(reply, answer) : reply.send({ result: answer, time }))
  }
  for (const url of ['/oauth/token/', '/oauth/token']) server.route({ method: ['GET', 'POST'], url, handler: token })
  for (const url of ['/rest/app.info', '/rest/app.info/', '/rest/app.info.json', '/rest//app.info']) {
    server.route({ method: ['GET', 'POST'], url, handler: appInfo })
  }
}

/** The portal's part of the code flow: `/oauth/authorize/`. */
export function addAuthorizeRoute(server: FastifyInstance, context: PortalContext): void {
  for (const url of ['/oauth/authorize/', '/oauth/authorize']) {
    server.get(url, async (request, reply) => {
      const answer = authorize(context, paramsOf(request))
      if ('redirectTo' in answer) return reply.redirect(answer.redirectTo, 302)
      const text = 'code' in answer ? `Code for the application: <code>${answer.code}</code>` : escapeHtml(answer.error)
      const html = page('Authorization', `<p>${text}</p>`)
      return reply.code('code' in answer ? 200 : 403).type('text/html; charset=utf-8').send(html)
    })
  }
}

function isFailure(answer: object): answer is OAuthFailure {
  return 'error' in answer
}

function sendFailure(reply: FastifyReply, { status, error, text }: OAuthFailure): FastifyReply {
  return reply.code(status).send({ error, ...(text === undefined ? {} : { error_description: text }) })
}
