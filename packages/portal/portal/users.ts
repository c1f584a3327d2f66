import type { PhpMap } from '@portline/wire/form/value.ts'
import { CodedError } from '@portline/wire/errors.ts'
import type { PortalContext } from '../context.ts'
import { asPhpMap } from '../rest/php-value.ts'
import { allowedUserFields, viewUser } from '../rest/methods/users/user-fields.ts'
import type { User } from '../world/state.ts'
import type { Raised } from './raise-event.ts'
import { bothRaised, NOTHING_RAISED, portalHit, raiseEvent } from './raise-event.ts'
import { sendToWebhooks } from './webhooks.ts'

/**
 * A user's life:
 *
 *     invited ──sign in──> employed ──dismiss──> dismissed ──sign in──> employed
 *     invited ──dismiss──> dismissed
 *
 * Invariants: ONUSERADD is raised by the first sign-in and never again; the tokens of a dismissed user get
 * authorization_error; nobody is ever removed; no two users have the same e-mail address.
 */
export interface Invitation {
  readonly name: string
  readonly lastName: string
  readonly email: string
  readonly admin?: boolean | undefined
  readonly profile?: User['profile']
}

export function isEmail(text: string): boolean {
  return /^[^\s@]+@[^\s@]+\.[^\s@.]+$/.test(text)
}

export function isEmailTaken(context: Pick<PortalContext, 'world'>, email: string, exceptId?: number): boolean {
  return context.world.users().some((user) => user.email.toLowerCase() === email.toLowerCase() && user.id !== exceptId)
}

/** BAD_REQUEST when the address is taken or the portal has too many users. */
export function inviteUser(context: Pick<PortalContext, 'world' | 'clock'>, invitation: Invitation): User {
  const { name, lastName, email, admin = false, profile } = invitation
  if (isEmailTaken(context, email)) throw new CodedError('BAD_REQUEST', 'email: a user with this email already exists')
  const registered = new Date(context.clock.now()).toISOString().slice(0, 10)
  const card = { name, lastName, email, admin, active: true, registered, invited: true }
  return context.world.addUser(profile === undefined ? card : { ...card, profile })
}

/** The first time is the end of a registration, of which ONUSERADD tells with the new user himself on the hit. */
export function signIn(context: PortalContext, user: User): Raised {
  context.world.changeUser(user.id, { active: true, invited: false })
  return user.invited === true ? raiseAdded(context, { ...user, invited: false, active: true }) : NOTHING_RAISED
}

/** Each app gets the fields its own scope shows; a webhook gets them all. */
function raiseAdded(context: PortalContext, user: User): Raised {
  const hit = portalHit(user.id)
  const nowMs = context.clock.now()
  const dataFor = (scope: readonly string[]): PhpMap => asPhpMap(Object.entries(viewUser(user, nowMs, allowedUserFields(scope))))
  let raised: Raised = { queued: sendToWebhooks(context, hit, { event: ADDED, data: dataFor(['user']) }), skipped: [] }
  const bound = new Set(context.world.handlers().filter((row) => row.event === ADDED).map((row) => row.clientId))
  for (const clientId of bound) {
    const scope = context.world.app(clientId)?.scope ?? []
    raised = bothRaised(raised, raiseEvent(context, hit, { event: ADDED, data: dataFor(scope), onlyFor: clientId }))
  }
  return raised
}

const ADDED = 'ONUSERADD'

export function dismissUser(context: Pick<PortalContext, 'world'>, user: User): void {
  context.world.changeUser(user.id, { active: false })
}
