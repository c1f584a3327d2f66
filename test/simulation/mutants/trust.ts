import type { Mutant } from './mutant.ts'

/** Who is believed, and what waits for a proof. */
export const TRUST_MUTANTS: readonly Mutant[] = [
  {
    name: 'a gate keeps the place of a proof that failed',
    file: 'app/trust/fair-gate.ts',
    find: `    try {
      return await task()
    } finally {`,
    replace: `    const result = await task()
    try {
      return result
    } finally {`,
  },
  {
    name: 'every application_token is the known one',
    file: 'app/trust/known-portals.ts',
    find: 'return tokenDigest !== undefined && hasDigest(token, tokenDigest)',
    replace: 'return tokenDigest !== undefined',
  },
  {
    name: 'a proof does not ask for an administrator',
    file: 'app/trust/prover.ts',
    find: '        await remembering(refused.administrator, claim, demandAdministrator(network, proven.clientEndpoint, claim.accessToken))\n',
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
    find: 'if (decided.has(event.id) && !mismatched) continue',
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
    file: 'app/trust/held-pairs.ts',
    find: 'expiresAtMs - RENEW_BEFORE_EXPIRY_MS > this.#parts.clock.now()',
    replace: 'expiresAtMs > this.#parts.clock.now()',
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
]
