import { BASIC_SCOPE } from '@portline/wire/rest.ts'
import type { RestMethod } from '../../method.ts'
import { allowedUserFields, USER_FIELDS, USER_SCOPES, viewUser } from './user-fields.ts'

/** api-reference/common/users/profile.md */
const profile: RestMethod = {
  name: 'profile',
  scopes: [BASIC_SCOPE],
  run: ({ caller: { user } }) => ({
    ID: String(user.id),
    ADMIN: user.admin,
    NAME: user.name,
    LAST_NAME: user.lastName,
    PERSONAL_GENDER: user.profile?.['PERSONAL_GENDER'] ?? '',
    TIME_ZONE: '',
  }),
}

/** api-reference/common/users/user-admin.md */
const userAdmin: RestMethod = { name: 'user.admin', scopes: [BASIC_SCOPE], run: ({ caller }) => caller.user.admin }

/** api-reference/user/user-current.md: what the widest of the granted scopes shows. */
const userCurrent: RestMethod = {
  name: 'user.current',
  scopes: USER_SCOPES,
  run: ({ context, caller: { app, user } }) => viewUser(user, context.clock.now(), allowedUserFields(app.scope)),
}

/** api-reference/user/user-fields.md */
const userFields: RestMethod = {
  name: 'user.fields',
  scopes: USER_SCOPES,
  run: ({ caller: { app } }) => Object.fromEntries(allowedUserFields(app.scope).map((name) => [name, USER_FIELDS[name]])),
}

export const profileMethods: readonly RestMethod[] = [profile, userAdmin, userCurrent, userFields]
