import type { AuditCause } from '../audit.ts'
import { accountChanges, installationChanges } from '../audit-changes.ts'
import type { Account } from '../accounts.ts'
import type { Binding, ConnectorLine, Installation, InstallationPatch, PortalKey } from '../port.ts'
import { appendAudit } from './audit-operations.ts'
import { accountOf, installationOf, orNull } from './rows.ts'
import { AfterCommit } from './engine.ts'
import type { Engine } from './engine.ts'
import { SAME_PAIR, samePair } from './account-pair.ts'

const SAVE_INSTALLATION = `
  INSERT OR REPLACE INTO installations
    (app, member_id, status, reason, generation, domain, client_endpoint, server_endpoint, application_token,
     app_status, version, language, scope, installer_proven_at, installed_at, lifecycle_at, updated_at, deleted_at,
     raised_at, uninstalls, status_at, former_domain, domain_at, uninstall_raised_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

/** A change that nobody answers for by name. */
const BY_ITSELF: AuditCause = { by: 'app side' }

export const installationOperations = {
  installations(db: Engine): Installation[] {
    return db.all('SELECT * FROM installations ORDER BY updated_at DESC').map(installationOf)
  },

  installation(db: Engine, portal: PortalKey): Installation | undefined {
    const row = db.get('SELECT * FROM installations WHERE app = ? AND member_id = ?', portal.app, portal.memberId)
    return row === undefined ? undefined : installationOf(row)
  },

  saveInstallation(db: Engine, installation: Installation, account?: Account, cause: AuditCause = BY_ITSELF): void {
    const before = installationOperations.installation(db, installation)
    for (const change of installationChanges(before, installation, cause)) appendAudit(db, change)
    writeInstallation(db, installation)
    if (account === undefined) return
    const reopened = before !== undefined && before.generation < installation.generation
    if (reopened) db.run('DELETE FROM accounts WHERE app = ? AND member_id = ? AND user_id <> ?', account.app, account.memberId, account.userId)
    installationOperations.saveAccount(db, account, cause)
  },

  patchInstallation(db: Engine, portal: PortalKey, patch: InstallationPatch, account?: Account, cause?: AuditCause): boolean {
    const current = installationOperations.installation(db, portal)
    if (current === undefined || current.status === 'deleted') return false
    const { clearReason, ...fields } = patch
    const { reason, ...kept } = current
    const patched = { ...kept, ...(clearReason === true || reason === undefined ? {} : { reason }), ...fields }
    installationOperations.saveInstallation(db, patched, account, cause)
    return true
  },

  replaceAccount(db: Engine, previous: Account, account: Account, patch: InstallationPatch, cause?: AuditCause): AfterCommit<boolean> {
    const row = db.get(`SELECT master FROM accounts WHERE ${SAME_PAIR}`, ...samePair(previous))
    if (row === undefined) return new AfterCommit(() => false)
    const replaced = installationOperations.patchInstallation(db, account, patch, { ...account, master: row['master'] === 1 }, cause)
    return new AfterCommit(() => {
      if (replaced) db.renewals.end(account)
      return replaced
    })
  },

  accounts(db: Engine, portal: PortalKey): Account[] {
    return db
      .all('SELECT * FROM accounts WHERE app = ? AND member_id = ? ORDER BY master DESC, obtained_at DESC', portal.app, portal.memberId)
      .map(accountOf)
  },

  /** One master per portal: a new one takes the place of the old. */
  saveAccount(db: Engine, account: Account, cause: AuditCause = BY_ITSELF): void {
    const row = db.get('SELECT * FROM accounts WHERE app = ? AND member_id = ? AND user_id = ?', account.app, account.memberId, account.userId)
    const { generation = 0, updatedAtMs = account.obtainedAtMs } = installationOperations.installation(db, account) ?? {}
    const changes = accountChanges(row === undefined ? undefined : accountOf(row), account, generation, updatedAtMs, cause)
    for (const change of changes) appendAudit(db, change)
    if (account.master) db.run('UPDATE accounts SET master = 0 WHERE app = ? AND member_id = ?', account.app, account.memberId)
    db.run(
      `INSERT OR REPLACE INTO accounts (app, member_id, user_id, master, state, tokens, expires_at, obtained_at, pair_id, former_tokens,
         dead_at, dead_reason)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      account.app, account.memberId, account.userId, account.master ? 1 : 0, account.state, account.tokens,
      account.expiresAtMs, account.obtainedAtMs, orNull(account.pairId), orNull(account.formerTokens), orNull(account.deadAtMs),
      orNull(account.deadReason),
    )
  },

  saveBindings(db: Engine, portal: PortalKey, bindings: readonly Binding[]): void {
    // Bound in the background, on a portal that uninstalled meanwhile: what was erased must not come back.
    if (installationOperations.installation(db, portal)?.status === 'deleted') return
    db.run('DELETE FROM bindings WHERE app = ? AND member_id = ?', portal.app, portal.memberId)
    const insert = 'INSERT OR IGNORE INTO bindings (app, member_id, event, handler, offline, queue) VALUES (?, ?, ?, ?, ?, ?)'
    for (const { event, handler, queue } of bindings) {
      db.run(insert, portal.app, portal.memberId, event, handler, queue === undefined ? 0 : 1, queue ?? '')
    }
  },

  bindings(db: Engine, portal: PortalKey): Binding[] {
    return db
      .all('SELECT event, handler, offline, queue FROM bindings WHERE app = ? AND member_id = ? ORDER BY event', portal.app, portal.memberId)
      .map(({ event, handler, offline, queue }) => ({ event: String(event), handler: String(handler), ...(offline === 1 ? { queue: String(queue) } : {}) }))
  },

  saveConnectorLine(db: Engine, portal: PortalKey, line: ConnectorLine): void {
    // Switched off by an event behind the uninstall: what was erased must not come back.
    if (installationOperations.installation(db, portal)?.status === 'deleted') return
    db.run(
      'INSERT OR REPLACE INTO connector_lines VALUES (?, ?, ?, ?, ?, ?)',
      portal.app, portal.memberId, line.connector, line.line, line.active ? 1 : 0, line.changedAtMs,
    )
  },

  connectorLines(db: Engine, portal: PortalKey): ConnectorLine[] {
    return db
      .all('SELECT * FROM connector_lines WHERE app = ? AND member_id = ? ORDER BY connector, line', portal.app, portal.memberId)
      .map((row) => ({
        connector: String(row['connector']),
        line: String(row['line']),
        active: row['active'] === 1,
        changedAtMs: Number(row['changed_at']),
      }))
  },
}

/** Without a record of it: for what is no change of the installation. */
export function writeInstallation(db: Engine, installation: Installation): void {
  db.run(
    SAVE_INSTALLATION, installation.app, installation.memberId, installation.status, orNull(installation.reason),
    installation.generation, installation.domain, installation.clientEndpoint, installation.serverEndpoint,
    orNull(installation.applicationToken), orNull(installation.appStatus), orNull(installation.version),
    orNull(installation.language), orNull(installation.scope), orNull(installation.installerProvenAtMs),
    orNull(installation.installedAtMs), orNull(installation.lifecycleAtMs), installation.updatedAtMs, orNull(installation.deletedAtMs),
    orNull(installation.raisedAtMs), installation.uninstalls === undefined ? null : installation.uninstalls.join(' '),
    orNull(installation.statusAtMs), orNull(installation.formerDomain), orNull(installation.domainAtMs), orNull(installation.uninstallRaisedAtMs),
  )
}
