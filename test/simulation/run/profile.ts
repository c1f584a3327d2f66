import type { DuplicateMode } from 'portline'
import type { Dice } from '../world/dice.ts'
import { MOMENT_NAMES } from './ambush.ts'
import type { Ambush, Moment } from './ambush.ts'
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
  /** Of them, those whose handler ends the process. */
  readonly poisons: number
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
  /** Milliseconds after which a copy comes, at most. */
  readonly copiesMs: number
  readonly replays: number
  /** Of the events: how many meet a handler that does not simply succeed. */
  readonly trouble: number
  /** Of the others: how many meet one that calls the portal. */
  readonly calls: number
  /** Handlers do one thing or anything. */
  readonly steps: readonly Step['does'][]
  /** Milliseconds that the portal's queue keeps an event, at most. */
  readonly queueMs: number
  /** Seconds that an access token lives. */
  readonly tokensLiveS: number
  /** Whether a refresh token that was used is spent; nobody knows it of the platform for certain (protocol.md). */
  readonly singleUse: boolean
  /** Renewals after which the server forgets what it gave. */
  readonly forgets: number
  readonly ambushes: readonly Ambush[]
}

const STEPS: readonly Step['does'][] = [
  'succeed', 'succeed at once', 'throw', 'throw at once', 'throw for good', 'ask for later', 'not now', 'never end', 'end too late', 'call REST', 'take some',
]

export function profileOf(dice: Dice): Profile {
  const sometimes = (probability: number, most: number): number => (dice.chance(probability) ? dice.whole(1, most) : 0)
  const burst = dice.chance(0.15) ? dice.whole(70, 400) : sometimes(0.4, 40)
  const plain: Profile = {
    troubleMs: dice.pick([5_000, 30_000, 120_000, 400_000]),
    apps: (dice.chance(0.3) ? ['alpha', 'beta'] : ['alpha']).map((name) => ({ name, duplicates: dice.pick(['off', 'off', 'mark', 'drop'] as const) })),
    portals: dice.whole(1, 3),
    events: dice.whole(5, 60),
    poisons: sometimes(0.15, 3),
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
    copiesMs: 20_000,
    replays: sometimes(0.2, 4),
    trouble: dice.pick([0, 0.1, 0.5]),
    calls: dice.pick([0, 0, 0.1, 0.7]),
    steps: dice.chance(0.5) ? STEPS : [dice.pick(STEPS), dice.pick(STEPS)],
    queueMs: dice.pick([5, 300, 5_000]),
    tokensLiveS: dice.pick([70, 100, 300, 900, 3_600]),
    singleUse: dice.chance(0.75),
    forgets: 0,
    ambushes: [],
  }
  const profile = { ...plain, ...themed(dice, plain) }
  return { ...profile, ...(dice.chance(0.15) ? staged(dice) : {}) }
}

/** A few stories are told on purpose: their steps are all usual, and all of them together hardly ever happen. */
function staged(dice: Dice): Partial<Profile> {
  const quiet = { poisons: 0, kills: 0, powerCuts: 0, stops: 0, jumps: 0, diskSpells: 0, networkSpells: 0, burst: 0, forged: 0, queueMs: 300 }
  switch (dice.whole(0, 5)) {
    case 0:
      // The store fails when a portal has been proven, and what was held for it is to be handed on.
      return { ...quiet, lifecycleChanges: 0, ambushes: [{ on: 'opening', does: 'disk', skip: dice.whole(0, 1) }] }
    case 1:
      // An install is asked about when its token has a few seconds left.
      return { ...quiet, troubleMs: 400_000, lifecycleChanges: 0, tokensLiveS: dice.pick([84, 86, 88]), ambushes: [{ on: 'hold', does: 'outage', skip: 0 }] }
    case 2:
      // Copies of an install come when its pair has been renewed and its application_token rotated.
      return { ...quiet, troubleMs: 120_000, lifecycleChanges: dice.whole(2, 4), portals: 1, copies: 1, copiesMs: 90_000, calls: 0.9, trouble: 0, tokensLiveS: 100, events: 60 }
    case 3:
      // A new pair could not be stored, nobody needs it for long, and then the process dies.
      return {
        ...quiet, troubleMs: 400_000, portals: 1, lifecycleChanges: 0, events: dice.whole(4, 8), trouble: 0, calls: 0.9, tokensLiveS: 70, singleUse: true, kills: 1,
        ambushes: [{ on: 'renewal', does: 'disk', skip: dice.whole(0, 1) }],
      }
    case 4:
      // Server and portals answer for a while that they are in trouble, and pairs that expire soon are wanted all the time.
      return {
        ...quiet, troubleMs: 120_000, portals: 1, lifecycleChanges: 0, events: 60, trouble: 0, calls: 0.9, tokensLiveS: 70,
        ambushes: [{ on: 'renewal', does: 'errors', skip: dice.whole(0, 2) }],
      }
    default:
      // A process dies between an uninstall and its consequences, and the lane has other things to do first.
      return { ...quiet, lifecycleChanges: dice.whole(3, 8), trouble: 0.8, steps: ['throw', 'ask for later', 'not now'], ambushes: [{ on: 'uninstall', does: 'kill', skip: 0 }] }
  }
}

