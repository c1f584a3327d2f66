import type { AuditView } from 'portline/serve/audit-api.ts'
import { moment, table } from '../tables.ts'

/** Three lines a record at most, because one would be too long for a terminal. What an erasure took is marked. */
export function auditTable(records: readonly AuditView[]): string {
  const rows = records.map((record) => [
    String(record.seq), `${moment(record.at)}\n${record.event ?? record.by}`, `${record.app}\n${record.portal}`,
    [record.verb, changeOf(record), proofOf(record)].filter((line) => line !== '').join('\n'),
  ])
  return table(['SEQ', 'AT (UTC), BY', 'APP, PORTAL', 'WHAT, FROM -> TO, PROOF'], rows)
}

function changeOf(record: AuditView): string {
  const to = record.to ?? String(record.facts?.['reason'] ?? '')
  const from = record.from ?? (record.erased ? ERASED : '')
  return [from, to === '' ? '' : `-> ${to}`].filter((part) => part !== '').join(' ')
}

function proofOf({ proof, userId, erased }: AuditView): string {
  const user = userId ?? (erased ? ERASED : undefined)
  return [proof ?? '', user === undefined ? '' : `user ${user}`].filter((part) => part !== '').join(', ')
}

const ERASED = '(erased)'
