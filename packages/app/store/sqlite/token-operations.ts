import type { Account, AccountDeath, AccountKey, AccountPair, AgingAccount, RenewalAnswer, RenewalClaim } from '../accounts.ts'
import { SAME_PAIR, samePair } from './account-pair.ts'
import { AfterCommit } from './engine.ts'
import type { Engine } from './engine.ts'
import { portalOf } from './event-operations.ts'
import { installationOperations } from './installation-operations.ts'
import type { Queries } from './queries.ts'
import { accountOf } from './rows.ts'

const SAME_LIVE_PAIR = `${SAME_PAIR} AND state = 'live'`

/** The life of an account's pair. */
export const tokenOperations = {
  claimRenewal(db: Engine, account: Account, claim: RenewalClaim): AfterCommit<RenewalAnswer> {
    const same = db.get(`SELECT 1 FROM accounts WHERE ${SAME_LIVE_PAIR}`, ...samePair(account))
    return new AfterCommit(() => (same === undefined ? { kind: 'changed' } : db.renewals.claim(account, claim)))
  },

  releaseRenewal(db: Engine, account: AccountKey, owner: string): AfterCommit<void> {
    return new AfterCommit(() => db.renewals.end(account, owner))
  },

  buryAccount(db: Engine, account: Account, { atMs, reason }: AccountDeath): AfterCommit<{ buried: boolean; living: number }> {
    const row = db.get(`SELECT * FROM accounts WHERE ${SAME_LIVE_PAIR}`, ...samePair(account))
    if (row !== undefined) {
      const { formerTokens: _, ...buried } = accountOf(row)
      installationOperations.saveAccount(db, { ...buried, state: 'dead', deadAtMs: atMs, deadReason: reason })
    }
    const [first, ...others] = installationOperations.accounts(db, account).filter(({ state }) => state === 'live')
    if (row !== undefined && first !== undefined && !first.master) installationOperations.saveAccount(db, { ...first, master: true })
    return new AfterCommit(() => {
      db.renewals.end(account)
      return { buried: row !== undefined, living: first === undefined ? 0 : 1 + others.length }
    })
  },

  forgetFormerTokens(db: Engine, account: AccountPair): void {
    db.run(`UPDATE accounts SET former_tokens = NULL WHERE ${SAME_PAIR}`, ...samePair(account))
  },
}

/** In the reading thread: it looks at all accounts. */
export const tokenQueries = {
  agingAccounts(db: Queries, obtainedBeforeMs: number, limit: number): AgingAccount[] {
    const rows = db.all(
      `SELECT a.app, a.member_id, a.user_id, a.obtained_at FROM accounts a JOIN installations i ON i.app = a.app AND i.member_id = a.member_id
       WHERE a.state = 'live' AND a.obtained_at < ? AND i.status <> 'deleted' ORDER BY a.obtained_at LIMIT ?`,
      obtainedBeforeMs, limit,
    )
    return rows.map((row) => ({ ...portalOf(row), userId: String(row['user_id']), obtainedAtMs: Number(row['obtained_at']) }))
  },
}
