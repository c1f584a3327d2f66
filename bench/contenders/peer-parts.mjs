import express from 'express'
import { EVENTS_PATH, portalAt } from '../lib/events.ts'

/** What the peers have in common. Plain JavaScript: the type check of a fresh clone has none of their packages. */

/** As large as Portline's own limits, so that no peer cuts anything. */
export const BODY_LIMITS = { extended: true, limit: '1mb', parameterLimit: 4_000, depth: 64 }

/** member_id → application_token: what an app that checks its events looks up. */
export function tokensOf(portals) {
  return new Map(Array.from({ length: portals }, (_, index) => portalAt(index)).map((portal) => [portal.memberId, portal.applicationToken]))
}

/**
 * An Express app on a free port that parses, checks the application_token and answers 200 when `keep` has resolved, which is
 * when the event is on disk.
 * @param {import('../lib/contender-side.ts').ContenderSettings} settings
 * @param {(event: { memberId: string, body: object }) => Promise<unknown> | unknown} keep
 */
export async function serveExpress(settings, keep) {
  const tokens = tokensOf(settings.portals)
  const app = express()
  app.disable('x-powered-by')
  app.set('etag', false)
  app.post(EVENTS_PATH, express.urlencoded(BODY_LIMITS), async (request, response) => {
    const { auth } = request.body
    if (tokens.get(auth.member_id) !== auth.application_token) return response.status(403).end()
    const id = await keep({ memberId: auth.member_id, body: request.body })
    response.json({ id })
  })
  return listen(app, settings.port)
}

function listen(app, port) {
  return new Promise((resolve, reject) => {
    const server = app.listen(port, '127.0.0.1', (error) => {
      if (error) reject(error)
      else resolve({ url: `http://127.0.0.1:${server.address().port}`, server })
    })
  })
}

/** 0 to count - 1, in parts. */
export function partsOf(count, size) {
  return Array.from({ length: Math.ceil(count / size) }, (_, part) =>
    Array.from({ length: Math.min(size, count - part * size) }, (__, n) => part * size + n))
}
