import { CodedError } from '@portline/wire/errors.ts'
import { z } from 'zod'
import type { PortalContext } from '../context.ts'
import type { LimitSettings } from '../rest/metering/rest-limits.ts'
import { findMethod } from '../rest/methods.ts'
import { parseInput } from './schemas.ts'

/** A real portal cuts a request off after 60 seconds. */
const LONGEST_CALL_S = 60

export const limitsSchema = z.strictObject({
  rate: z.enum(['off', 'standard', 'enterprise']).optional(),
  operating: z.union([z.enum(['off', 'on']), z.number().positive().max(86_400)]).optional(),
  slow: z.record(z.string().max(100), z.number().nonnegative().max(LONGEST_CALL_S)).optional(),
})
export type LimitInput = z.input<typeof limitsSchema>

/** The switches of the limits of limits.md. Throws CodedError: BAD_REQUEST. */
export class LimitControl {
  readonly #context: PortalContext

  constructor(context: PortalContext) {
    this.#context = context
  }

  settings(): LimitSettings {
    return this.#context.restLimits.settings
  }

  /** Changes what is given. `slow` takes the place of all that was slow before. */
  change(input: LimitInput): LimitSettings {
    const { rate, operating, slow } = parseInput(limitsSchema, input)
    this.#context.restLimits.change({
      ...(rate === undefined ? {} : { rate }),
      ...(operating === undefined ? {} : { operating }),
      ...(slow === undefined ? {} : { slow: byMethod(slow) }),
    })
    return this.settings()
  }
}

/** Under the names methods go by; a name that is none would be slow without anybody noticing. */
function byMethod(slow: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(slow).map(([name, seconds]) => {
    const method = findMethod(name)
    if (method === undefined) throw new CodedError('BAD_REQUEST', `slow: the portal has no method ${name}`)
    return [method.name, seconds]
  }))
}
