import type { B24OAuth } from '@bitrix24/b24jssdk'
import type { Clock } from '@portline/runtime/clock.ts'
import { sleep } from '@portline/runtime/clock.ts'
import type { Random } from '@portline/runtime/random.ts'
import { randomHex } from '@portline/runtime/random.ts'
import type { ErrorCode } from '@portline/wire/errors.ts'
import { textField } from '@portline/wire/form/value.ts'
import { RestError, callRest } from '../bitrix24/call-rest.ts'
import { bindingKey, readBindings } from '../installations/bindings.ts'
import type { NewEvent, PortalKey, Refusal } from '../store/port.ts'
import { keyOf } from '../store/portal-key.ts'
import { finding } from './findings.ts'
import type { Finding } from './findings.ts'

/**
 * The way from the portal to here, tried: event.test makes the portal send ONAPPTEST to the app, with a word that tells it from any
 * other. The event is like every other one: it is stored, and the app's handler for it runs, if it has one.
 */
export const TEST_EVENT = 'ONAPPTEST'
const WORD = 'portline_doctor'
const WORD_BYTES = 8

export interface TestEventParts {
  readonly clock: Clock
  readonly random: Random
}

export class TestEvents {
  readonly #parts: TestEventParts
  readonly #awaited = new Map<string, () => void>()
  /** Why a test event of a portal that is waited for was refused. */
  readonly #refused = new Map<string, ErrorCode | undefined>()

  constructor(parts: TestEventParts) {
    this.#parts = parts
  }

  /** Of every event that is taken in. */
  accepted(event: Pick<NewEvent, 'code' | 'data'>): void {
    if (event.code !== TEST_EVENT || this.#awaited.size === 0) return
    const query = typeof event.data === 'object' && !Array.isArray(event.data) ? event.data['QUERY'] : undefined
    this.#awaited.get(textField(query, WORD) ?? '')?.()
  }

  /**
   * Of every event that is refused: of a flood only a sample is kept. Ends no waiting, since anybody can be refused in a portal's
   * name.
   */
  refused({ app, memberId, event, code }: Omit<Refusal, 'atMs'>): void {
    if (event !== TEST_EVENT || memberId === undefined) return
    const key = keyOf({ app, memberId })
    if (this.#refused.has(key)) this.#refused.set(key, code)
  }

  /** Nothing when it arrived within `waitMs`. Bound for the time of the test where it is not. Errors: those of callRest. */
  async send(portal: PortalKey, b24: B24OAuth, address: string, waitMs: number): Promise<Finding | undefined> {
    const binding = { event: TEST_EVENT, handler: address }
    const there = (await readBindings(b24)).some((each) => bindingKey(each) === bindingKey(binding))
    if (!there) {
      const refused = await bindFor(b24, binding)
      if (refused !== undefined) return refused
    }
    try {
      return await this.#sendBound(portal, b24, waitMs)
    } finally {
      if (!there) await callRest(b24, 'event.unbind', binding).catch(() => {})
    }
  }

  async #sendBound(portal: PortalKey, b24: B24OAuth, waitMs: number): Promise<Finding | undefined> {
    const { clock, random } = this.#parts
    const word = randomHex(random, WORD_BYTES)
    const key = keyOf(portal)
    let arrived = false
    const arrival = new Promise<void>((resolve) => {
      this.#awaited.set(word, () => {
        arrived = true
        resolve()
      })
    })
    this.#refused.set(key, undefined)
    try {
      await callRest(b24, 'event.test', { [WORD]: word })
      await Promise.race([arrival, sleep(clock, waitMs)])
      if (arrived) return undefined
      const code = this.#refused.get(key)
      return code === undefined ? finding('TEST_EVENT_LOST', `none came within ${waitMs} ms`) : finding('TEST_EVENT_REFUSED', code)
    } finally {
      this.#awaited.delete(word)
      this.#refused.delete(key)
    }
  }
}

async function bindFor(b24: B24OAuth, binding: { event: string; handler: string }): Promise<Finding | undefined> {
  try {
    await callRest(b24, 'event.bind', binding)
    return undefined
  } catch (error) {
    if (error instanceof RestError && ADDRESS_REFUSALS.has(error.restCode)) return finding('PUBLIC_URL_REFUSED', error.message)
    if (error instanceof RestError && error.message.includes('already binded')) return undefined
    throw error
  }
}

const ADDRESS_REFUSALS: ReadonlySet<string> = new Set(['ERROR_WRONG_HANDLER_URL', 'ERROR_UNSUPPORTED_PROTOCOL'])
