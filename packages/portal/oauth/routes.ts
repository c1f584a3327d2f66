import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { paramsOf } from '../http-server.ts'
import type { Metered } from '../rest/envelope.ts'
import { restTime } from '../rest/envelope.ts'
import { serverAppInfo } from './app-info.ts'
import type { OAuthFailure } from './failures.ts'
import type { OAuthServer } from './oauth-server.ts'
import { exchangeToken } from './token-endpoint.ts'

/** The authorization server: `/oauth/token/` and its own `/rest/app.info`. */
export function addOAuthRoutes(server: FastifyInstance, oauth: OAuthServer): void {
  const token = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const answer = exchangeToken(oauth, paramsOf(request))
    reply.header('Cache-Control', 'no-store')
    await (isFailure(answer) ? sendFailure(reply, answer) : reply.send(answer))
  }
  const appInfo = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const startMs = oauth.clock.now()
    const answer = serverAppInfo(oauth, paramsOf(request))
    const time = restTime(startMs, oauth.clock.now(), unmetered(startMs))
    await (isFailure(answer) ? sendFailure(reply, answer) : reply.send({ result: answer, time }))
  }
  for (const url of ['/oauth/token/', '/oauth/token']) server.route({ method: ['GET', 'POST'], url, handler: token })
  for (const url of ['/rest/app.info', '/rest/app.info/', '/rest/app.info.json', '/rest//app.info']) {
    server.route({ method: ['GET', 'POST'], url, handler: appInfo })
  }
}

/** The server limits nobody; the shape is the portal's. */
function unmetered(startMs: number): Metered {
  return { beganMs: startMs, operating: 0, operatingResetAt: Math.floor(startMs / 1_000) + OPERATING_WINDOW_S }
}

const OPERATING_WINDOW_S = 600

function isFailure(answer: object): answer is OAuthFailure {
  return 'error' in answer
}

function sendFailure(reply: FastifyReply, { status, error, text }: OAuthFailure): FastifyReply {
  return reply.code(status).send({ error, ...(text === undefined ? {} : { error_description: text }) })
}
