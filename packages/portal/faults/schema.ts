import { z } from 'zod'
import { PORTAL_LIMITS } from '../limits.ts'
import { FAULT_PLACES, FAULT_PLACES_BY_NAME } from './table.ts'
import type { FaultName } from './table.ts'

const pattern = z.string().regex(/^[\w.*-]{1,100}$/, 'letters, digits, _ . - and * for anything')
const delayMs = z.int().nonnegative().max(PORTAL_LIMITS.maxFaultDelayMs)
const count = z.int().positive().max(1_000_000)

/** Where and how often; the same for every fault. */
const common = {
  on: z.enum(FAULT_PLACES).optional(),
  /** rest only: `crm.*`. Case does not count. */
  method: pattern.optional(),
  /** delivery only: `ONCRM*`. Case does not count. */
  event: pattern.optional(),
  client_id: pattern.optional(),
  probability: z.number().min(0).max(1).optional(),
  /** Strikes so often, then no more. */
  first: count.optional(),
  /** Strikes each so-manieth time only. */
  every: count.optional(),
}

/** `before`: the request is not carried out. `after`: it is, and only the answer suffers. */
const when = { when: z.enum(['before', 'after']).default('before') }

function plain<Name extends FaultName>(fault: Name) {
  return z.strictObject({ fault: z.literal(fault), ...common })
}

/** What POST /control/faults takes. */
export const faultSchema = z.discriminatedUnion('fault', [
  plain('connection_reset').extend(when),
  plain('connection_closed').extend(when),
  plain('empty_answer').extend(when),
  plain('broken_chunk'),
  plain('slow_loris').extend({
    chunk_bytes: z.int().positive().max(PORTAL_LIMITS.maxBodyBytes).default(16),
    every_ms: delayMs.default(1_000),
  }),
  plain('latency').extend({ delay_ms: delayMs.default(5_000), ...when }),
  plain('query_limit'),
  plain('operation_time_limit'),
  plain('expired_token'),
  plain('invalid_grant'),
  plain('payment_required'),
  plain('error_answer').extend({
    status: z.int().min(200).max(599),
    error: z.string().min(1).max(100),
    error_description: z.string().max(1_000).optional(),
  }),
  plain('renamed_portal').extend({ to: z.url({ protocol: /^https?$/ }).max(PORTAL_LIMITS.maxHandlerUrlChars) }),
  plain('html_answer').extend({ status: z.int().min(200).max(599).default(200) }),
  plain('clock_skew').extend({ skew_ms: z.int().min(-PORTAL_LIMITS.maxFaultDelayMs).max(PORTAL_LIMITS.maxFaultDelayMs) }),
  plain('uninstall').extend({ clean: z.boolean().default(false), ...when }),
  plain('duplicate').extend({ copies: z.int().positive().max(100).default(1), gap_ms: delayMs.default(0) }),
  plain('reorder').extend({ hold_ms: delayMs.default(1_000) }),
  plain('lost'),
  plain('no_refresh_token'),
  plain('no_tokens'),
  plain('truncated_form').extend({ max_input_vars: z.int().positive().max(1_000_000).default(1_000) }),
]).superRefine((spec, context) => {
  const places: readonly string[] = FAULT_PLACES_BY_NAME[spec.fault]
  const on = spec.on ?? places[0]
  const complain = (field: string, message: string): void => context.addIssue({ code: 'custom', path: [field], message })
  if (on !== undefined && !places.includes(on)) complain('on', `${spec.fault} can strike ${places.join(', ')}`)
  if (spec.method !== undefined && on !== 'rest') complain('method', 'only rest calls have a method')
  if (spec.event !== undefined && on !== 'delivery') complain('event', 'only a delivery has an event')
})

export type FaultSpec = z.input<typeof faultSchema>
export type ParsedFault = z.output<typeof faultSchema>
