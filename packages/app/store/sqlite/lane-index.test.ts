import { seededRandom } from '@portline/runtime/random.ts'
import { expect, test } from 'vitest'
import { LaneIndex, dueOf, runnable } from './lane-index.ts'

const PORTAL = { app: 'a', memberId: 'm' }
const ALL = 1_000

/** Beside the lane, as plainly as can be: the open ones in order, what was handed out, and the parked ones with their times. */
class Model {
  open: number[] = []
  handed = new Map<number, number | undefined>()
  readonly parked = new Map<number, number>()

  add(...seqs: readonly number[]): void {
    this.open = [...this.open, ...seqs].toSorted((a, b) => a - b)
  }

  hand(seqs: readonly number[]): void {
    for (const seq of seqs) {
      this.handed.set(seq, this.parked.get(seq))
      this.parked.delete(seq)
    }
    this.open = this.open.filter((seq) => !this.handed.has(seq))
  }

  giveBack(): void {
    for (const [seq, dueAtMs] of this.handed) if (dueAtMs !== undefined) this.parked.set(seq, dueAtMs)
    this.add(...[...this.handed].filter(([, dueAtMs]) => dueAtMs === undefined).map(([seq]) => seq))
    this.handed = new Map()
  }

  due(nowMs: number): number[] {
    return [...this.parked].filter(([, dueAtMs]) => dueAtMs <= nowMs).toSorted(([a, aMs], [b, bMs]) => aMs - bMs || a - b).map(([seq]) => seq)
  }

  get firstDueAtMs(): number | undefined {
    return this.open.length > 0 ? 0 : this.parked.size > 0 ? Math.min(...this.parked.values()) : undefined
  }
}

test.each(Array.from({ length: 6 }, (_, n) => n))('a lane keeps its order, whatever is handed out, given back, settled, parked and added to it (%i)', (seed) => {
  const random = seededRandom(`lane ${seed}`)
  const index = new LaneIndex()
  const model = new Model()
  const gone: number[] = []
  let [seq, nowMs] = [0, 1]
  const upTo = (most: number): number => Math.floor(random.fraction() * most)
  for (let step = 0; step < 600; step++) {
    const lane = index.get(PORTAL)
    const kind = upTo(10)
    if (kind < 4) {
      const seqs = Array.from({ length: 1 + upTo(60) }, () => ++seq)
      for (const each of seqs) index.append(PORTAL, each, undefined)
      model.add(...seqs)
    } else if (kind === 4 && gone.length > 0) {
      // Replayed, or its hold has ended: it comes before others.
      const again = gone.splice(upTo(gone.length), 1)[0] ?? 0
      index.add(PORTAL, again)
      model.add(again)
    } else if (kind === 5 && lane !== undefined) {
      nowMs += upTo(3)
      index.giveBack(lane)
      model.giveBack()
      const { parked, open } = runnable(lane, nowMs, 1 + upTo(90))
      index.hand(lane, [...parked, ...open], 'me', nowMs)
      model.hand([...parked, ...open])
    } else if (kind === 6 && lane !== undefined) {
      index.giveBack(lane)
      model.giveBack()
    } else if (kind === 7 && lane?.parked !== undefined) {
      // Hastened, some of them twice.
      for (const parked of [...model.parked.keys()].slice(0, upTo(90))) {
        const dueAtMs = upTo(2)
        lane.parked.set(parked, dueAtMs)
        model.parked.set(parked, dueAtMs)
      }
    } else if (lane !== undefined) {
      for (const handed of [...lane.handed.keys()].slice(0, upTo(90))) {
        lane.handed.delete(handed)
        model.handed.delete(handed)
        const dueAtMs = nowMs + upTo(9)
        if (random.fraction() < 0.8) gone.push(handed)
        else {
          index.park(PORTAL, handed, dueAtMs)
          model.parked.set(handed, dueAtMs)
        }
      }
      index.dropEmpty(lane)
    }
    const found = index.get(PORTAL)
    expect(found?.open.slice(found.start) ?? []).toEqual(model.open)
    expect(new Map(found?.handed)).toEqual(model.handed)
    expect(new Set(found?.parked?.seqs)).toEqual(new Set(model.parked.keys()))
    if (found === undefined) continue
    expect(found.parked?.due(nowMs, ALL) ?? []).toEqual(model.due(nowMs))
    expect(dueOf(found)).toBe(model.firstDueAtMs)
  }
  expect(seq).toBeGreaterThan(4_000)
})

test('what is given back while others have come before it stands among them, in order', () => {
  const index = new LaneIndex()
  for (const seq of [3, 5, 9]) index.append(PORTAL, seq, undefined)
  const lane = index.get(PORTAL)
  if (lane === undefined) throw new Error('the lane has events')
  index.hand(lane, [3, 5], 'me', 1)
  for (const seq of [1, 4, 7]) index.add(PORTAL, seq)
  index.giveBack(lane)
  expect(lane.open.slice(lane.start)).toEqual([1, 3, 4, 5, 7, 9])
})
