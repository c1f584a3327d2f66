import { CodedError } from '@portline/wire/errors.ts'
import { z } from 'zod'
import { LIST_MAX_ROWS } from '../limits.ts'
import type { InstallationPage, InstallationPlace } from '../store/installation-list.ts'
import { checked, digits } from './event-query.ts'

/** Which installations, as the operator API is asked. Errors of all: BAD_REQUEST with what is wrong. */
const listSchema = z.strictObject({
  app: z.string().optional(),
  portal: z.string().optional(),
  order: z.enum(['changed', 'portal']).default('changed'),
  after: z.string().optional(),
  limit: digits(1, LIST_MAX_ROWS).default(LIST_MAX_ROWS),
})

export function readInstallationPage(query: unknown): InstallationPage {
  const { app, portal, order, after, limit } = checked(listSchema, query)
  return { ...conditionsOf(app, portal), order, limit, ...(after === undefined ? {} : { after: placeOf(after) }) }
}

export function conditionsOf(app: string | undefined, memberId: string | undefined): Pick<InstallationPage, 'app' | 'memberId'> {
  return { ...(app === undefined ? {} : { app }), ...(memberId === undefined ? {} : { memberId }) }
}

/** A time, an app, a portal: neither of the first two has a slash. */
const PLACE = /^(?<updatedAt>\d{1,15})\/(?<app>[^/]+)\/(?<memberId>.+)$/su

export function textOfPlace({ updatedAtMs, app, memberId }: InstallationPlace): string {
  return `${updatedAtMs}/${app}/${memberId}`
}

export function placeOf(text: string): InstallationPlace {
  const { updatedAt = '', app = '', memberId = '' } = PLACE.exec(text)?.groups ?? {}
  if (updatedAt === '') throw new CodedError('BAD_REQUEST', `after: "${text}" is no place in this list: use the next of the page before`)
  return { updatedAtMs: Number(updatedAt), app, memberId }
}
