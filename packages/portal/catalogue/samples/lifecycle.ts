import type { LifecycleEvents } from '@portline/wire/events/lifecycle.ts'
import type { UserEvents } from '@portline/wire/events/user.ts'
import { yesNo } from '../../world/state.ts'
import type { SampleFacts, SamplesOf } from '../sample.ts'
import { isoTime } from '../sample.ts'

const MS_PER_DAY = 86_400_000

export const LIFECYCLE_SAMPLES: SamplesOf<LifecycleEvents> = {
  ONAPPINSTALL: ({ app }) => ({
    VERSION: app?.version ?? '1', ACTIVE: yesNo(app?.active ?? true), INSTALLED: yesNo(app?.installed ?? true),
    LANGUAGE_ID: languageOf(app),
  }),
  ONAPPUPDATE: ({ app }) => ({ VERSION: app?.version ?? '2', PREVIOUS_VERSION: '1', LANGUAGE_ID: languageOf(app) }),
  ONAPPUNINSTALL: ({ app }) => ({ LANGUAGE_ID: languageOf(app), CLEAN: 1 }),
  ONAPPPAYMENT: ({ app }) => ({
    CODE: app?.code ?? 'vendor.app', VERSION: Number.parseInt(app?.version ?? '1', 10), STATUS: 'S', PAYMENT_EXPIRED: 'N',
    DAYS: 28, LANGUAGE_ID: languageOf(app),
  }),
  ONAPPMETHODCONFIRM: ({ app }) => ({
    TOKEN: 'the-access-token-that-asked', METHOD: 'voximplant.user.get', CONFIRMED: 1, LANGUAGE_ID: languageOf(app),
  }),
  ONAPPTEST: ({ app }) => ({ QUERY: { any: 'data' }, LANGUAGE_ID: languageOf(app) }),
  ONOFFLINEEVENT: null,
  ONSUBSCRIPTIONRENEW: null,
}

/** Whoever came last; what the portal does not know of him is made up. */
export const USER_SAMPLES: SamplesOf<UserEvents> = {
  ONUSERADD: ({ newcomer, nowMs }) => ({
    ID: newcomer.id, ACTIVE: true, EMAIL: newcomer.email, NAME: newcomer.name, LAST_NAME: newcomer.lastName,
    PERSONAL_GENDER: 'F', PERSONAL_BIRTHDAY: '1991-05-17', UF_DEPARTMENT: [1], DATE_REGISTER: isoTime(nowMs),
    WORK_POSITION: 'Engineer', UF_EMPLOYMENT_DATE: isoTime(nowMs - MS_PER_DAY).slice(0, 'YYYY-MM-DD'.length),
  }),
}

function languageOf(app: SampleFacts['app']): string {
  return app?.language ?? 'en'
}
