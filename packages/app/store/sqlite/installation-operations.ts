import type { Account, Binding, ConnectorLine, Installation, InstallationPatch, PortalKey } from '../port.ts'
import { accountOf, installationOf, orNull } from './rows.ts'
import type { Statements } from './statements.ts'

const SAVE_INSTALLATION = `
  INSERT OR REPLACE INTO installations
    (app, member_id, status, reason, generation, domain, client_endpoint, server_endpoint, application_token,
     app_status, version, language, scope, installer_proven_at, installed_at, lifecycle_at, updated_at, deleted_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

const PORTAL_TABLES = ['accounts', 'bindings', 'connector_lines', 'refusals'] as const

export const installationOperations = {
  installations(sql: Statements): Installation[] {
    return sql.all('SELECT * FROM installations ORDER BY updated_at DESC').map(installationOf)
  },

  installation(sql: Statements, portal: PortalKey): Installation | undefined {
    const row = sql.get('SELECT * FROM installations WHERE app = ? AND member_id = ?', portal.app, portal.memberId)
    return row === undefined ? undefined : installationOf(row)
  },

  saveInstallation(sql: Statements, installation: Installation, account?: Account): void {
    sql.run(
      SAVE_INSTALLATION, installation.app, installation.memberId, installation.status, orNull(installation.reason),
      installation.generation, installation.domain, installation.clientEndpoint, installation.serverEndpoint,
      orNull(installation.applicationToken), orNull(installation.appStatus), orNull(installation.version),
      orNull(installation.language), orNull(installation.scope), orNull(installation.installerProvenAtMs),
      orNull(installation.installedAtMs), orNull(installation.lifecycleAtMs), installation.updatedAtMs, orNull(installation.deletedAtMs),
    )
    if (account !== undefined) installationOperations.saveAccount(sql, account)
  },

  patchInstallation(sql: Statements, portal: PortalKey, patch: InstallationPatch, account?: Account): boolean {
    const current = installationOperations.installation(sql, portal)
    if (current === undefined || current.status === 'deleted') return false
    const { clearReason, ...fields } = patch
    const { reason, ...kept } = current
    const patched = { ...kept, ...(clearReason === true || reason === undefined ? {} : { reason }), ...fields }
    installationOperations.saveInstallation(sql, patched, account)
    return true
  },

  replaceAccount(sql: Statements, previous: Account, account: Account, patch: InstallationPatch): boolean {
    const same = sql.get(
      'SELECT 1 FROM accounts WHERE app = ? AND member_id = ? AND user_id = ? AND master = 1 AND tokens = ?',
      previous.app, previous.memberId, previous.userId, previous.tokens,
    )
    return same !== undefined && installationOperations.patchInstallation(sql, account, patch, account)
  },

  accounts(sql: Statements, portal: PortalKey): Account[] {
    return sql
      .all('SELECT * FROM accounts WHERE app = ? AND member_id = ? ORDER BY master DESC, obtained_at DESC', portal.app, portal.memberId)
      .map(accountOf)
  },

  /** One master per portal: a new one takes the place of the old. */
  saveAccount(sql: Statements, account: Account): void {
    if (account.master) sql.run('UPDATE accounts SET master = 0 WHERE app = ? AND member_id = ?', account.app, account.memberId)
    sql.run(
      `INSERT OR REPLACE INTO accounts (app, member_id, user_id, master, state, tokens, expires_at, obtained_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      account.app, account.memberId, account.userId, account.master ? 1 : 0, account.state, account.tokens,
      account.expiresAtMs, account.obtainedAtMs,
    )
  },

  saveBindings(sql: Statements, portal: PortalKey, bindings: readonly Binding[]): void {
    sql.run('DELETE FROM bindings WHERE app = ? AND member_id = ?', portal.app, portal.memberId)
    for (const { event, handler } of bindings) {
      sql.run('INSERT OR IGNORE INTO bindings VALUES (?, ?, ?, ?)', portal.app, portal.memberId, event, handler)
    }
  },

  bindings(sql: Statements, portal: PortalKey): Binding[] {
    return sql
      .all('SELECT event, handler FROM bindings WHERE app = ? AND member_id = ? ORDER BY event', portal.app, portal.memberId)
      .map((row) => ({ event: String(row['event']), handler: String(row['handler']) }))
  },

  saveConnectorLine(sql: Statements, portal: PortalKey, line: ConnectorLine): void {
    sql.run(
      'INSERT OR REPLACE INTO connector_lines VALUES (?, ?, ?, ?, ?, ?)',
      portal.app, portal.memberId, line.connector, line.line, line.active ? 1 : 0, line.changedAtMs,
    )
  },

  connectorLines(sql: Statements, portal: PortalKey): ConnectorLine[] {
    return sql
      .all('SELECT * FROM connector_lines WHERE app = ? AND member_id = ? ORDER BY connector, line', portal.app, portal.memberId)
      .map((row) => ({
        connector: String(row['connector']),
        line: String(row['line']),
        active: row['active'] === 1,
        changedAtMs: Number(row['changed_at']),
      }))
  },

  erasePortal(sql: Statements, portal: PortalKey, keptEventId: string, generation: number): void {
    const { app, memberId } = portal
    const earlier = 'app = ? AND member_id = ? AND seq < (SELECT seq FROM events WHERE id = ?)'
    sql.run(`DELETE FROM attempts WHERE event_id IN (SELECT id FROM events WHERE ${earlier})`, app, memberId, keptEventId)
    sql.run(`DELETE FROM events WHERE ${earlier}`, app, memberId, keptEventId)
    sql.run(`UPDATE events SET auth = x'' WHERE id = ?`, keptEventId)
    const current = installationOperations.installation(sql, portal)
    if (current?.status !== 'deleted' || current.generation !== generation) return
    for (const table of PORTAL_TABLES) sql.run(`DELETE FROM ${table} WHERE app = ? AND member_id = ?`, app, memberId)
    installationOperations.saveInstallation(sql, tombstoneOf(current))
  },
}

/** Keeps what recognises the portal and nothing that says anything about it. */
function tombstoneOf(installation: Installation): Installation {
  const { app, memberId, generation, applicationToken, updatedAtMs, deletedAtMs } = installation
  return {
    app,
    memberId,
    generation,
    status: 'deleted',
    domain: '',
    clientEndpoint: '',
    serverEndpoint: '',
    updatedAtMs,
    ...(applicationToken === undefined ? {} : { applicationToken }),
    ...(deletedAtMs === undefined ? {} : { deletedAtMs }),
  }
}
