import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { announce, printCount, readSettings } from '../lib/contender-side.ts'
import { serveExpress } from './peer-parts.mjs'

/** Express, its body parser (qs) and a row in SQLite for each event, committed before the answer. Nothing works the rows off. */
const settings = readSettings()
const db = new DatabaseSync(join(settings.folder, 'events.sqlite'))
db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')

if (settings.mode === 'prepare') {
  db.exec(`CREATE TABLE events (
    id INTEGER PRIMARY KEY, member_id TEXT NOT NULL, code TEXT NOT NULL, body TEXT NOT NULL, received_at INTEGER NOT NULL
  )`)
} else if (settings.mode === 'count') {
  printCount(db.prepare('SELECT count(*) AS stored FROM events').get().stored)
} else {
  const insert = db.prepare('INSERT INTO events (member_id, code, body, received_at) VALUES (?, ?, ?, ?)')
  const { url } = await serveExpress(settings, ({ memberId, body }) =>
    insert.run(memberId, body.event, JSON.stringify(body), Date.now()).lastInsertRowid.toString())
  announce({ url, stop: async () => db.close() })
}