/** Some runs are about one thing: by chance alone its parts hardly ever meet. */
function themed(dice: Dice, plain: Profile): Partial<Profile> {
  switch (dice.pick(['anything', 'anything', 'tokens', 'proofs', 'reinstalls'] as const)) {
    case 'tokens':
      // Handlers that call all the time, tokens that soon expire, and trouble at the moment of a renewal.
      return {
        troubleMs: dice.pick([120_000, 400_000]), portals: dice.whole(1, 2), events: dice.whole(20, 60), burst: 0, forged: 0, trouble: 0, calls: 0.9,
        kills: dice.chance(0.3) ? plain.kills : 0, powerCuts: dice.chance(0.3) ? plain.powerCuts : 0, lifecycleChanges: dice.chance(0.5) ? 0 : plain.lifecycleChanges,
        diskSpells: dice.chance(0.3) ? plain.diskSpells : 0, networkSpells: dice.chance(0.5) ? plain.networkSpells : 0,
        tokensLiveS: dice.pick([70, 70, 100]), forgets: dice.chance(0.4) ? dice.whole(1, 4) : 0, ambushes: ambushes(dice, ['renewal'], dice.chance(0.8) ? dice.whole(1, 4) : 0),
      }
    case 'proofs':
      // Installs and updates that are held for a long time, whose tokens expire meanwhile.
      return {
        troubleMs: dice.pick([120_000, 400_000]), networkSpells: dice.whole(1, 5), lifecycleChanges: dice.whole(1, 6), burst: 0,
        // Held events are looked at again after 80 s: with 84 the token expires while it is asked about.
        tokensLiveS: dice.pick([70, 84, 100]),
        kills: dice.chance(0.4) ? plain.kills : 0, powerCuts: dice.chance(0.4) ? plain.powerCuts : 0, stops: 0,
        ambushes: ambushes(dice, ['hold', 'opening', 'opening', 'renewal', 'proof'], dice.chance(0.7) ? dice.whole(1, 4) : 0),
      }
    case 'reinstalls':
      return {
        troubleMs: dice.pick([30_000, 120_000]), lifecycleChanges: dice.whole(4, 10), portals: dice.whole(1, 2), copies: dice.pick([0, 0.3, 0.6]), queueMs: dice.pick([300, 5_000]),
        copiesMs: dice.pick([20_000, 90_000]), tokensLiveS: dice.pick([70, 84, 900]), calls: dice.pick([0, 0.3, 0.7]), trouble: dice.pick([0, 0.5]),
        ambushes: ambushes(dice, [...MOMENT_NAMES, 'uninstall'], dice.chance(0.6) ? dice.whole(1, 3) : 0),
      }
    default:
      return dice.chance(0.3) ? { ambushes: ambushes(dice, MOMENT_NAMES, dice.whole(1, 2)) } : {}
  }
}

function ambushes(dice: Dice, moments: readonly Moment[], count: number): Ambush[] {
  return Array.from({ length: count }, () => ({ on: dice.pick(moments), does: dice.pick(['disk', 'disk', 'network', 'kill', 'power'] as const), skip: dice.pick([0, 0, 1, 2, 4]) }))
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
