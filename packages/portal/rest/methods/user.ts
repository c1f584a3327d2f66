import { BASIC_SCOPE } from '@portline/wire/rest.ts'
import { isoSeconds } from '../envelope.ts'
import type { RestMethod } from '../method.ts'

/** api-reference/common/users/profile.md */
const profile: RestMethod = {
  name: 'profile',
  scopes: [BASIC_SCOPE],
  run: ({ caller: { user } }) => ({
    ID: String(user.id),
    ADMIN: user.admin,
    NAME: user.name,
    LAST_NAME: user.lastName,
    PERSONAL_GENDER: '',
    TIME_ZONE: '',
  }),
}

/** api-reference/common/users/user-admin.md */
const userAdmin: RestMethod = { name: 'user.admin', scopes: [BASIC_SCOPE], run: ({ caller }) => caller.user.admin }

/** api-reference/user/user-current.md. The two small scopes see less; they get names only here too. */
const userCurrent: RestMethod = {
  name: 'user.current',
  scopes: ['user', 'user_basic', 'user_brief'],
  run: ({ context, caller: { app, user } }) => {
    const brief = { ID: String(user.id), ACTIVE: user.active, NAME: user.name, LAST_NAME: user.lastName }
    if (!app.scope.includes('user') && !app.scope.includes('user_basic')) return brief
    return {
      ...brief,
      EMAIL: user.email,
      LAST_LOGIN: isoSeconds(context.clock.now()),
      DATE_REGISTER: `${user.registered}T00:00:00+00:00`,
      IS_ONLINE: 'Y',
      LAST_ACTIVITY_DATE: isoSeconds(context.clock.now()).slice(0, 19).replace('T', ' '),
      PERSONAL_GENDER: '',
      PERSONAL_BIRTHDAY: '',
      WORK_POSITION: '',
      UF_EMPLOYMENT_DATE: '',
      UF_DEPARTMENT: [1],
    }
  },
}

export const userMethods = [profile, userAdmin, userCurrent]
