import type { Mutant } from './mutant.ts'

/** The store's operations, the lanes' order in its memory, its batches and its group commit. */
export const STORE_MUTANTS: readonly Mutant[] = [
  {
    name: 'memory changes before the commit',
    file: 'app/store/sqlite/run-batch.ts',
    find: 'return inTransaction(db, () => batch.map((call) => ({ value: runCall(engine, call) })))',
    replace: 'return inTransaction(db, () => batch.map((call) => afterCommit({ value: runCall(engine, call) })))',
  },
  {
    name: 'a commit that failed is answered as if it had not',
    file: 'app/store/sqlite/run-batch.ts',
    find: `    const result = work()
    db.exec('COMMIT')
    return result`,
    replace: `    const result = work()
    try {
      db.exec('COMMIT')
    } catch {
      db.exec('ROLLBACK')
    }
    return result`,
  },
  {
    name: 'a failed event is not open again',
    file: 'app/store/sqlite/settle-operations.ts',
    find: '    else db.lanes.add(portal, seq, dueAtMs)',
    replace: '',
  },
  {
    name: 'a failed event is due at once',
    file: 'app/store/sqlite/settle-operations.ts',
    find: '    else db.lanes.add(portal, seq, dueAtMs)',
    replace: '    else db.lanes.add(portal, seq)',
  },
  {
    name: 'an attempt is recorded and not counted',
    file: 'app/store/sqlite/settle-operations.ts',
    find: 'attempts = coalesce(?, attempts)',
    replace: 'attempts = max(attempts, coalesce(?, 0) - 1)',
  },
  {
    name: 'hastening forgets the lane in memory',
    file: 'app/store/sqlite/lane-operations.ts',
    find: '      for (const [seq, dueAtMs] of waiting) if (waitsUntil(lane, seq) === dueAtMs) hasten(lane, seq)\n',
    replace: '',
  },
  {
    name: 'parked events are not read at open',
    file: 'app/store/sqlite/engine.ts',
    find: `if (row['parked'] === 1) this.lanes.park(portal, Number(row['seq']), dueAtMs ?? 0)`,
    replace: `if (row['parked'] === 1) continue`,
  },
  {
    name: 'times are not read at open',
    file: 'app/store/sqlite/engine.ts',
    find: `else this.lanes.add(portal, Number(row['seq']), dueAtMs)`,
    replace: `else this.lanes.add(portal, Number(row['seq']))`,
  },
  {
    name: 'numbers begin anew at open',
    file: 'app/store/sqlite/engine.ts',
    find: `      this.#lastSeq = Math.max(this.#lastSeq, Number(this.get(last)?.['last'] ?? 0))`,
    replace: `      this.#lastSeq = Math.min(this.#lastSeq, Number(this.get(last)?.['last'] ?? 0))`,
  },
  {
    name: 'what is given back stands behind the others',
    file: 'app/store/sqlite/lane-index.ts',
    find: '    if (open.length > 0) putBack(lane, open.toSorted(ascending))',
    replace: '    lane.open.push(...open)',
  },
  {
    name: 'others go past an event that waits',
    file: 'app/store/sqlite/lane-index.ts',
    find: '    if (seq === undefined || (lane.dueAtMs.get(seq) ?? 0) > nowMs) return\n',
    replace: '    if (seq === undefined || (lane.dueAtMs.get(seq) ?? 0) > nowMs) continue\n',
  },
  {
    name: 'a new event is granted before those that wait',
    file: 'app/store/sqlite/lane-index.ts',
    find: 'if (lease === undefined || !free || lane.open.length > lane.start) {',
    replace: 'if (lease === undefined || !free) {',
  },
  {
    name: 'a parked event stays parked when it is handed out',
    file: 'app/store/sqlite/lane-index.ts',
    find: '        lane.parked?.delete(seq)\n',
    replace: '',
  },
  {
    name: 'a released event is in no lane',
    file: 'app/store/sqlite/held-operations.ts',
    find: '      for (const { portal, seq } of released) db.lanes.add(portal, seq)',
    replace: '',
  },
  {
    name: 'an event whose hold ends stands last',
    file: 'app/store/sqlite/lane-index.ts',
    find: '  const place = placeOf(lane, seq)\n',
    replace: '  const place = open.length\n',
  },
  {
    name: 'a replayed event is in no lane',
    file: 'app/store/sqlite/event-operations.ts',
    find: `      for (const row of rows) db.lanes.add(portalOf(row), Number(row['seq']))`,
    replace: '',
  },
  {
    name: 'a replay takes open events too',
    file: 'app/store/sqlite/event-operations.ts',
    find: `const REPLAYABLE = \`state IN ('done', 'dead') AND proof IS NOT NULL\``,
    replace: `const REPLAYABLE = \`state IN ('held', 'done', 'dead')\``,
  },
  {
    name: 'the answers of a group are given to the next',
    file: 'app/store/sqlite/sqlite-thread.ts',
    find: 'const answered = this.#onThread.splice(0, reply.answers.length)',
    replace: 'const answered = this.#onThread.splice(-reply.answers.length)',
  },
  {
    name: 'a failed call is answered with nothing',
    file: 'app/store/sqlite/sqlite-thread.ts',
    find: `  if (answer !== undefined && 'value' in answer) return waiting.resolve(answer.value)`,
    replace: `  if (answer !== undefined) return waiting.resolve('value' in answer ? answer.value : [])`,
  },
]
