import type { DuplicateMode } from 'portline'
import type { Dice } from '../world/dice.ts'
import type { Step } from './apps.ts'

/** What a run is made of. Each leaves most things out: what always happens together hides what only happens without the rest. */
export interface SimulatedApp {
  readonly name: string
  readonly duplicates: DuplicateMode
}

export interface Profile {
  /** Milliseconds in which things go wrong. */
  readonly troubleMs: number
  readonly apps: readonly SimulatedApp[]
  readonly portals: number
  readonly events: number
  /** Events that come at once, for one lane. */
  readonly burst: number
  readonly kills: number
  readonly powerCuts: number
  readonly stops: number
  readonly jumps: number
  readonly diskSpells: number
  readonly networkSpells: number
  readonly lifecycleChanges: number
  readonly forged: number
  readonly copies: number
  readonly replays: number
  /** Of the events: how many meet a handler that does not simply succeed. */
  readonly trouble: number
  /** Of the others: how many meet one that calls the portal. */
  readonly calls: number
  /** Handlers do one thing or anything. */
  readonly steps: readonly Step['does'][]
  /** Milliseconds that the portal's queue keeps an event, at most. */
  readonly queueMs: number
}

const STEPS: readonly Step['does'][] = [
  'succeed', 'succeed at once', 'throw', 'throw at once', 'throw for good', 'ask for later', 'not now', 'never end', 'end too late', 'call REST', 'take some',
]

export function profileOf(dice: Dice): Profile {
  const sometimes = (probability: number, most: number): number => (dice.chance(probability) ? dice.whole(1, most) : 0)
  const burst = dice.chance(0.15) ? dice.whole(70, 400) : sometimes(0.4, 40)
  return {
    troubleMs: dice.pick([5_000, 30_000, 120_000, 400_000]),
    apps: (dice.chance(0.3) ? ['alpha', 'beta'] : ['alpha']).map((name) => ({ name, duplicates: dice.pick(['off', 'off', 'mark', 'drop'] as const) })),
    portals: dice.whole(1, 3),
    events: dice.whole(5, 60),
    burst,
    kills: sometimes(0.5, 4),
    powerCuts: sometimes(0.3, 3),
    stops: sometimes(0.25, 2),
    jumps: sometimes(0.2, 2),
    diskSpells: sometimes(0.4, 3),
    networkSpells: sometimes(0.5, 4),
    lifecycleChanges: sometimes(0.6, 5),
    forged: sometimes(0.5, 8),
    copies: dice.pick([0, 0.05, 0.3]),
    replays: sometimes(0.2, 4),
    trouble: dice.pick([0, 0.1, 0.5]),
    calls: dice.pick([0, 0, 0.1, 0.7]),
    steps: dice.chance(0.5) ? STEPS : [dice.pick(STEPS), dice.pick(STEPS)],
    queueMs: dice.pick([5, 300, 5_000]),
  }
}

export function stepOf(dice: Dice, { steps }: Profile): Step {
  const does = dice.pick(steps)
  switch (does) {
    case 'succeed':
    case 'throw':
    case 'take some':
      return { does, ms: dice.between(0, dice.pick([5, 100, 1_800])) }
    case 'ask for later':
    case 'not now':
      return { does, ms: dice.whole(10, 8_000) }
    case 'end too late':
      return { does, ms: dice.between(2_100, 6_000) }
    default:
      return { does }
  }
}
