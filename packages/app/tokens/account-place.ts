import type { Account } from '../store/accounts.ts'
import type { TokenPair } from './token-pair.ts'

/**
 * Where the pair of a proven administrator goes. A late copy of an install brings the pair that ours was renewed from: spent, though its
 * access token still proves something. So the newest pair is the master's; one that is older than the master's, but newer than what
 * its own user has, is that user's: another account to fall back on.
 */
export function placeOf(accounts: readonly Account[], userId: string, { expiresAtMs }: Pick<TokenPair, 'expiresAtMs'>): 'master' | 'own' | 'none' {
  const master = accounts.find((account) => account.master)
  if (master === undefined || master.state === 'dead' || expiresAtMs > master.expiresAtMs) return 'master'
  const own = accounts.find((account) => account.userId === userId)
  return own === undefined || expiresAtMs > own.expiresAtMs ? 'own' : 'none'
}
