import type { Clock } from '@portline/runtime/clock.ts'
import type { Log } from '@portline/runtime/log.ts'
import { textOfThrown } from '@portline/runtime/thrown.ts'
import type { LaneResults, Settlement } from '../store/lanes.ts'
import type { PortalKey, Store } from '../store/port.ts'

/**
 * Writes apart what the store has not taken as a group. While the store fails nothing is refused: all is kept, and what has run does not
 * run again for want of a note. But what the store refuses while it takes a note beside it, it would refuse for ever, and all lanes
 * would wait behind it.
 *
 *     group not taken ──> lane by lane ──refused──> its events in their order ──refused──> the event without its record ──refused──> lane given up
 *                               └──────────────── store failing, from each of them ───────────────┴──> kept
 */
export interface SettleParts {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  readonly owner: string
  readonly onSettled: (portal: PortalKey, settlement: Settlement) => void
  readonly onLost: (portal: PortalKey) => void
  /**
   * The store takes nothing of what became of an event. It and all behind it that the lane was handed are given back, and are not to be
   * run again before `untilMs`.
   */
  readonly onRefused: (portal: PortalKey, untilMs: number) => void
}

/** What refused an event's outcome is most likely still there when it has run again: not sooner. */
export const REFUSED_REST_MS = 60_000
/** Lanes written apart at once. With what is written beside them they are fewer than the calls of one batch of the store: see #settleEach. */
export const APART_LANES = 256
const BESIDE_NOTE = 'settler'
const NOT_RECORDED = 'the record of this attempt could not be written'

type Outcome = { readonly kind: 'written' } | { readonly kind: 'lost' } | { readonly kind: 'failing' } | { readonly kind: 'refused'; readonly message: string }

export class SettleApart {
  readonly #parts: SettleParts
  #notes = 0

  constructor(parts: SettleParts) {
    this.#parts = parts
  }

  /** Answers with what is to be written again, because the store fails. */
  async write(lanes: readonly LaneResults[]): Promise<LaneResults[]> {
    const kept: LaneResults[] = []
    for (let from = 0; from < lanes.length; from += APART_LANES) {
      const slice = lanes.slice(from, from + APART_LANES)
      const outcomes = await this.#settleEach(slice)
      for (const [n, lane] of slice.entries()) {
        const kind = outcomes[n]?.kind
        const rest = kind === 'refused' ? await this.#writeLane(lane) : lane
        if ((kind === 'refused' || kind === 'failing') && rest !== undefined) kept.push(rest)
      }
      // A store that fails is not asked for each of a thousand lanes.
      if (outcomes.some(({ kind }) => kind === 'failing')) return [...kept, ...lanes.slice(from + APART_LANES)]
    }
    return kept
  }

