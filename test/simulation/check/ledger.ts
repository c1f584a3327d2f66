import type { HistoryItem, Lane, Row, Sent, Snapshot } from '../history.ts'

/** What is broken, and where in the history it showed. */
export interface Violation {
  readonly promise: string
  readonly what: string
  /** Index into the history. */
  readonly item: number
}

/** A promise looks at the items in their order and says what is broken. */
export type Promised = (items: readonly HistoryItem[]) => Violation[]

export function laneOf({ app, memberId }: Lane): string {
  return `${app}/${memberId}`
}

/** The events that are durable, as of the items read so far. */
export class Ledger {
  readonly bySeq = new Map<number, Row>()
  readonly byId = new Map<string, Row>()
  readonly byLane = new Map<string, Map<number, Row>>()

  /** Calls `changed` with each row before and after; undefined where there is none. */
  read(item: HistoryItem, changed: (before: Row | undefined, after: Row | undefined) => void = () => {}): void {
    if (item.kind === 'rows') {
      for (const { change, ...row } of item.rows) {
        const before = this.bySeq.get(row.seq)
        if (change === 'delete') {
          changed(before, undefined)
          this.#delete(row)
        } else {
          changed(before, row)
          this.#set(row)
        }
      }
    } else if (item.kind === 'snapshot') this.#replace(item, changed)
  }

  #replace({ rows }: Snapshot, changed: (before: Row | undefined, after: Row | undefined) => void): void {
    const found = new Set(rows.map(({ seq }) => seq))
    for (const row of this.bySeq.values()) {
      if (found.has(row.seq)) continue
      changed(row, undefined)
      this.#delete(row)
    }
    for (const row of rows) {
      const before = this.bySeq.get(row.seq)
      if (before === undefined || !isSame(before, row)) changed(before, row)
      this.#set(row)
    }
  }

  #set(row: Row): void {
    const key = laneOf(row)
    const lane = this.byLane.get(key) ?? new Map<number, Row>()
    this.byLane.set(key, lane)
    // What was sent is known by its mark, and an event that was never proven loses it.
    const kept = row.mark === '' ? { ...row, mark: this.bySeq.get(row.seq)?.mark ?? '' } : row
    lane.set(row.seq, kept)
    this.bySeq.set(row.seq, kept)
    this.byId.set(row.id, kept)
  }

  #delete(row: Row): void {
    this.bySeq.delete(row.seq)
    this.byId.delete(row.id)
    this.byLane.get(laneOf(row))?.delete(row.seq)
  }
}

const COMPARED = ['id', 'state', 'reason', 'proof', 'attempts', 'dueAt', 'parked', 'generation'] as const

function isSame(one: Row, other: Row): boolean {
  return COMPARED.every((field) => one[field] === other[field])
}

/** What was sent under each mark: its copies are the same but for their number. */
export function sentByMark(items: readonly HistoryItem[]): Map<string, Sent> {
  return new Map(items.flatMap((item) => (item.kind === 'sent' ? [[item.mark, item] as const] : [])))
}

/** The events as they were when all was over. */
export function lastSnapshot(items: readonly HistoryItem[]): { readonly snapshot: Snapshot; readonly item: number } | undefined {
  const item = items.findLastIndex(({ kind }) => kind === 'snapshot')
  const snapshot = items[item]
  return snapshot?.kind === 'snapshot' ? { snapshot, item } : undefined
}
