import { z } from 'zod'
import { PORTAL_LIMITS } from '../limits.ts'

/** What POST /control/clock takes. */
export const clockSchema = z.strictObject({
  mode: z.enum(['real', 'virtual']).optional(),
  set: z.iso.datetime({ offset: true }).optional(),
  advance_ms: z.int().nonnegative().max(PORTAL_LIMITS.maxClockStepMs).optional(),
}).refine(({ set, advance_ms }) => set === undefined || advance_ms === undefined, 'set or advance_ms, not both')

export type ClockMove = z.input<typeof clockSchema>
