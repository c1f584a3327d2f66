import type { SQLInputValue } from 'node:sqlite'
import type { InstallationList, InstallationPage, InstallationPlace } from '../installation-list.ts'
import type { Queries } from './queries.ts'
import { installationOf } from './rows.ts'

/** In the reading thread: there may be tens of thousands. */
export const installationQueries = {
  listInstallations(db: Queries, page: InstallationPage): InstallationList {
    const { app, memberId, live, order, after, limit } = page
    const wanted: [string, SQLInputValue[]][] = [
      ...(app === undefined ? [] : [['app = ?', [app]] satisfies [string, SQLInputValue[]]]),
      ...(memberId === undefined ? [] : [['member_id = ?', [memberId]] satisfies [string, SQLInputValue[]]]),
      ...(live === true ? [[`status <> 'deleted'`, []] satisfies [string, SQLInputValue[]]] : []),
      ...(after === undefined ? [] : [BEHIND[order](after)]),
    ]
    const where = wanted.length === 0 ? '' : `WHERE ${wanted.map(([condition]) => condition).join(' AND ')}`
    // One more than is wanted shows whether there are more.
    const rows = db.all(`SELECT * FROM installations ${where} ORDER BY ${ORDER[order]} LIMIT ?`, ...wanted.flatMap(([, values]) => values), limit + 1)
    const installations = rows.slice(0, limit).map(installationOf)
    const last = rows.length > limit ? installations.at(-1) : undefined
    if (last === undefined) return { installations }
    return { installations, next: { app: last.app, memberId: last.memberId, updatedAtMs: last.updatedAtMs } }
  },
}

const ORDER = { portal: 'app, member_id', changed: 'updated_at DESC, app, member_id' } as const

const BEHIND: Readonly<Record<InstallationPage['order'], (place: InstallationPlace) => [string, SQLInputValue[]]>> = {
  portal: ({ app, memberId }) => ['(app, member_id) > (?, ?)', [app, memberId]],
  changed: ({ app, memberId, updatedAtMs }) => ['(updated_at < ? OR (updated_at = ? AND (app, member_id) > (?, ?)))', [updatedAtMs, updatedAtMs, app, memberId]],
}
