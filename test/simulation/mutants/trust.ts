import type { Mutant } from './mutant.ts'

/** Who is believed, what waits for a proof, and the tokens. */
export const TRUST_MUTANTS: readonly Mutant[] = [
  {
    name: 'every application_token is the known one',
    file: 'app/trust/known-portals.ts',
    find: 'return tokenDigest !== undefined && hasDigest(token, tokenDigest)',
    replace: 'return tokenDigest !== undefined',
  },
  {
    name: 'a proof does not ask for an administrator',
    file: 'app/trust/prover.ts',
    find: '        await demandAdministrator(network, proven.clientEndpoint, claim.accessToken)\n',
    replace: '',
  },
  {
    name: 'a token of another portal proves this one',
    file: 'app/trust/prover.ts',
    find: `  if (info.install.member_id !== claim.memberId) throw new CodedError('PROOF_REFUSED', 'the access token is for another portal')\n`,
    replace: '',
  },
  {
    name: `one server's no is final while another cannot be asked`,
    file: 'app/trust/reviewer.ts',
    find: `      return 'unavailable'`,
    replace: `      return { ...settled, state: 'dead', reason: 'PROOF_REFUSED' }`,
  },
  {
    name: 'followers are refused before the proof has come',
    file: 'app/trust/reviewer.ts',
    find: '    this.#keepFollowers(portal, held, decided)\n',
    replace: '',
  },
  {
    name: 'a refused follower is not judged again after the proof',
    file: 'app/trust/reviewer.ts',
    find: 'if (decided.has(event.id) && !refused) continue',
    replace: 'if (decided.has(event.id)) continue',
  },
  {
    name: 'what was held during a proof does not see it',
    file: 'app/trust/reviewer.ts',
    find: '      while (await this.#review(portal));',
    replace: '      await this.#review(portal)',
  },
  {
    name: 'a server out of reach is not asked again',
    file: 'app/trust/reviewer.ts',
    find: '    if (unavailable) this.#reviewLater(portal)\n    else this.#reviewNoMore(portal)',
    replace: '    if (!unavailable) this.#reviewNoMore(portal)',
  },
  {
    name: 'held events are not looked at again after a look that failed',
    file: 'app/trust/reviewer.ts',
    find: `        this.#reviewLater(portal)
        throw error`,
    replace: '        throw error',
  },
  {
    name: 'a token on the point of expiring is sent to be proven',
    file: 'app/trust/reviewer.ts',
    find: 'pair.expiresAtMs - RENEW_BEFORE_EXPIRY_MS > clock.now()',
    replace: 'pair.expiresAtMs > clock.now()',
  },
  {
    name: 'an install brings back the pair that ours was renewed from',
    file: 'app/installations/installations.ts',
    find: `return master === undefined || master.state === 'dead' || pair.expiresAtMs > master.expiresAtMs`,
    replace: 'return true',
  },
  {
    name: 'a pair renewed for a proof is thrown away',
    file: 'app/trust/reviewer.ts',
    find: 'const pair = this.#renewed.get(event.id) ?? pairIn(auth, event)',
    replace: 'const pair = pairIn(auth, event)',
  },
  {
    name: 'a pair renewed for a proof is in memory alone',
    file: 'app/trust/reviewer.ts',
    find: '      await this.#keepRenewed(event, envelope, renewed)\n',
    replace: '',
  },
  {
    name: 'held events of a former process are not reviewed',
    file: 'app/trust/reviewer.ts',
    find: '    for (const portal of await this.#parts.store.portalsWithHeld()) this.#start(portal)',
    replace: '    await this.#parts.store.portalsWithHeld()',
  },
  {
    name: 'who was proven is not told to its lane',
    file: 'app/serve/compose.ts',
    find: `      for (const { id } of settlements) showEvent(id)
      lanes.wake(portal)`,
    replace: `      for (const { id } of settlements) showEvent(id)`,
  },
  {
    name: 'a reinstall is no new generation',
    file: 'app/installations/installations.ts',
    find: 'generation: reopened ? (current?.generation ?? 0) + 1 : current.generation',
    replace: 'generation: reopened ? (current?.generation ?? 1) : current.generation',
  },
  {
    name: 'everybody renews for himself',
    file: 'app/tokens/token-keeper.ts',
    find: '      renewals.set(key, work)\n',
    replace: '',
  },
  {
    name: 'a new pair is used before it is stored',
    file: 'app/tokens/token-keeper.ts',
    find: `  unsaved.set(key, next)
  const saved = await store.replaceAccount(account, next.account, next.patch)`,
    replace: `  const saved = true
  store.replaceAccount(account, next.account, next.patch).catch(() => {})`,
  },
  {
    name: 'a pair that could not be stored is forgotten',
    file: 'app/tokens/token-keeper.ts',
    find: '  unsaved.set(key, next)\n',
    replace: '',
  },
  {
    name: 'the old refresh token is kept beside the new access token',
    file: 'app/tokens/token-keeper.ts',
    find: 'master: account.master, pair: renewed, nowMs })',
    replace: 'master: account.master, pair: { ...renewed, refreshToken: pair.refreshToken }, nowMs })',
  },
  {
    name: 'a server out of reach ends the tokens',
    file: 'app/tokens/token-keeper.ts',
    find: `    if (error instanceof CodedError && error.code === 'TOKENS_DEAD') {`,
    replace: `    if (error instanceof CodedError) {`,
  },
  {
    name: 'an error that passes ends the tokens',
    file: 'app/tokens/auth-server.ts',
    find: `const DEAD_PAIR_ERRORS = new Set([`,
    replace: `const DEAD_PAIR_ERRORS = new Set(['INTERNAL_SERVER_ERROR', 'QUERY_LIMIT_EXCEEDED', 'CONNECTION_ERROR', `,
  },
  {
    name: 'whoever waits for a renewal is given the token that was rejected',
    file: 'app/tokens/token-keeper.ts',
    find: 'if (fresh && pair.accessToken !== rejectedToken) return pair',
    replace: 'if (fresh) return pair',
  },
]
