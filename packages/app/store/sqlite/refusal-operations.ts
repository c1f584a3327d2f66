import type { ErrorCode } from '@portline/wire/errors.ts'
import type { Refusal } from '../port.ts'
import { orNull } from './rows.ts'
import type { Engine } from './engine.ts'

export const refusalOperations = {
  saveRefusal(db: Engine, refusal: Refusal, keep: number): void {
    db.run(
      'INSERT INTO refusals (at, app, code, member_id, event) VALUES (?, ?, ?, ?, ?)',
      refusal.atMs, refusal.app, refusal.code, orNull(refusal.memberId), orNull(refusal.event),
    )
    db.run('DELETE FROM refusals WHERE seq <= (SELECT max(seq) FROM refusals) - ?', keep)
  },

  saveNote(db: Engine, name: string, text: string): void {
    db.run('INSERT OR REPLACE INTO notes (name, text) VALUES (?, ?)', name, text)
  },

  note(db: Engine, name: string): string | undefined {
    const row = db.get('SELECT text FROM notes WHERE name = ?', name)
    return row === undefined ? undefined : String(row['text'])
  },

  refusals(db: Engine, limit: number): Refusal[] {
    return db.all('SELECT * FROM refusals ORDER BY seq DESC LIMIT ?', limit).map((row) => ({
      atMs: Number(row['at']),
      app: String(row['app']),
      code: String(row['code']) as ErrorCode,
      ...(row['member_id'] === null ? {} : { memberId: String(row['member_id']) }),
      ...(row['event'] === null ? {} : { event: String(row['event']) }),
    }))
  },
}
