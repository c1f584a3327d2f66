import type { QueueCategory } from '@portline/wire/events/catalogue.ts'
import { z } from 'zod'

export const QUEUE_CATEGORIES = [
  'default', 'important', 'bot', 'crm', 'bizproc', 'telephony',
] as const satisfies readonly QueueCategory[]

const category = z.enum(QUEUE_CATEGORIES)

const breakage = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('reset') }),
  z.object({ kind: z.literal('slow'), chunkBytes: z.int().positive(), everyMs: z.int().nonnegative() }),
])

/** What an exported portal still has to send. What was under way at the export is on its way already and not in it. */
export const queueStateSchema = z.object({
  last_id: z.int().nonnegative(),
  waiting: z.array(z.object({
    client_id: z.string(),
    event: z.string(),
    event_handler_id: z.int(),
    category,
    url: z.string(),
    queued_at: z.iso.datetime(),
    duplicate_of: z.int().nullable(),
    id: z.int().positive(),
    due_ms: z.number(),
    plan: z.object({
      body: z.string(),
      holdMs: z.number(),
      inOrder: z.boolean(),
      lost: z.boolean(),
      breakage: breakage.optional(),
      uninstall: z.boolean(),
      faults: z.array(z.string()),
    }),
  })),
  /** By category: when the last one in order is due, in milliseconds since the Unix epoch. */
  last_due_ms: z.partialRecord(category, z.number()),
})

export type QueueState = z.output<typeof queueStateSchema>
