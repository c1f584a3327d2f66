import type { CalendarEvents } from '@portline/wire/events/calendar.ts'
import type { LogEvents } from '@portline/wire/events/log.ts'
import type { SignEvents } from '@portline/wire/events/sign.ts'
import type { SonetEvents } from '@portline/wire/events/sonet.ts'
import type { TaskEvents } from '@portline/wire/events/task.ts'
import type { SampleFacts, SamplesOf } from '../sample.ts'

const NOT_CHECKED = { IS_ACCESSIBLE_BEFORE: 'undefined', IS_ACCESSIBLE_AFTER: 'undefined' } as const
const task = (facts: SampleFacts) => ({ ID: facts.id('task', 555) })
const comment = (facts: SampleFacts) => ({ ID: 123, TASK_ID: facts.id('task', 555) })

export const TASK_SAMPLES: SamplesOf<TaskEvents> = {
  ONTASKADD: (facts) => ({
    FIELDS_BEFORE: 'undefined', FIELDS_AFTER: task(facts), IS_ACCESSIBLE_BEFORE: 'N', IS_ACCESSIBLE_AFTER: 'undefined',
  }),
  ONTASKUPDATE: (facts) => ({ FIELDS_BEFORE: task(facts), FIELDS_AFTER: task(facts), ...NOT_CHECKED }),
  ONTASKDELETE: (facts) => ({
    FIELDS_BEFORE: task(facts), FIELDS_AFTER: 'undefined', IS_ACCESSIBLE_BEFORE: 'undefined', IS_ACCESSIBLE_AFTER: 'N',
  }),
  ONTASKCOMMENTADD: (facts) => ({ FIELDS_BEFORE: 'undefined', FIELDS_AFTER: comment(facts), ...NOT_CHECKED }),
  ONTASKCOMMENTUPDATE: (facts) => ({
    FIELDS_BEFORE: comment(facts), FIELDS_AFTER: { ...comment(facts), ACTION: 'EDIT' }, ...NOT_CHECKED,
  }),
  ONTASKCOMMENTDELETE: (facts) => ({
    FIELDS_BEFORE: comment(facts), FIELDS_AFTER: { ...comment(facts), ACTION: 'DEL' }, ...NOT_CHECKED,
  }),
}

const entry = { id: 1_414 }
const section = { id: 202 }
const room = { id: 31 }

export const CALENDAR_SAMPLES: SamplesOf<CalendarEvents> = {
  ONCALENDARENTRYADD: entry,
  ONCALENDARENTRYUPDATE: entry,
  ONCALENDARENTRYDELETE: entry,
  ONCALENDARSECTIONADD: section,
  ONCALENDARSECTIONUPDATE: section,
  ONCALENDARSECTIONDELETE: section,
  ONCALENDARROOMCREATE: room,
  ONCALENDARROOMUPDATE: room,
  ONCALENDARROOMDELETE: room,
}

const group = { FIELDS: { ID: 64 } }
const subject = { ID: 3 }

export const SONET_SAMPLES: SamplesOf<SonetEvents> = {
  ONSONETGROUPADD: group,
  ONSONETGROUPUPDATE: group,
  ONSONETGROUPDELETE: group,
  ONSONETGROUPSUBJECTADD: subject,
  ONSONETGROUPSUBJECTUPDATE: subject,
  ONSONETGROUPSUBJECTDELETE: subject,
}

const post = { FIELDS: { POST_ID: 209 } }

export const LOG_SAMPLES: SamplesOf<LogEvents> = {
  ONLIVEFEEDPOSTADD: post,
  ONLIVEFEEDPOSTUPDATE: post,
  ONLIVEFEEDPOSTDELETE: post,
}

const DOCUMENT_UID = 'R-LK-50JI-3AAK-WS1A'

export const SIGN_SAMPLES: SamplesOf<SignEvents> = {
  ONSIGNB2EDOCUMENTSTATUSCHANGED: { documentUid: DOCUMENT_UID, statusCode: 'signing', statusName: 'Being signed' },
  ONSIGNB2EMEMBERSTATUSCHANGED: {
    memberUid: '2ditmm6vjoolzbygaeua2jltkjb9hgks', documentUid: DOCUMENT_UID, statusCode: 'done', statusName: 'Signed',
  },
  ONSIGNHCMLINKB2EDOCUMENTSIGNED: { id: 3_942, company: 'acme-hr' },
}
