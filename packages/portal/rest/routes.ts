import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { paramsOf, pathOf } from '../http-server.ts'
import type { PortalContext } from '../context.ts'
import { callMethod } from './call.ts'
import type { RestAnswer } from './call.ts'

/**
 * `/rest/{method}` (settings/how-to-call-rest-api/*): GET or POST, form or JSON, `.json` and a trailing slash allowed,
 * slashes doubled as some SDKs do.
 */
export function addRestRoutes(server: FastifyInstance, context: PortalContext): void {
  const handle = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const answer = await callMethod(context, methodName(pathOf(request)), paramsOf(request))
    await reply.code(answer.status).headers(restHeaders(answer)).send(answer.body)
  }
  server.route({ method: ['GET', 'POST'], url: '/rest/*', handler: handle })
  server.options('/rest/*', (_request, reply) => reply.code(200).headers(CORS_HEADERS).send())
}

const CORS_HEADERS = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Headers': 'origin, content-type, accept, authorization',
  'Access-Control-Allow-Methods': 'GET, POST, OPTIONS',
}

function methodName(path: string): string {
  const name = path.slice('/rest/'.length).replaceAll(/^\/+|\/+$/g, '').replace(/\.json$/i, '')
  return decode(name)
}

/** A broken escape is a method nobody knows. */
function decode(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}

function restHeaders({ clientId, durationMs }: RestAnswer): Record<string, string> {
  const time = (durationMs / 1_000).toFixed(10)
  return {
    ...CORS_HEADERS,
    ...(clientId === undefined ? {} : { 'X-Bitrix-Rest-Application': clientId }),
    'X-Bitrix-Rest-Time': time,
    'X-Bitrix-Rest-User-Time': '0.0000000000',
    'X-Bitrix-Rest-System-Time': '0.0000000000',
  }
}
