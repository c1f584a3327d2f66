import type { PortalContext } from '../context.ts'
import { uninstallApp } from '../portal/uninstall.ts'
import type { Delivery } from '../queue/delivery-log.ts'
import type { DeliveryPlan, DeliveryRequest, DeliveryShaper } from '../queue/plan.ts'
import { plainPlan } from '../queue/plan.ts'
import { withoutRefreshToken, withoutTokens, truncated } from './event-body.ts'
import type { ParsedFault } from './schema.ts'
import { skewEvent } from './skew.ts'

/** Faults of deliveries, as the queue server carries them out. */
export class FaultShaper implements DeliveryShaper {
  readonly #context: PortalContext

  constructor(context: PortalContext) {
    this.#context = context
  }

  plan(delivery: DeliveryRequest): readonly DeliveryPlan[] {
    const { faults } = this.#context
    const untouched = plainPlan(delivery.body)
    if (faults.isEmpty) return [untouched]
    const { event, client_id } = delivery
    const struck = [...faults.strike({ on: 'delivery', event, clientId: () => client_id })]
    const plan = struck.reduce(change, { ...untouched, faults: struck.map(({ fault }) => fault) })
    const repeats = struck.flatMap((fault) => (fault.fault === 'duplicate' ? repeatsOf(plan, fault.copies, fault.gap_ms) : []))
    return [plan, ...repeats]
  }

  beforeSending(delivery: Delivery, { uninstall }: DeliveryPlan): void {
    const app = uninstall ? this.#context.world.app(delivery.client_id) : undefined
    if (app?.active === true) uninstallApp(this.#context, app, false)
  }
}

function change(plan: DeliveryPlan, fault: ParsedFault): DeliveryPlan {
  switch (fault.fault) {
    case 'latency':
      return { ...plan, holdMs: plan.holdMs + fault.delay_ms }
    case 'reorder':
      return { ...plan, holdMs: plan.holdMs + fault.hold_ms, inOrder: false }
    case 'lost':
      return { ...plan, lost: true }
    case 'connection_reset':
      return { ...plan, breakage: { kind: 'reset' } }
    case 'slow_loris':
      return { ...plan, breakage: { kind: 'slow', chunkBytes: fault.chunk_bytes, everyMs: fault.every_ms } }
    case 'uninstall':
      return { ...plan, uninstall: true }
    case 'clock_skew':
      return { ...plan, body: skewEvent(plan.body, fault.skew_ms) }
    case 'no_refresh_token':
      return { ...plan, body: withoutRefreshToken(plan.body) }
    case 'no_tokens':
      return { ...plan, body: withoutTokens(plan.body) }
    case 'truncated_form':
      return { ...plan, body: truncated(plan.body, fault.max_input_vars) }
    default:
      return plan
  }
}

/** Copies come later than the original, each by the gap, and may be overtaken. */
function repeatsOf(plan: DeliveryPlan, copies: number, gapMs: number): DeliveryPlan[] {
  return Array.from({ length: copies }, (_, index) => ({
    ...plan, holdMs: plan.holdMs + gapMs * (index + 1), inOrder: gapMs === 0 && plan.inOrder, uninstall: false,
  }))
}
