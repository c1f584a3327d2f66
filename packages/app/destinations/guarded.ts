import { Gate } from '@portline/runtime/gate.ts'
import { WAITING_LANES } from '../limits.ts'
import { CircuitBreaker } from './circuit-breaker.ts'
import type { BreakerStatus } from './circuit-breaker.ts'
import type { DestinationParts, OpenDestination } from './destination.ts'

/**
 * A destination behind its circuit breaker; its pauses are in the log. With `places` no more deliveries than that are under way
 * at once. Who waits for a place comes to the breaker after it, so that an outage lets all of them go at once.
 */
export function guarded(
  name: string,
  { clock, random, log }: DestinationParts,
  inner: Pick<OpenDestination, 'deliver' | 'close'>,
  places = Number.POSITIVE_INFINITY,
): OpenDestination {
  const onChange = (status: BreakerStatus): void => {
    if (status.state === 'open') {
      log.warn({ destination: name, until: new Date(status.untilMs).toISOString() }, 'a destination is left alone for a while')
    }
    if (status.state === 'closed') log.info({ destination: name }, 'a destination takes events again')
  }
  const breaker = new CircuitBreaker({ name, clock, random, onChange })
  const gate = new Gate(places, WAITING_LANES)
  return {
    async deliver(deliveries, signal, starts) {
      await gate.run(async () => {
        starts?.throwIfAborted()
        signal.throwIfAborted()
        await breaker.run(() => inner.deliver(deliveries, signal))
      })
    },
    standBy: (who) => gate.standBy(who),
    status: () => breaker.status,
    close: () => inner.close(),
  }
}
