import { CodedError } from '@portline/wire/errors.ts'
import { z } from 'zod'
import { LIST_MAX_ROWS } from '../limits.ts'
import { seqOfPlace } from '../store/keeping.ts'
import type { EventConditions, EventFilter } from '../store/keeping.ts'
import type { Store } from '../store/port.ts'

/** Which events, as the operator API and the command line are asked. Errors of all: BAD_REQUEST with what is wrong. */
const DEFAULT_ROWS = 50

/** A whole number as it is written in a query: nothing else that JavaScript would make a number of. */
export const digits = (least: number, most = Number.MAX_SAFE_INTEGER) =>
  z.string().regex(/^\d{1,16}$/, 'a whole number').transform(Number).pipe(z.number().int().min(least).max(most))

const time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text))
const conditions = {
  app: z.string().optional(),
  portal: z.string().optional(),
  event: z.string().transform((code) => code.toUpperCase()).optional(),
  state: z.enum(['held', 'pending', 'done', 'dead']).optional(),
  reason: z.string().transform((code) => code.toUpperCase()).optional(),
  since: time.optional(),
  until: time.optional(),
}
const conditionsSchema = z.strictObject(conditions)
const listSchema = z.strictObject({
  ...conditions,
  after: z.string().optional(),
  limit: digits(1, LIST_MAX_ROWS).default(DEFAULT_ROWS),
})

export function readList(query: unknown): EventFilter {
  const { after, limit, ...given } = checked(listSchema, query)
  return { ...conditionsOf(given), limit, ...(after === undefined ? {} : { after }) }
}

export function readConditions(query: unknown): EventConditions {
  return conditionsOf(checked(conditionsSchema, query))
}

const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/

/** A page's `next`, or an id: an event that was imported may have any, and one that has gone was at some place. Errors: BAD_REQUEST. */
export async function demandCursor(after: string | undefined, store: Pick<Store, 'event'>): Promise<void> {
  if (after === undefined || seqOfPlace(after) !== undefined || ULID.test(after) || (await store.event(after)) !== undefined) return
  throw new CodedError('BAD_REQUEST', `after: "${after}" is no id of an event`)
}

export function checked<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value)
  if (!parsed.success) throw new CodedError('BAD_REQUEST', z.prettifyError(parsed.error))
  return parsed.data
}

function conditionsOf({ app, portal, event, state, reason, since, until }: z.output<typeof conditionsSchema>): EventConditions {
  return {
    ...(app === undefined ? {} : { app }),
    ...(portal === undefined ? {} : { memberId: portal }),
    ...(event === undefined ? {} : { code: event }),
    ...(state === undefined ? {} : { state }),
    ...(reason === undefined ? {} : { reason }),
    ...(since === undefined ? {} : { sinceMs: since }),
    ...(until === undefined ? {} : { untilMs: until }),
  }
}
