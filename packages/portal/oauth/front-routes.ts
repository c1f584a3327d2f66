import { readFile } from 'node:fs/promises'
import type { FastifyInstance } from 'fastify'
import { requireOwnMachine } from '../face/guard.ts'
import { PAGE_HEADERS } from '../face/web/layout.ts'
import { languageOf } from '../face/web/visitor.ts'
import type { OAuthServer } from './oauth-server.ts'
import { frontPage } from './pages/front-page.ts'

/** The server's root, for whoever opens its address in a browser. Bitrix24's own has no such page that an app could rely on. */
export function addFrontRoutes(server: FastifyInstance, oauth: OAuthServer): void {
  server.get('/', (request, reply) => {
    // It names portals: like their own pages, for this machine only.
    requireOwnMachine(request)
    return reply.headers(PAGE_HEADERS).type('text/html; charset=utf-8').send(frontPage(oauth.portals(), languageOf(request)))
  })
  for (const { path, file, type } of FILES) {
    server.get(path, async (_request, reply) => {
      reply.headers({ 'X-Content-Type-Options': 'nosniff', 'Cache-Control': 'no-cache' }).type(type)
      return readFile(new URL(file, import.meta.url))
    })
  }
}

const FILES = [
  { path: '/page.css', file: './pages/authorize.css', type: 'text/css; charset=utf-8' },
  { path: '/icon.svg', file: '../face/web/assets/icon.svg', type: 'image/svg+xml' },
] as const
