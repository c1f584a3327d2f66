import { afterEach, beforeEach } from 'vitest'
import type { Account } from './accounts.ts'
import type { Settlement } from './lanes.ts'
import type { Attempt, Installation, NewEvent, Store, StoredEvent } from './port.ts'

/** What every store must do, whatever its engine. `open` gives a store on an empty place; `reopen` the same place again. */
export interface StorePlace {
  open(): Promise<Store>
  /** Ends what was opened last as the death of its process would. */
  die(): Promise<void>
  remove(): Promise<void>
}

/** Each test of the battery has a place of its own; `use` is told the store, after it was reopened too. */
export function eachOnAStore(makePlace: () => Promise<StorePlace>, use: (store: Store) => void): { reopen: () => Promise<void>; die: () => Promise<void> } {
  let place: StorePlace
  let store: Store
  const open = async (): Promise<void> => use(store = await place.open())
  beforeEach(async () => {
    place = await makePlace()
    await open()
  })
  afterEach(async () => {
    await store.close()
    await place.remove()
  })
  return {
    async reopen() {
      await store.close()
      await open()
    },
    async die() {
      await place.die()
      await open()
    },
  }
}

export const PORTAL = { app: 'hello', memberId: 'portal-a' }
export const OTHER = { app: 'hello', memberId: 'portal-b' }
export const KEEP = 50
export const LEASE = { owner: 'me', nowMs: 1_000, untilMs: 5_000, maxEvents: 10, maxBytes: 100_000 }

export function event(id: string, fields: Partial<NewEvent> = {}): NewEvent {
  return { ...PORTAL, id, code: 'ONAPPTEST', auth: new Uint8Array([1, 2]), generation: 1, state: 'pending', receivedAtMs: 10, proof: 'application_token', ...fields }
}

export function attempt(n: number, fields: Partial<Attempt> = {}): Attempt {
  return { n, startedAtMs: 100, durationMs: 5, outcome: 'done', calls: [{ method: 'profile', durationMs: 2 }], notes: ['hi'], ...fields }
}

/** What has become of an event that the store gave out. */
export function settled({ id, seq }: Pick<StoredEvent, 'id' | 'seq'>, fields: Partial<Settlement> = {}): Settlement {
  return { id, seq, attempt: attempt(1), state: 'done', atMs: 200, ...fields }
}

export function installation(fields: Partial<Installation> = {}): Installation {
  return {
    ...PORTAL, status: 'active', generation: 1, domain: 'p.example', clientEndpoint: 'https://p.example/rest/',
    serverEndpoint: 'https://oauth.example/rest/', updatedAtMs: 1, applicationToken: new Uint8Array([9]), ...fields,
  }
}

export function account(userId: string, master: boolean, fields: Partial<Account> = {}): Account {
  return { ...PORTAL, userId, master, state: 'live', tokens: new Uint8Array([7]), expiresAtMs: 99, obtainedAtMs: Number(userId), ...fields }
}

export async function leasedIds(store: Store, portal = PORTAL, lease = LEASE): Promise<string[]> {
  const answer = await store.leaseLane(portal, lease)
  return answer.kind === 'leased' ? answer.events.map(({ id }) => id) : [answer.kind]
}


export async function append(store: Store, events: readonly NewEvent[]): Promise<void> {
  await store.appendEvents({ events })
}
