import { seededRandom } from '@portline/runtime/random.ts'
import { CodedError } from '@portline/wire/errors.ts'
import { z } from 'zod'
import { parseInput } from '../face/schemas.ts'
import { PORTAL_LIMITS } from '../limits.ts'
import { faultSchema } from './schema.ts'
import type { FaultSpec, ParsedFault } from './schema.ts'
import { FAULT_PLACES_BY_NAME } from './table.ts'
import type { FaultPlace } from './table.ts'

/** A fault as GET /control/faults shows it: what was asked for, and how it went so far. */
export type FaultView = ParsedFault & {
  readonly id: number
  readonly on: FaultPlace
  /** Requests or deliveries it could have struck. */
  readonly matched: number
  readonly struck: number
}

/** Something a fault may strike. `client_id` is asked for only when a fault names one. */
export interface FaultTarget {
  readonly on: FaultPlace
  readonly method?: string | undefined
  readonly event?: string | undefined
  readonly clientId: () => string | undefined
}

/**
 * The faults asked for. One is
 *
 *     added ──strikes (first, every, probability)──> … ──remove() or clear()──> gone
 *
 * Invariants: several may strike one target, in the order they were added; whether one strikes depends on the portal's seed,
 * its own id and how many targets it matched, never on another fault; ids only count up. docs/portal/faults.md
 */
export class Faults {
  readonly #seed: () => string
  #faults: ActiveFault[] = []
  #lastId = 0

  constructor(seed: () => string) {
    this.#seed = seed
  }

  /** BAD_REQUEST naming each wrong field, or when there are PORTAL_LIMITS.maxFaults already. */
  add(spec: FaultSpec): FaultView {
    if (this.#faults.length >= PORTAL_LIMITS.maxFaults) {
      throw new CodedError('BAD_REQUEST', `There are ${PORTAL_LIMITS.maxFaults} faults already`)
    }
    const fault = this.#activate(parseInput(faultSchema, spec), ++this.#lastId)
    this.#faults = [...this.#faults, fault]
    return viewOf(fault)
  }

  list(): FaultView[] {
    return this.#faults.map(viewOf)
  }

  /** NOT_FOUND when there is none of that id. */
  remove(id: number): FaultView {
    const fault = this.#faults.find((one) => one.id === id)
    if (fault === undefined) throw new CodedError('NOT_FOUND', `There is no fault ${id}`)
    this.#faults = this.#faults.filter((one) => one !== fault)
    return viewOf(fault)
  }

  /** @returns how many there were */
  clear(): number {
    const { length } = this.#faults
    this.#faults = []
    return length
  }

  get isEmpty(): boolean {
    return this.#faults.length === 0
  }

  /** The faults that strike this target, one after another: whoever stops at one leaves the later ones uncounted. */
  *strike(target: FaultTarget): Generator<ParsedFault, void> {
    for (const fault of this.#faults) if (matches(fault, target) && strikes(fault)) yield fault.spec
  }

  snapshot(): FaultsState {
    return { last_id: this.#lastId, faults: this.#faults.map(({ id, matched, struck, spec }) => ({ id, matched, struck, spec })) }
  }

  restore(state: FaultsState): void {
    this.#faults = state.faults.map(({ id, matched, struck, spec }) =>
      Object.assign(this.#activate(spec, id), { matched, struck }))
    this.#lastId = state.last_id
  }

  #activate(spec: ParsedFault, id: number): ActiveFault {
    const on = spec.on ?? FAULT_PLACES_BY_NAME[spec.fault][0]
    const fault: ActiveFault = {
      id, spec, on, matched: 0, struck: 0,
      chance: () => seededRandom(`${this.#seed()}:fault:${id}:${fault.matched}`).fraction(),
      method: asPattern(spec.method), event: asPattern(spec.event), clientId: asPattern(spec.client_id),
    }
    return fault
  }
}

/** Part of an exported state. */
export const faultsStateSchema = z.object({
  last_id: z.int().nonnegative(),
  faults: z.array(z.object({
    id: z.int().positive(), matched: z.int().nonnegative(), struck: z.int().nonnegative(), spec: faultSchema,
  })).max(PORTAL_LIMITS.maxFaults),
})

export type FaultsState = z.output<typeof faultsStateSchema>

interface ActiveFault {
  readonly id: number
  readonly spec: ParsedFault
  readonly on: FaultPlace
  /** A number in [0, 1) that belongs to the present match. */
  readonly chance: () => number
  readonly method: RegExp | undefined
  readonly event: RegExp | undefined
  readonly clientId: RegExp | undefined
  matched: number
  struck: number
}

function viewOf({ spec, id, on, matched, struck }: ActiveFault): FaultView {
  return { ...spec, id, on, matched, struck }
}

function matches(fault: ActiveFault, target: FaultTarget): boolean {
  return fault.on === target.on
    && (fault.method === undefined || fault.method.test(target.method ?? ''))
    && (fault.event === undefined || fault.event.test(target.event ?? ''))
    && (fault.clientId === undefined || fault.clientId.test(target.clientId() ?? ''))
}

function strikes(fault: ActiveFault): boolean {
  const { first, every, probability } = fault.spec
  fault.matched += 1
  const isSpared = probability !== undefined && fault.chance() >= probability
  if (isSpared || (first !== undefined && fault.struck >= first)) return false
  if (every !== undefined && fault.matched % every !== 0) return false
  fault.struck += 1
  return true
}

/** Only `*` means anything: the schema lets no other sign of a regular expression but the dot through. */
function asPattern(pattern: string | undefined): RegExp | undefined {
  if (pattern === undefined) return undefined
  return new RegExp(`^${pattern.replaceAll('.', String.raw`\.`).replaceAll(/\*+/g, '.*')}$`, 'i')
}
