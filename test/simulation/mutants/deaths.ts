import type { Mutant } from './mutant.ts'

/** Around events that end the process. */
export const DEATH_MUTANTS: readonly Mutant[] = [
  {
    name: 'a start with care is not noted',
    file: 'app/inbox/lanes.ts',
    find: '    this.#settler.start(lane.portal, { seqs: events.map(({ event }) => event.seq), atMs: this.#parts.clock.now() })',
    replace: '',
  },
  {
    name: 'a start with care is not waited for',
    file: 'app/inbox/run-events.ts',
    find: 'await begin()',
    replace: 'void begin()',
  },
  {
    name: 'nobody is watched after a death',
    file: 'app/store/sqlite/cautions.ts',
    find: `  watch(db: Queries, lanes: Iterable<IndexedLane>, lastSeq: number): void {`,
    replace: `  watch(db: Queries, lanes: Iterable<IndexedLane>, lastSeq: number): void {
    if (lastSeq >= 0) return`,
  },
  {
    name: 'a death is not counted at open',
    file: 'app/store/sqlite/cautions.ts',
    find: '{ deaths: deaths + 1, startedAtMs',
    replace: '{ deaths, startedAtMs',
  },
  {
    name: 'with its attempt an event is suspected no longer',
    file: 'app/inbox/deaths.ts',
    find: `  return settlement.state === 'pending' ? { ...settlement, deaths } : settlement`,
    replace: `  return deaths > 0 ? settlement : settlement`,
  },
  {
    name: 'a start stays noted when the event is settled',
    file: 'app/store/sqlite/settle-operations.ts',
    find: 'started_at = NULL',
    replace: 'started_at = started_at',
  },
  {
    name: 'suspects run side by side',
    file: 'app/inbox/places.ts',
    find: 'isSuspect(head) ? this.#solitude.run(inPlace) : inPlace()',
    replace: 'inPlace()',
  },
  {
    name: 'a suspect is handed over with others',
    file: 'app/inbox/run-events.ts',
    find: 'handler.policy.maxEvents === 1 || isSuspect(queue[0])) return 1',
    replace: 'handler.policy.maxEvents === 1) return 1',
  },
  {
    name: 'the first death that is known convicts',
    file: 'app/inbox/deaths.ts',
    find: 'deaths > 1 && startedAtMs !== undefined',
    replace: 'deaths > 0 && startedAtMs !== undefined',
  },
  {
    name: 'an event may end the process as often as its schedule allows',
    file: 'app/inbox/deaths.ts',
    find: 'failure.final || deaths >= PROCESS_DEATHS_MAX',
    replace: 'failure.final || deaths > 10 * PROCESS_DEATHS_MAX',
  },
  {
    name: 'whoever leaves something running when it ends has died',
    file: 'app/store/sqlite/cautions.ts',
    find: `    db.run('UPDATE events SET started_at = NULL WHERE seq IN (SELECT value FROM json_each(?))', JSON.stringify([...this.#started]))`,
    replace: '',
  },
]