  /** A lane's events in their order, as many together as the store takes. Answers with what is left of them when the store fails. */
  async #writeLane(lane: LaneResults): Promise<LaneResults | undefined> {
    const { portal } = lane
    let left = lane.settlements
    for (let many = left.length; left.length > 0; ) {
      const [first] = left
      const outcome = many > 1 || first === undefined ? await this.#settle({ portal, settlements: left.slice(0, many) }) : await this.#writeEvent(portal, first)
      if (outcome.kind === 'failing') return { ...lane, settlements: left }
      if (outcome.kind === 'lost') return undefined
      if (outcome.kind === 'written') {
        left = left.slice(many)
        many = left.length
      } else if (many > 1) many = Math.ceil(many / 2)
      else return this.#giveUp({ ...lane, settlements: left }, outcome.message)
    }
    return this.#writeRest({ ...lane, settlements: [] })
  }

  async #writeEvent(portal: PortalKey, settlement: Settlement): Promise<Outcome> {
    const whole = await this.#settle({ portal, settlements: [settlement] })
    if (whole.kind !== 'refused') return whole
    const bare = await this.#settle({ portal, settlements: [bareOf(settlement, this.#parts.clock.now())] })
    if (bare.kind === 'written') {
      const what = { app: portal.app, portal: portal.memberId, events: [settlement.id], error: whole.message }
      this.#parts.log.error(what, 'the store refused what became of an event; its state is written, the record of its attempt is not')
    }
    return bare
  }

  /** What is no event's end: that some are about to run, and that the lane gives back what it has left. */
  async #writeRest(lane: LaneResults): Promise<LaneResults | undefined> {
    const { started, release, ...rest } = lane
    if (started !== undefined) {
      const outcome = await this.#settle({ ...rest, started })
      if (outcome.kind === 'failing') return lane
      if (outcome.kind === 'refused') {
        const what = { app: lane.portal.app, portal: lane.portal.memberId, error: outcome.message }
        this.#parts.log.error(what, 'the store refused to note that events are started; they run without that')
      }
    }
    if (release === undefined) return undefined
    const givenBack = { ...rest, release }
    return (await this.#settle(givenBack)).kind === 'failing' ? givenBack : undefined
  }

  async #giveUp(lane: LaneResults, error: string): Promise<LaneResults | undefined> {
    const { clock, log, onRefused } = this.#parts
    const { portal, settlements } = lane
    // If the store refuses even that, the lease ends by itself: a lane that was given up is not renewed.
    if ((await this.#settle({ portal, settlements: [], release: true })).kind === 'failing') return lane
    // Whoever was handed an event before that has gone on by then: it is given up with the others.
    await new Promise<void>((resolve) => clock.soon(resolve))
    const what = { app: portal.app, portal: portal.memberId, events: settlements.map(({ id }) => id), error }
    log.error(what, 'the store takes nothing of what became of the first of these events; they are given back and run again')
    onRefused(portal, clock.now() + REFUSED_REST_MS)
    return undefined
  }

  async #settle(lane: LaneResults): Promise<Outcome> {
    const [outcome] = await this.#settleEach([lane])
    return outcome ?? { kind: 'failing' }
  }

  /**
   * Each lane by a call of its own. Refused for what it is, and not because the store fails, is what was not taken while a note before
   * and a note after it were. All are called at once: the store writes them in one transaction, or, where a batch of it ends between
   * them, in two, and each of these has one of the notes. So the notes tell of the very transaction that refused it.
   */
  async #settleEach(lanes: readonly LaneResults[]): Promise<Outcome[]> {
    const { store, owner } = this.#parts
    // Async: what is thrown at once is an answer, too.
    const settle = async (results: readonly LaneResults[]): Promise<PortalKey[]> => store.settle(owner, results)
    // Another text each time, so that no store finds it there already and writes nothing.
    const note = async (): Promise<void> => store.saveNote(BESIDE_NOTE, `${owner} ${++this.#notes}`)
    const [before, answers, after] = await Promise.all([
      Promise.allSettled([note(), settle([])]), Promise.allSettled(lanes.map((lane) => settle([lane]))), Promise.allSettled([note()]),
    ])
    const works = [...before, ...after].every(({ status }) => status === 'fulfilled')
    return lanes.map((lane, n): Outcome => {
      const answer = answers[n]
      if (answer?.status !== 'fulfilled') return works ? { kind: 'refused', message: textOfThrown(answer?.reason) } : { kind: 'failing' }
      const lost = answer.value.length > 0
      tell(this.#parts, lane, lost)
      return { kind: lost ? 'lost' : 'written' }
    })
  }
}

/** It is written whatever those who are told make of it. */
export function tell({ log, onSettled, onLost }: SettleParts, { portal, settlements }: LaneResults, lost: boolean): void {
  try {
    if (lost) onLost(portal)
    else for (const settlement of settlements) onSettled(portal, settlement)
  } catch (error) {
    log.error({ app: portal.app, portal: portal.memberId, error: textOfThrown(error) }, 'what became of events is written, but could not be passed on')
  }
}

/** What the event came to, without what came from outside. What is tried again rests at least a while. */
function bareOf({ id, seq, attempt, state, reason, dueAtMs = 0, parked, deaths }: Settlement, nowMs: number): Settlement {
  const bare = {
    id, seq, state, atMs: nowMs,
    ...(reason === undefined ? {} : { reason }),
    ...(attempt === undefined ? {} : { attempt: { n: attempt.n, startedAtMs: nowMs, durationMs: 0, outcome: attempt.outcome, calls: [], notes: [NOT_RECORDED] } }),
  }
  if (state !== 'pending') return bare
  const restUntilMs = nowMs + REFUSED_REST_MS
  return {
    ...bare,
    dueAtMs: Number.isSafeInteger(dueAtMs) ? Math.max(dueAtMs, restUntilMs) : restUntilMs,
    ...(parked === undefined ? {} : { parked }), ...(deaths === undefined ? {} : { deaths }),
  }
}
