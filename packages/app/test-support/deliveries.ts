import { systemClock } from '@portline/runtime/clock.ts'
import { silentLog } from '@portline/runtime/log.ts'
import { seededRandom } from '@portline/runtime/random.ts'
import { systemResolver } from '@portline/runtime/resolver.ts'
import { ulid } from 'ulid'
import type { DeliveryError } from '../destinations/delivery-error.ts'
import type { Delivery, DestinationParts, OpenDestination } from '../destinations/destination.ts'

export function newDelivery(more: Partial<Delivery> = {}): Delivery {
  return {
    id: ulid(),
    app: 'shop',
    memberId: '718a1f262fc8851ad110ab1992c2a767',
    domain: 'first.bitrix24.com',
    code: 'ONCRMDEALADD',
    data: { FIELDS: { ID: '42', TITLE: 'Скидка «10 %»' } },
    userId: '1',
    ts: '1767225600',
    receivedAtMs: 1_767_225_601_500,
    attempt: 1,
    ...more,
  }
}

export function destinationParts(more: Partial<DestinationParts> = {}): DestinationParts {
  return { clock: systemClock, random: seededRandom('destinations'), log: silentLog, resolver: systemResolver, ...more }
}

const NEVER_ABORTED = new AbortController().signal

/** Delivers one. */
export function deliver(destination: OpenDestination, more: Partial<Delivery> = {}, signal = NEVER_ABORTED): Promise<void> {
  return destination.deliver([newDelivery(more)], signal)
}

/** The error that a delivery is to fail with. */
export async function failureOf(delivery: Promise<void>): Promise<DeliveryError> {
  return await delivery.then(
    () => {
      throw new Error('it was delivered')
    },
    (error: unknown) => error as DeliveryError,
  )
}
