import { DatabaseSync } from 'node:sqlite'
import type { ErrorCode } from '@portline/wire/errors.ts'
import type {
  EventConditions, EventFilter, EventPage, EventRecord, RememberedEvent, ReplayCandidate, SealedSample, SettledBefore, SettledWindow, StoreSize,
} from '../keeping.ts'
import type { Attempt, ListedEvent, StoredEvent } from '../port.ts'
import { auditReadOperations } from './audit-operations.ts'
import { FORGET_PROCESS } from './cautions.ts'
import { eraseReadOperations } from './erase-operations.ts'
import { SELECT_EVENTS, portalOf } from './event-operations.ts'
import { heldQueries } from './held-operations.ts'
import { installationQueries } from './installation-queries.ts'
import type { Queries } from './queries.ts'
import { LISTED, attemptOf, eventOf, listedOf, plainAttemptOf } from './rows.ts'
import type { Row } from './rows.ts'
import { SCAN_EVENTS, scanEvents } from './scan.ts'
import { sealedQueries } from './sealed-operations.ts'
import { tokenQueries } from './token-operations.ts'

/** What the reading thread can do. The writing thread can do it too, and does where no other thread is to be had. */

/** Of data, in one answer; one event is given whatever its size. */
const ANSWER_BYTES = 4_194_304
/** A settled event that may be deleted is looked for among so many at once. */
const WINDOW_EVENTS = 500

export const readOperations = {
  ...auditReadOperations,
  ...eraseReadOperations,
  ...heldQueries,
  ...installationQueries,
  ...sealedQueries,
  ...tokenQueries,

  listEvents(db: Queries, { after, limit, ...filter }: EventFilter): { events: ListedEvent[]; next?: string } {
    const from = after === undefined ? Number.MAX_SAFE_INTEGER : seqAt(db, after)
    const { rows, nextSeq } = scanEvents(db, { columns: LISTED, filter, from, order: 'DESC', limit, maxBytes: ANSWER_BYTES })
    const events = rows.map(listedOf)
    if (nextSeq === undefined) return { events }
    return { events, next: String(db.get('SELECT id FROM events WHERE seq = ?', nextSeq)?.['id']) }
  },

  event(db: Queries, id: string): StoredEvent | undefined {
    const row = db.get(`${SELECT_EVENTS} WHERE id = ?`, id)
    return row === undefined ? undefined : eventOf(row)
  },

  listedEvent(db: Queries, id: string): ListedEvent | undefined {
    const row = db.get(`SELECT ${LISTED} FROM events e WHERE e.id = ?`, id)
    return row === undefined ? undefined : listedOf(row)
  },

  attempts(db: Queries, id: string): Attempt[] {
    const row = db.get('SELECT seq, attempts, finished_at, took_ms FROM events WHERE id = ?', id)
    return row === undefined ? [] : attemptsOf(db, row)
  },

  lastSeq(db: Queries): number {
    return Number(db.get('SELECT max(seq) AS last FROM events')?.['last'] ?? 0)
  },

  readEvents(db: Queries, { filter, afterSeq, upToSeq, limit, withAuth }: EventPage): { records: EventRecord[]; nextSeq?: number } {
    const auth = withAuth ? ', e.auth, e.auth_batch, b.sealed AS shared' : ''
    const join = withAuth ? 'LEFT JOIN auth_batches b ON b.batch = e.auth_batch' : ''
    const page = { columns: `${LISTED}, e.took_ms ${auth}`, join, filter, from: afterSeq, order: 'ASC', limit, maxBytes: ANSWER_BYTES } as const
    const { rows, nextSeq } = scanEvents(db, page)
    const wanted = rows.filter(({ seq }) => Number(seq) <= upToSeq)
    shareSeals(wanted)
    const records = wanted.map((row) => ({
      event: eventOf(row),
      attempts: attemptsOf(db, row),
    }))
    return nextSeq === undefined || nextSeq >= upToSeq ? { records } : { records, nextSeq }
  },

  replayCandidates(db: Queries, filter: EventConditions, afterSeq: number, limit: number): { candidates: ReplayCandidate[]; nextSeq?: number } {
    const columns = 'e.seq, e.id, e.app, e.member_id, e.generation, e.proof, i.status, i.generation AS current'
    const join = 'LEFT JOIN installations i ON i.app = e.app AND i.member_id = e.member_id'
    const { rows, nextSeq } = scanEvents(db, { columns, join, filter, from: afterSeq, order: 'ASC', limit, maxBytes: ANSWER_BYTES })
    const candidates = rows.map(candidateOf)
    return nextSeq === undefined ? { candidates } : { candidates, nextSeq }
  },

  /** The next stretch of events, after the given one, in which some may be deleted. */
  settledWindow(db: Queries, before: SettledBefore, afterSeq: number): SettledWindow {
    let [fromSeq, worthUpToSeq] = [afterSeq, 0]
    for (let looked = 0; looked < SCAN_EVENTS; looked += WINDOW_EVENTS) {
      const stretch = db.get(
        `SELECT max(seq) AS last, count(*) AS n, min(received_at) AS oldest, coalesce(sum(${DELETABLE}), 0) AS deletable
         FROM (SELECT seq, state, received_at, finished_at FROM events WHERE seq > ? ORDER BY seq LIMIT ?)`,
        ...deletableValues(before), fromSeq, WINDOW_EVENTS,
      )
      const count = Number(stretch?.['n'] ?? 0)
      if (count === 0) return { kind: 'end' }
      const toSeq = Number(stretch?.['last'])
      if (Number(stretch?.['deletable']) > 0) return { kind: 'window', afterSeq: fromSeq, toSeq }
      // What was received later cannot have ended earlier, unless the clock was set back in between, or it was imported.
      if (toSeq > worthUpToSeq && Number(stretch?.['oldest']) > Math.max(before.doneBeforeMs, before.deadBeforeMs)) {
        const found = sampleDeletable(db, before, toSeq)
        if (found === undefined) return { kind: 'end' }
        worthUpToSeq = found
      }
      fromSeq = toSeq
    }
    return { kind: 'more', afterSeq: fromSeq }
  },

  size(db: Queries): StoreSize {
    const pragma = (name: string): number => Number(db.get(`PRAGMA ${name}`)?.[name] ?? 0)
    const pageBytes = pragma('page_size')
    const filePages = pragma('page_count')
    return { usedBytes: (filePages - pragma('freelist_count')) * pageBytes, fileBytes: filePages * pageBytes }
  },

  rememberedEvents(db: Queries, app: string, sinceId: string, limit: number): RememberedEvent[] {
    const rows = db.all(
      `SELECT id, fingerprint, received_at FROM events WHERE id >= ? AND app = ? AND fingerprint IS NOT NULL AND duplicate_of IS NULL
       ORDER BY id DESC LIMIT ?`,
      sinceId, app, limit,
    )
    return rows.map(({ id, fingerprint, received_at: at }) => {
      return { id: String(id), fingerprint: fingerprint instanceof Uint8Array ? fingerprint : new Uint8Array(), receivedAtMs: Number(at) }
    })
  },

  sealedSamples(db: Queries): SealedSample[] {
    return SAMPLES.flatMap(({ kind, sql }) =>
      db.all(sql).map((row) => {
        const { sealed, user_id: userId } = row
        return { kind, ...portalOf(row), userId: String(userId ?? ''), sealed: sealed instanceof Uint8Array ? sealed : new Uint8Array() }
      }),
    )
  },

  /** Writes all that is committed now into a new file, compact, while others go on writing. */
  writeSnapshot(db: Queries, file: string): void {
    db.run('VACUUM INTO ?', file)
    const copy = new DatabaseSync(file)
    try {
      copy.exec(FORGET_PROCESS)
    } finally {
      copy.close()
    }
  },
}

