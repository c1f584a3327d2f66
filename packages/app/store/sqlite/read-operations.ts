import { DatabaseSync } from 'node:sqlite'
import type { ErrorCode } from '@portline/wire/errors.ts'
import type {
  EventConditions, EventFilter, EventPage, EventRecord, RememberedEvent, ReplayCandidate, SealedSample, StoreSize,
} from '../keeping.ts'
import { placeOf, seqOfPlace } from '../keeping.ts'
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
import { scanEvents } from './scan.ts'
import { sealedQueries } from './sealed-operations.ts'
import { settledQueries } from './settled-window.ts'
import { tokenQueries } from './token-operations.ts'

/** What the reading thread can do. The writing thread can do it too, and does where no other thread is to be had. */

/** Of data, in one answer; one event is given whatever its size. */
const ANSWER_BYTES = 4_194_304
/** Events of all apps among which those with a fingerprint are looked for: 0.15 s, and some seconds from a slow disk. */
export const REMEMBERED_LOOKS = 400_000

export const readOperations = {
  ...auditReadOperations,
  ...eraseReadOperations,
  ...heldQueries,
  ...installationQueries,
  ...sealedQueries,
  ...settledQueries,
  ...tokenQueries,

  listEvents(db: Queries, { after, limit, ...filter }: EventFilter): { events: ListedEvent[]; next?: string } {
    const from = after === undefined ? Number.MAX_SAFE_INTEGER : seqAt(db, after)
    const { rows, nextSeq } = scanEvents(db, { columns: LISTED, filter, from, order: 'DESC', limit, maxBytes: ANSWER_BYTES })
    const events = rows.map(listedOf)
    return nextSeq === undefined ? { events } : { events, next: placeOf(nextSeq) }
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

  size(db: Queries): StoreSize {
    const pragma = (name: string): number => Number(db.get(`PRAGMA ${name}`)?.[name] ?? 0)
    const pageBytes = pragma('page_size')
    const filePages = pragma('page_count')
    return { usedBytes: (filePages - pragma('freelist_count')) * pageBytes, fileBytes: filePages * pageBytes }
  },

  rememberedEvents(db: Queries, app: string, sinceId: string, limit: number): RememberedEvent[] {
    // The port is closed until this is answered, and there is no index by app: another one's millions must not be read through.
    const edge = db.get('SELECT id FROM events WHERE id >= ? ORDER BY id DESC LIMIT 1 OFFSET ?', sinceId, REMEMBERED_LOOKS - 1)
    const rows = db.all(
      `SELECT id, fingerprint, received_at FROM events WHERE id >= ? AND app = ? AND fingerprint IS NOT NULL AND duplicate_of IS NULL
       ORDER BY id DESC LIMIT ?`,
      edge === undefined ? sinceId : String(edge['id']), app, limit,
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

export function isReadOperation(name: string): name is keyof typeof readOperations {
  return Object.hasOwn(readOperations, name)
}

/** Where a list goes on: at a place, whatever has become of the event there, or at an event. Of one that has gone only its id is left to go by. */
function seqAt(db: Queries, after: string): number {
  const place = seqOfPlace(after)
  if (place !== undefined) return place
  const row = db.get('SELECT seq, id FROM events WHERE id <= ? ORDER BY id DESC LIMIT 1', after)
  if (row === undefined) return 0
  return Number(row['seq']) + (row['id'] === after ? 0 : 1)
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
