import type { FastifyReply, FastifyRequest } from 'fastify'
import type { PortalContext } from '../../context.ts'
import { ADMIN_ID } from '../../world/default-world.ts'
import type { User } from '../../world/state.ts'
import { cookieOf, currentUser, loginCookie } from './session.ts'
import type { Language, Texts } from './texts.ts'
import { TEXTS } from './texts.ts'

/** Who looks at a page, and in which language. */
export interface Visitor {
  readonly user: User
  readonly language: Language
  readonly texts: Texts
  /** Where the visitor is: path and query, to come back to. */
  readonly here: string
}

const LANGUAGE_COOKIE = 'PORTAL_LANGUAGE'

/** The visitor of a page. Who is nobody yet becomes the administrator: it is the developer's own portal. */
export function visitorOf(context: Pick<PortalContext, 'world'>, request: FastifyRequest, reply: FastifyReply): Visitor {
  const language = languageOf(request)
  const known = currentUser(context, request)
  const user = known ?? firstUser(context)
  if (known === undefined) reply.header('Set-Cookie', loginCookie(context, user))
  return { user, language, texts: TEXTS[language], here: request.url }
}

export function languageOf(request: FastifyRequest): Language {
  const wanted = cookieOf(request, LANGUAGE_COOKIE) ?? request.headers['accept-language'] ?? ''
  return wanted.toLowerCase().startsWith('ru') ? 'ru' : 'en'
}

/** A year. */
const LANGUAGE_COOKIE_AGE_S = 31_536_000

export function languageCookie(language: Language): string {
  return `${LANGUAGE_COOKIE}=${language}; Path=/; SameSite=Lax; Max-Age=${LANGUAGE_COOKIE_AGE_S}`
}

function firstUser({ world }: Pick<PortalContext, 'world'>): User {
  const user = world.user(ADMIN_ID) ?? world.users().find(({ admin, active }) => admin && active)
  if (user === undefined) throw new Error('A portal always has an administrator')
  return user
}
