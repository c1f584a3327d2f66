import type { DatabaseSync, Session, StatementSync } from 'node:sqlite'
import type { AccountState, AuditNote, Committed, InstallationState, RowChange } from '../history.ts'
import type { CommitPlan } from './disk.ts'

const CHANGED = 'seq, id, app, member_id, code, state, reason, proof, attempts, due_at, parked, generation, received_at'
/** An event that lost its content has lost its mark too. */
export const MARK = `coalesce(json_extract(data, '$.MARK'), '') AS mark`
/** Whatever the code under test believes it has written, this is what it wrote. */
export const WATCH = `
  CREATE TEMP TABLE changes (change TEXT, ${CHANGED}, mark TEXT);
  CREATE TEMP TRIGGER inserted AFTER INSERT ON main.events BEGIN INSERT INTO changes SELECT 'insert', ${CHANGED}, ${MARK} FROM events WHERE seq = new.seq; END;
  CREATE TEMP TRIGGER updated AFTER UPDATE OF state, reason, attempts, due_at, parked, generation, proof ON main.events
    BEGIN INSERT INTO changes SELECT 'update', ${CHANGED}, ${MARK} FROM events WHERE seq = new.seq; END;
  CREATE TEMP TRIGGER deleted BEFORE DELETE ON main.events BEGIN INSERT INTO changes SELECT 'delete', ${CHANGED}, ${MARK} FROM events WHERE seq = old.seq; END;
  CREATE TEMP TABLE installation_changes (app TEXT, member_id TEXT, status TEXT, generation INTEGER);
  CREATE TEMP TRIGGER saved AFTER INSERT ON main.installations
    BEGIN INSERT INTO installation_changes VALUES (new.app, new.member_id, new.status, new.generation); END;
  CREATE TEMP TRIGGER patched AFTER UPDATE ON main.installations
    BEGIN INSERT INTO installation_changes VALUES (new.app, new.member_id, new.status, new.generation); END;
  CREATE TEMP TABLE account_changes (app TEXT, member_id TEXT, user_id TEXT, state TEXT, pair_id TEXT);
  CREATE TEMP TRIGGER kept AFTER INSERT ON main.accounts
    BEGIN INSERT INTO account_changes VALUES (new.app, new.member_id, new.user_id, new.state, new.pair_id); END;
  CREATE TEMP TRIGGER renewed AFTER UPDATE OF state, tokens ON main.accounts
    BEGIN INSERT INTO account_changes VALUES (new.app, new.member_id, new.user_id, new.state, new.pair_id); END;
  CREATE TEMP TABLE audited (seq INTEGER, app TEXT, member_id TEXT, generation INTEGER, verb TEXT);
  CREATE TEMP TRIGGER told AFTER INSERT ON main.audit BEGIN INSERT INTO audited VALUES (new.seq, new.app, new.member_id, new.generation, new.verb); END;
`
export const COLUMNS = CHANGED.replace('member_id', 'member_id AS memberId').replace('due_at', 'due_at AS dueAt').replace('received_at', 'received_at AS receivedAt')

export function rowsOf<Shape>(db: DatabaseSync, sql: string): Shape[] {
  return db.prepare(sql).all().map((row) => ({ ...row })) as Shape[]
}

/** As the database has it. */
export type WatchedCommit = Omit<Committed, 'accounts'> & { readonly accounts: readonly Omit<AccountState, 'issuedAt'>[] }

/** The connection as `runBatch` sees it: its COMMIT fares as the disk will. */
export class WatchedDatabase {
  readonly #db: DatabaseSync
  readonly #read = new Map<string, StatementSync>()
  #plan: CommitPlan = { writeMs: 0, syncMs: 0 }
  #session: Session | undefined
  changeset: Uint8Array | undefined
  changes: RowChange[] = []
  installations: InstallationState[] = []
  accounts: Omit<AccountState, 'issuedAt'>[] = []
  audited: AuditNote[] = []

  constructor(db: DatabaseSync) {
    this.#db = db
  }

  get isTransaction(): boolean {
    return this.#db.isTransaction
  }

  begin(plan: CommitPlan): void {
    this.#plan = plan
    this.changeset = undefined
    this.changes = []
    this.installations = []
    this.accounts = []
    this.audited = []
  }

  exec(sql: string): void {
    if (sql === 'BEGIN') this.#session = this.#db.createSession()
    if (sql === 'ROLLBACK') this.#endSession()
    if (sql === 'COMMIT') return this.#commit()
    this.#db.exec(sql)
  }

  #commit(): void {
    const changeset = this.#session?.changeset()
    // A transaction that changed nothing writes nothing.
    if (changeset !== undefined && changeset.length > 0) {
      this.changeset = changeset
      const { fault } = this.#plan
      if (fault !== undefined) throw new Error(fault === 'full' ? 'database or disk is full' : 'disk I/O error')
      this.changes = this.#taken(`DELETE FROM temp.changes RETURNING change, ${COLUMNS}, mark`)
      this.installations = this.#taken('DELETE FROM temp.installation_changes RETURNING app, member_id AS memberId, status, generation')
      this.accounts = this.#taken('DELETE FROM temp.account_changes RETURNING app, member_id AS memberId, user_id AS userId, state, pair_id AS pairId')
      this.audited = this.#taken('DELETE FROM temp.audited RETURNING seq, app, member_id AS memberId, generation, verb')
    }
    this.#db.exec('COMMIT')
    this.#endSession()
  }

  #taken<Shape>(sql: string): Shape[] {
    const statement = this.#read.get(sql) ?? this.#db.prepare(sql)
    this.#read.set(sql, statement)
    return statement.all().map((row) => ({ ...row })) as Shape[]
  }

  #endSession(): void {
    this.#session?.close()
    this.#session = undefined
  }
}