const SAMPLES: readonly { readonly kind: SealedSample['kind']; readonly sql: string }[] = [
  { kind: 'application_token', sql: 'SELECT app, member_id, application_token AS sealed FROM installations WHERE application_token IS NOT NULL LIMIT 1' },
  { kind: 'tokens', sql: 'SELECT app, member_id, user_id, tokens AS sealed FROM accounts LIMIT 1' },
  { kind: 'auths', sql: `SELECT '' AS app, '' AS member_id, sealed FROM auth_batches ORDER BY batch DESC LIMIT 1` },
]

/** Whether a settled event has been kept long enough. Takes two values. */
export const DELETABLE = `((state = 'done' AND finished_at < ?) OR (state = 'dead' AND finished_at < ?))`

export function deletableValues({ doneBeforeMs, deadBeforeMs }: SettledBefore): [number, number] {
  return [doneBeforeMs, deadBeforeMs]
}

/** Events looked at behind a stretch that is too young: what may be deleted there is overlooked only where it is less than such a part. */
const SAMPLES_BEHIND = 32

/** The place of an event behind this one that may be deleted, if one is met by chance. */
function sampleDeletable(db: Queries, before: SettledBefore, afterSeq: number): number | undefined {
  const lastSeq = Number(db.get('SELECT max(seq) AS last FROM events')?.['last'] ?? 0)
  const step = Math.max(1, (lastSeq - afterSeq) / SAMPLES_BEHIND)
  for (let seq = afterSeq + 1; seq <= lastSeq; seq += step) {
    const row = db.get(
      `SELECT seq, ${DELETABLE} AS deletable FROM (SELECT seq, state, finished_at FROM events WHERE seq >= ? ORDER BY seq LIMIT 1)`,
      ...deletableValues(before), Math.floor(seq),
    )
    if (row?.['deletable'] === 1) return Number(row['seq'])
  }
  return undefined
}

export function isReadOperation(name: string): name is keyof typeof readOperations {
  return Object.hasOwn(readOperations, name)
}

/** Where a list goes on. The event of a cursor may have been deleted meanwhile: then at the one before it. */
function seqAt(db: Queries, id: string): number {
  const row = db.get('SELECT seq, id FROM events WHERE id <= ? ORDER BY id DESC LIMIT 1', id)
  if (row === undefined) return 0
  return Number(row['seq']) + (row['id'] === id ? 0 : 1)
}

/** Of a row with seq, attempts, finished_at and took_ms. */
function attemptsOf(db: Queries, row: Row): Attempt[] {
  const attempts = db.all('SELECT * FROM attempts WHERE event = ? ORDER BY n', row['seq'] ?? 0).map(attemptOf)
  const last = plainAttemptOf(row)
  return last === undefined ? attempts : [...attempts, last]
}

/** As one object it crosses to the other thread once. */
function shareSeals(rows: readonly Row[]): void {
  const seals = new Map<unknown, Row[string]>()
  for (const row of rows) {
    const batch = row['auth_batch']
    if (batch === null || batch === undefined) continue
    row['shared'] = seals.get(batch) ?? row['shared'] ?? null
    seals.set(batch, row['shared'])
  }
}

function candidateOf(row: Row): ReplayCandidate {
  const { seq, id, generation, proof, status, current } = row
  const refused: ErrorCode | undefined =
    proof === null ? 'EVENT_NOT_REPLAYABLE'
    : status === 'deleted' ? 'INSTALLATION_DELETED'
    : current !== generation ? 'FORMER_INSTALLATION'
    : undefined
  return { ...portalOf(row), seq: Number(seq), id: String(id), ...(refused === undefined ? {} : { refused }) }
}
