import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { paramsOf, pathOf } from '../http-server.ts'
import type { PortalContext } from '../context.ts'
import { callMethod, refuseByRate } from './call.ts'
import type { RestAnswer } from './call.ts'
import { toXml } from './xml.ts'

/**
 * `/rest/{method}` (settings/how-to-call-rest-api/*): GET or POST, form or JSON, `.json`, `.xml` and a trailing slash
 * allowed, slashes doubled as some SDKs do.
 */
export function addRestRoutes(server: FastifyInstance, context: PortalContext): void {
  const handle = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const { name, isXml } = readMethod(pathOf(request))
    const answer = refuseByRate(context, request.ip) ?? await callMethod(context, name, paramsOf(request))
    reply.code(answer.status).headers(restHeaders(answer))
    await (isXml ? reply.type('text/xml; charset=utf-8').send(toXml(answer.body)) : reply.send(answer.body))
  }
  server.route({ method: ['GET', 'POST'], url: '/rest/*', handler: handle })
  server.options('/rest/*', (_request, reply) => reply.code(200).headers(CORS_HEADERS).send())
}

const CORS_HEADERS = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Headers': 'origin, content-type, accept, authorization',
  'Access-Control-Allow-Methods': 'GET, POST, OPTIONS',
}

function readMethod(path: string): { name: string; isXml: boolean } {
  const name = path.slice('/rest/'.length).replaceAll(/^\/+|\/+$/g, '')
  return { name: decode(name.replace(/\.(json|xml)$/i, '')), isXml: /\.xml$/i.test(name) }
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
