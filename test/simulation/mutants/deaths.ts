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
    find: '    this.#parkedUpToSeq = lastSeq',
    replace: '    if (lastSeq >= 0) return',
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
    find: `reason: 'PROCESS_DIED', deaths, dueAtMs`,
    replace: `reason: 'PROCESS_DIED', dueAtMs`,
  },
  {
    name: 'a start stays noted when the event is settled',
    file: 'app/store/sqlite/settle-operations.ts',
    find: '  if (changed > 0) db.cautions.writeSettled(db, settlement)',
    replace: '',
  },
  {
    name: 'suspects run side by side',
    file: 'app/inbox/places.ts',
    find: '    if (isSuspect(head)) return this.#inSolitude(task, gate)\n',
    replace: '',
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
    name: 'an event may end the process for ever',
    file: 'app/inbox/deaths.ts',
    find: 'deaths >= NOTED_DEATHS_MAX',
    replace: 'deaths > 10 * NOTED_DEATHS_MAX',
  },
]
