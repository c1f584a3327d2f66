import type { FastifyReply } from 'fastify'
import { PAGE_HEADERS } from './layout.ts'

export function sendPage(reply: FastifyReply, page: string): FastifyReply {
  return reply.headers(PAGE_HEADERS).type('text/html; charset=utf-8').send(page)
}
