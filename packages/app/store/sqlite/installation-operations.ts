import type { Account, Binding, ConnectorLine, Installation, InstallationPatch, PortalKey } from '../port.ts'
import { accountOf, installationOf, orNull } from './rows.ts'
import type { Engine } from './engine.ts'

const SAVE_INSTALLATION = `
  INSERT OR REPLACE INTO installations
    (app, member_id, status, reason, generation, domain, client_endpoint, server_endpoint, application_token,
     app_status, version, language, scope, installer_proven_at, installed_at, lifecycle_at, updated_at, deleted_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

export const installationOperations = {
  installations(db: Engine): Installation[] {
    return db.all('SELECT * FROM installations ORDER BY updated_at DESC').map(installationOf)
  },

  installation(db: Engine, portal: PortalKey): Installation | undefined {
    const row = db.get('SELECT * FROM installations WHERE app = ? AND member_id = ?', portal.app, portal.memberId)
    return row === undefined ? undefined : installationOf(row)
  },

  saveInstallation(db: Engine, installation: Installation, account?: Account): void {
    db.run(
      SAVE_INSTALLATION, installation.app, installation.memberId, installation.status, orNull(installation.reason),
      installation.generation, installation.domain, installation.clientEndpoint, installation.serverEndpoint,
      orNull(installation.applicationToken), orNull(installation.appStatus), orNull(installation.version),
      orNull(installation.language), orNull(installation.scope), orNull(installation.installerProvenAtMs),
      orNull(installation.installedAtMs), orNull(installation.lifecycleAtMs), installation.updatedAtMs, orNull(installation.deletedAtMs),
    )
    if (account !== undefined) installationOperations.saveAccount(db, account)
  },

  patchInstallation(db: Engine, portal: PortalKey, patch: InstallationPatch, account?: Account): boolean {
    const current = installationOperations.installation(db, portal)
    if (current === undefined || current.status === 'deleted') return false
    const { clearReason, ...fields } = patch
    const { reason, ...kept } = current
    const patched = { ...kept, ...(clearReason === true || reason === undefined ? {} : { reason }), ...fields }
    installationOperations.saveInstallation(db, patched, account)
    return true
  },

  replaceAccount(db: Engine, previous: Account, account: Account, patch: InstallationPatch): boolean {
    const same = db.get(
      'SELECT 1 FROM accounts WHERE app = ? AND member_id = ? AND user_id = ? AND master = 1 AND tokens = ?',
      previous.app, previous.memberId, previous.userId, previous.tokens,
    )
    return same !== undefined && installationOperations.patchInstallation(db, account, patch, account)
  },

  accounts(db: Engine, portal: PortalKey): Account[] {
    return db
      .all('SELECT * FROM accounts WHERE app = ? AND member_id = ? ORDER BY master DESC, obtained_at DESC', portal.app, portal.memberId)
      .map(accountOf)
  },

  /** One master per portal: a new one takes the place of the old. */
  saveAccount(db: Engine, account: Account): void {
    if (account.master) db.run('UPDATE accounts SET master = 0 WHERE app = ? AND member_id = ?', account.app, account.memberId)
    db.run(
      `INSERT OR REPLACE INTO accounts (app, member_id, user_id, master, state, tokens, expires_at, obtained_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      account.app, account.memberId, account.userId, account.master ? 1 : 0, account.state, account.tokens,
      account.expiresAtMs, account.obtainedAtMs,
    )
  },

  saveBindings(db: Engine, portal: PortalKey, bindings: readonly Binding[]): void {
    db.run('DELETE FROM bindings WHERE app = ? AND member_id = ?', portal.app, portal.memberId)
    for (const { event, handler } of bindings) {
      db.run('INSERT OR IGNORE INTO bindings VALUES (?, ?, ?, ?)', portal.app, portal.memberId, event, handler)
    }
  },

  bindings(db: Engine, portal: PortalKey): Binding[] {
    return db
      .all('SELECT event, handler FROM bindings WHERE app = ? AND member_id = ? ORDER BY event', portal.app, portal.memberId)
      .map((row) => ({ event: String(row['event']), handler: String(row['handler']) }))
  },

  saveConnectorLine(db: Engine, portal: PortalKey, line: ConnectorLine): void {
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
