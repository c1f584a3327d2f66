import type { Mutant } from './mutant.ts'

/** Uninstalls and what they erase, and the audit trail. */
export const INSTALLATION_MUTANTS: readonly Mutant[] = [
  {
    name: 'a reinstall is no new generation',
    file: 'app/installations/installations.ts',
    find: 'generation: reopened ? (current?.generation ?? 0) + 1 : current.generation',
    replace: 'generation: reopened ? (current?.generation ?? 1) : current.generation',
  },
  {
    name: 'an uninstall that comes after the next install is believed',
    file: 'app/trust/judge.ts',
    find: `return isRaisedBefore(envelope.ts, openedAtMs) ? { kind: 'doubted' } : PROVEN`,
    replace: 'return PROVEN',
  },
  {
    name: 'an uninstall is erased from its own lane',
    file: 'app/store/sqlite/erased-lane.ts',
    find: 'lanes.remove(erasure, (seq) => seq < erasure.upToSeq && !staying.has(seq))',
    replace: 'lanes.remove(erasure, (seq) => seq <= erasure.upToSeq)',
  },
  {
    name: 'an uninstall takes what came after it out of its lane',
    file: 'app/store/sqlite/erase-operations.ts',
    find: `if (current === undefined || current.generation <= generation) removeErased(db, db.lanes, erasure)`,
    replace: 'db.lanes.remove(erasure, (seq) => seq !== upToSeq)',
  },
  {
    name: 'an uninstall erases itself',
    file: 'app/store/sqlite/erase-operations.ts',
    find: '      if (isUninstall(row, erasure)) {',
    replace: '      if (Number.isNaN(seq)) {',
  },
  {
    name: 'an erasure goes on behind a slice that met a failing store',
    file: 'app/installations/erasure.ts',
    find: 'if (!(await store.eraseSlice(erasure, slice, seals))) continue',
    replace: 'await store.eraseSlice(erasure, slice, seals).catch(() => true)',
  },
  {
    name: 'the tokens of who has left are not erased',
    file: 'app/store/sqlite/erase-operations.ts',
    find: `const PORTAL_TABLES = ['accounts', `,
    replace: 'const PORTAL_TABLES = [',
  },
  {
    name: 'an installation changes and the audit trail does not tell',
    file: 'app/store/sqlite/installation-operations.ts',
    find: '    for (const change of installationChanges(before, installation, cause)) appendAudit(db, change)\n',
    replace: '',
  },
  {
    name: 'the audit trail counts what could not be stored',
    file: 'app/store/sqlite/audit-operations.ts',
    find: `export function appendAudit(db: Engine, entry: AuditEntry): void {
  const { details, userId: _, ...told } = entry
  const head = auditOperations.auditHead(db)
  const seq = head.seq + 1
`,
    replace: `const given = new WeakMap<Engine, number>()
export function appendAudit(db: Engine, entry: AuditEntry): void {
  const { details, userId: _, ...told } = entry
  const head = auditOperations.auditHead(db)
  const seq = Math.max(given.get(db) ?? 0, head.seq) + 1
  given.set(db, seq)
`,
  },
  {
    name: 'an erasure takes its records with it',
    file: 'app/store/sqlite/erase-operations.ts',
    find: '`DELETE FROM audit_details WHERE app = ? AND member_id = ? AND seq IN',
    replace: '`DELETE FROM audit WHERE app = ? AND member_id = ? AND seq IN',
  },
]
