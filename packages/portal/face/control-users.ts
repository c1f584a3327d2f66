import { CodedError } from '@portline/wire/errors.ts'
import { z } from 'zod'
import type { PortalContext } from '../context.ts'
import type { Raised } from '../portal/raise-event.ts'
import { NOTHING_RAISED } from '../portal/raise-event.ts'
import { dismissUser, inviteUser, isEmail, signIn } from '../portal/users.ts'
import type { User } from '../world/state.ts'
import { parseInput } from './schemas.ts'

export interface UserView {
  readonly id: number
  readonly name: string
  readonly last_name: string
  readonly email: string
  readonly admin: boolean
  readonly active: boolean
  /** Never signed in yet. */
  readonly invited: boolean
}

export interface UserAnswer extends Raised {
  readonly user: UserView
}

export const invitationSchema = z.strictObject({
  name: z.string().min(1).max(200),
  last_name: z.string().max(200).optional(),
  email: z.string().max(200).refine(isEmail, 'an e-mail address'),
  admin: z.boolean().optional(),
})
export type UserInvitation = z.input<typeof invitationSchema>

/** The people of the portal. Throws CodedError: BAD_REQUEST, NOT_FOUND. */
export class UserControl {
  readonly #context: PortalContext

  constructor(context: PortalContext) {
    this.#context = context
  }

  list(): UserView[] {
    return this.#context.world.users().map(viewUser)
  }

  /** Invites somebody, as user.add does. He is a user at once, but ONUSERADD waits for his first sign-in. */
  add(user: UserInvitation): UserAnswer {
    const { name, last_name = '', email, admin } = parseInput(invitationSchema, user)
    return answer(inviteUser(this.#context, { name, lastName: last_name, email, admin }), NOTHING_RAISED)
  }

  /** The first time it raises ONUSERADD; a dismissed user is employed again. */
  signIn(id: number): UserAnswer {
    const raised = signIn(this.#context, this.#user(id))
    return answer(this.#user(id), raised)
  }

  /** His tokens get authorization_error from now on. */
  dismiss(id: number): UserAnswer {
    dismissUser(this.#context, this.#user(id))
    return answer(this.#user(id), NOTHING_RAISED)
  }

  #user(id: number): User {
    const user = this.#context.world.user(id)
    if (user === undefined) throw new CodedError('NOT_FOUND', `The portal has no user ${id}`)
    return user
  }
}

function answer(user: User, raised: Raised): UserAnswer {
  return { user: viewUser(user), ...raised }
}

function viewUser({ id, name, lastName, email, admin, active, invited = false }: User): UserView {
  return { id, name, last_name: lastName, email, admin, active, invited }
}
