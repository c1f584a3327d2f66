import type { Mutant } from './mutant.ts'

/** The pairs of tokens: one renewal at a time, each on disk before it is used, none given up that is good. */
export const TOKEN_MUTANTS: readonly Mutant[] = [
  {
    name: 'everybody renews for himself',
    file: 'app/tokens/token-keeper.ts',
    find: '    atWork.set(key, task)\n',
    replace: '',
  },
  {
    name: 'a new pair is used before it is stored',
    file: 'app/tokens/unsaved-pairs.ts',
    find: '      return await this.#store(key, unsaved)',
    replace: `      void this.#store(key, unsaved).catch(() => this.#kept.delete(key))
      return true`,
  },
  {
    name: 'a pair that could not be stored is forgotten',
    file: 'app/tokens/unsaved-pairs.ts',
    find: '    this.#kept.set(key, unsaved)\n',
    replace: '',
  },
  {
    name: 'a pair that could not be stored waits for the next need',
    file: 'app/tokens/unsaved-pairs.ts',
    find: `      this.#storeLater(key)
      throw error`,
    replace: '      throw error',
  },
  {
    name: 'the old refresh token is kept beside the new access token',
    file: 'app/tokens/unsaved-pairs.ts',
    find: 'userId, master, pair, nowMs: obtainedAtMs',
    replace: 'userId, master, pair: { ...pair, refreshToken: former?.refreshToken ?? pair.refreshToken }, nowMs: obtainedAtMs',
  },
  {
    name: 'a server out of reach ends the tokens',
    file: 'app/tokens/renewal.ts',
    find: `if (error instanceof CodedError && error.code === 'TOKENS_DEAD') return { refused`,
    replace: 'if (error instanceof CodedError) return { refused',
  },
  {
    name: 'the pair before a refused one is not tried',
    file: 'app/tokens/renewal.ts',
    find: '  if (former === undefined) return asked\n',
    replace: '  if (former === undefined || asked !== undefined) return asked\n',
  },
  {
    name: 'an error that passes ends the tokens',
    file: 'app/tokens/auth-server.ts',
    find: `const DEAD_PAIR_ERRORS = new Set([`,
    replace: `const DEAD_PAIR_ERRORS = new Set(['INTERNAL_SERVER_ERROR', 'QUERY_LIMIT_EXCEEDED', 'CONNECTION_ERROR', `,
  },
  {
    name: 'with one account all are given up',
    file: 'app/store/sqlite/token-operations.ts',
    find: `      installationOperations.saveAccount(db, { ...buried, state: 'dead', deadAtMs: atMs, deadReason: reason })`,
    replace: `      for (const each of [buried, ...installationOperations.accounts(db, account)]) {
        installationOperations.saveAccount(db, { ...each, state: 'dead', deadAtMs: atMs, deadReason: reason })
      }`,
  },
  {
    name: 'a pair renewed for a proof is thrown away',
    file: 'app/trust/held-pairs.ts',
    find: 'const pair = renewed?.pair ?? pairIn(envelope.auth, event)',
    replace: 'const pair = pairIn(envelope.auth, event)',
  },
  {
    name: 'a pair renewed for a proof is in memory alone',
    file: 'app/trust/held-pairs.ts',
    find: '        await this.#keep(event, envelope, renewed)\n',
    replace: '',
  },
  {
    name: 'a pair renewed for a proof that could not be stored waits for the next review',
    file: 'app/trust/held-pairs.ts',
    find: 'if (!this.#stopped && this.#renewed.get(event.id) === kept) void this.#keep(event, envelope, kept)',
    replace: '',
  },
]
