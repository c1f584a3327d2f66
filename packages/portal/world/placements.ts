import { PORTAL_LIMITS } from '../limits.ts'
import { limitReached, removeWhere } from './slice.ts'

/** Texts in one language, as placement.bind takes them. */
export interface PlacementTexts {
  readonly TITLE: string
  readonly DESCRIPTION: string
  readonly GROUP_NAME: string
}

export interface Placement {
  readonly id: number
  readonly clientId: string
  /** Upper case. */
  readonly placement: string
  readonly handler: string
  /** 0: everybody. */
  readonly userId: number
  readonly title: string
  readonly description: string
  readonly options: Readonly<Record<string, unknown>>
  readonly langAll: Readonly<Record<string, PlacementTexts>>
}

export interface PlacementsState {
  lastId: number
  readonly placements: Placement[]
}

/** Widget handlers. Invariants: ids only count up; the order is that of binding. */
export class Placements {
  readonly #state: PlacementsState
  readonly #changed: () => void

  constructor(state: PlacementsState, changed: () => void) {
    this.#state = state
    this.#changed = changed
  }

  list(): readonly Placement[] {
    return this.#state.placements
  }

  /** The handler of the app a user gets in a place: his own before everybody's. */
  find(clientId: string, placement: string, userId: number): Placement | undefined {
    const rows = this.#state.placements.filter((row) => row.clientId === clientId && row.placement === placement)
    return rows.find((row) => row.userId === userId) ?? rows.find((row) => row.userId === 0)
  }

  add(placement: Omit<Placement, 'id'>): void {
    const ofApp = this.#state.placements.filter((row) => row.clientId === placement.clientId)
    if (ofApp.length >= PORTAL_LIMITS.maxPlacementsPerApp) throw limitReached('The app has too many placements')
    this.#state.lastId += 1
    this.#state.placements.push({ id: this.#state.lastId, ...placement })
    this.#changed()
  }

  remove(matches: (row: Placement) => boolean): number {
    const count = removeWhere(this.#state.placements, matches)
    if (count > 0) this.#changed()
    return count
  }
}
