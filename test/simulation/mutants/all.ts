import { DEATH_MUTANTS } from './deaths.ts'
import { INBOX_MUTANTS } from './inbox.ts'
import { INSTALLATION_MUTANTS } from './installations.ts'
import type { Mutant } from './mutant.ts'
import { STORE_MUTANTS } from './store.ts'
import { TOKEN_MUTANTS } from './tokens.ts'
import { TRUST_MUTANTS } from './trust.ts'

export const MUTANTS: readonly Mutant[] = [...INBOX_MUTANTS, ...STORE_MUTANTS, ...TRUST_MUTANTS, ...TOKEN_MUTANTS, ...INSTALLATION_MUTANTS, ...DEATH_MUTANTS]
