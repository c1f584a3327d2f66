import { randomHex, seededRandom } from '@portline/runtime/random.ts'
import { CodedError } from '@portline/wire/errors.ts'
import type { WorldState } from './state.ts'

/** The first open line's number, the one the documentation's examples use. */
export const FIRST_LINE_ID = 107
export const ADMIN_ID = 1

const MEMBER_ID_BYTES = 16
const EMPLOYEE = { admin: false, active: true, registered: '2024-01-15' } as const

/** A portal nobody has touched: an administrator, an employee, one open line. The same seed gives the same portal. */
export function defaultWorld(seed: string, memberId = randomHex(seededRandom(`${seed}:member_id`), MEMBER_ID_BYTES)): WorldState {
  if (!/^[0-9a-f]{32}$/.test(memberId)) throw new CodedError('CONFIG_INVALID', 'A member_id is 32 lower-case hex digits')
  return {
    format: 1,
    seed,
    memberId,
    counters: { app: 0, install: 0, handler: 0, line: FIRST_LINE_ID, draw: 0, token: 0 },
    users: [
      { ...EMPLOYEE, id: ADMIN_ID, name: 'Anna', lastName: 'Berg', email: 'anna.berg@portal.example', admin: true },
      { ...EMPLOYEE, id: 2, name: 'Emil', lastName: 'Novak', email: 'emil.novak@portal.example' },
    ],
    apps: [],
    handlers: [],
    lines: [{ id: FIRST_LINE_ID, name: 'Open Channel 1' }],
    connectors: [],
    lineConnectors: [],
    spentTokens: [],
  }
}
