import { randomHex, seededRandom } from '@portline/runtime/random.ts'
import type { WorldState } from './state.ts'

/** The first open line's number, the one the documentation's examples use. */
export const FIRST_LINE_ID = 107
export const ADMIN_ID = 1

const MEMBER_ID_BYTES = 16

/** A portal nobody has touched: an administrator, an employee, one open line. The same seed gives the same portal. */
export function defaultWorld(seed: string): WorldState {
  return {
    format: 1,
    seed,
    memberId: randomHex(seededRandom(`${seed}:member_id`), MEMBER_ID_BYTES),
    counters: { app: 0, install: 0, handler: 0, line: FIRST_LINE_ID, draw: 0, token: 0 },
    users: [
      { id: ADMIN_ID, name: 'Anna', lastName: 'Berg', email: 'anna.berg@portal.example', admin: true, active: true, registered: '2024-01-15' },
      { id: 2, name: 'Emil', lastName: 'Novak', email: 'emil.novak@portal.example', admin: false, active: true, registered: '2024-02-01' },
    ],
    apps: [],
    handlers: [],
    lines: [{ id: FIRST_LINE_ID, name: 'Open Channel 1' }],
    connectors: [],
    lineConnectors: [],
    spentTokens: [],
  }
}
