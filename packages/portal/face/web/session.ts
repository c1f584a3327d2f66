import { createHmac, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { PortalContext } from '../../context.ts'
import type { User } from '../../world/state.ts'

/**
 * Who is logged in to the portal in a browser. The cookie carries the user's id and a signature; nothing is stored here, so
 * a session outlives a restart with the same state and there is nothing that could grow. States: none ──login──> user
 * ──logout, or the user is gone or inactive──> none.
 */
type Needs = Pick<PortalContext, 'world'>

/** @returns undefined when nobody is logged in */
export function currentUser(context: Needs, request: Pick<FastifyRequest, 'headers'>): User | undefined {
  const [id = '', signature = ''] = (cookieOf(request, cookieName(context)) ?? '').split('.')
  if (!/^\d{1,10}$/.test(id) || !isEqual(signature, sign(context, id))) return undefined
  const user = context.world.user(Number(id))
  return user?.active === true ? user : undefined
}

/** The value of a Set-Cookie header. */
export function loginCookie(context: Needs, user: Pick<User, 'id'>): string {
  const id = String(user.id)
  return `${cookieName(context)}=${id}.${sign(context, id)}; ${ATTRIBUTES}`
}

export function logoutCookie(context: Needs): string {
  return `${cookieName(context)}=; ${ATTRIBUTES}; Max-Age=0`
}

/** A cookie of a request; undefined when it has none of that name. */
export function cookieOf(request: Pick<FastifyRequest, 'headers'>, name: string): string | undefined {
  const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim())
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1)
}

const ATTRIBUTES = 'Path=/; HttpOnly; SameSite=Lax'

/** Cookies don't know ports, so two portals on one machine would log each other out under one name. */
function cookieName({ world }: Needs): string {
  return `PORTAL_USER_${world.memberId.slice(0, 8)}`
}

function sign({ world }: Needs, id: string): string {
  return createHmac('sha256', `${world.seed}:session`).update(`${world.memberId}:${id}`).digest('hex')
}

function isEqual(given: string, right: string): boolean {
  return given.length === right.length && timingSafeEqual(Buffer.from(given), Buffer.from(right))
}
