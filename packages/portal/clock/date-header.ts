import type { Clock } from '@portline/runtime/clock.ts'
import type { FastifyInstance } from 'fastify'

/** The Date header tells the portal's time, not the machine's: answers depend on nothing but the portal. */
export function addDateHeader(server: FastifyInstance, clock: Clock): void {
  let shownS = Number.NaN
  let shown = ''
  server.addHook('onRequest', async (_request, reply) => {
    const nowS = Math.floor(clock.now() / 1_000)
    if (nowS !== shownS) {
      shownS = nowS
      shown = new Date(nowS * 1_000).toUTCString()
    }
    reply.header('Date', shown)
  })
}
