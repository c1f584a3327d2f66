import { silentLog } from '@portline/runtime/log.ts'
import { AGE_SWEEP_MS } from 'portline/limits.ts'
import { AgeRenewals } from 'portline/tokens/age-renewals.ts'
import type { TokenPair } from 'portline/tokens/token-pair.ts'
import { afterEach, describe, expect, test } from 'vitest'
import { KeeperProcess, TokenWorld } from './support/token-world.ts'

/** Tokens against the portal's own authorization server: nobody is ever locked out, whatever dies. */
let world: TokenWorld
afterEach(() => world.close())

const CALLERS = 1_000
const PROCESSES = 4

/** A thousand callers in four processes, of which the first dies at a step of its own; what those of the others are given. */
async function storm(dieAt?: number): Promise<{ pairs: TokenPair[]; failures: unknown[]; first: KeeperProcess }> {
  const processes = Array.from({ length: PROCESSES }, (_, n) => new KeeperProcess(world, n === 0 ? dieAt : undefined))
  const [first = new KeeperProcess(world)] = processes
  const pairs: TokenPair[] = []
  const failures: unknown[] = []
  const calls = Array.from({ length: CALLERS }, (_, n) => {
    const process = processes[n % PROCESSES] ?? first
    const call = process.tokens.pair(world.key).then((pair) => void pairs.push(pair), (error: unknown) => void failures.push(error))
    return process === first && dieAt !== undefined ? undefined : call
  })
  await world.pass(Promise.all(calls))
  return { pairs, failures, first }
}

describe.each([[true, 'takes each refresh token once'], [false, 'goes on taking a used refresh token']])('a server with strict rotation %s', (strictRotation, what) => {
  test(`a thousand callers in four processes and a crash at each step never lock the portal out, where it ${what}`, { timeout: 120_000 }, async () => {
    world = await TokenWorld.open({ strictRotation })
    await world.bring('1', true)
    await world.bring('2', false)
    const calm = await storm()
    expect(new Set(calm.pairs.map(({ accessToken }) => accessToken)).size).toBe(1)
    expect(calm.pairs).toHaveLength(CALLERS)
    expect(world.renewals).toHaveLength(1)

    const users: string[] = []
    // Whichever process is the first to ask: two steps a call, one before it and one before its answer.
    for (let dieAt = 0; dieAt < calm.first.steps + 6; dieAt++) {
      await world.bring('1', true)
      await world.bring('2', false)
      world.renewals.length = 0
      const { pairs, failures } = await storm(dieAt)
      expect(failures, `step ${dieAt}`).toEqual([])
      expect(pairs.length).toBeGreaterThanOrEqual(CALLERS - CALLERS / PROCESSES)
      // The dead one's question, the survivors' with the pair that may be spent, and with the other account's.
      expect(world.renewals.length, `step ${dieAt}`).toBeLessThanOrEqual(3)
      const [given, ...others] = [...new Set(pairs.map(({ accessToken }) => accessToken))]
      expect(others, `step ${dieAt}`).toEqual([])
      const user = await world.userOf(given ?? '')
      users.push(user ?? 'nobody')
      // And for whoever starts afterwards.
      const next = await world.pass(new KeeperProcess(world).tokens.pair(world.key))
      expect(next.accessToken).toBe(given)
      expect((await world.stored()).find(({ master }) => master)?.userId).toBe(user)
    }
    expect(users).not.toContain('nobody')
    // Only between the server's writing and ours is a pair lost, and only if it takes each token once.
    expect(new Set(users)).toEqual(new Set(strictRotation ? ['1', '2'] : ['1']))
  })
})

test('with one account alone what a crash takes ends in TOKENS_DEAD, asks nobody any more, and heals when an installer comes', { timeout: 120_000 }, async () => {
  world = await TokenWorld.open()
  await world.bring('1', true)
  const { first } = await storm()
  let lost = 0
  for (let dieAt = 0; dieAt < first.steps + 6; dieAt++) {
    await world.bring('1', true)
    world.renewals.length = 0
    const { pairs, failures } = await storm(dieAt)
    if (pairs.length > 0) {
      expect(failures).toEqual([])
      expect(await world.userOf(pairs[0]?.accessToken ?? '')).toBe('1')
      continue
    }
    lost += 1
    expect(failures[0]).toMatchObject({ code: 'TOKENS_DEAD' })
    const asked = world.renewals.length
    expect(asked).toBe(2)
    const { tokens } = new KeeperProcess(world)
    await expect(tokens.pair(world.key)).rejects.toMatchObject({ code: 'TOKENS_DEAD' })
    expect(world.renewals).toHaveLength(asked)
    expect(await world.stored()).toMatchObject([{ state: 'dead', deadReason: expect.stringContaining('invalid_grant') as unknown }])
    await world.bring('1', true, false)
    expect(await world.userOf((await tokens.pair(world.key)).accessToken)).toBe('1')
  }
  // Asked and not answered, answered and not stored.
  expect(lost).toBeGreaterThan(0)
  expect(lost).toBeLessThanOrEqual(3)
})

test('an idle portal is alive after 400 days, with at most a few renewals', { timeout: 120_000 }, async () => {
  world = await TokenWorld.open()
  await world.bring('1', true, false)
  await world.bring('2', false, false)
  const { tokens } = new KeeperProcess(world)
  const { store, clock } = world
  const ages = new AgeRenewals({ store: { ...store, agingAccounts: (...args) => world.underWay(() => store.agingAccounts(...args)) }, tokens, clock, log: silentLog })
  ages.start()
  const begunAtMs = clock.now()
  for (let hour = 0; hour < 400 * 24; hour++) await clock.advance(AGE_SWEEP_MS, () => world.quiet())
  await ages.stop()
  expect(clock.now() - begunAtMs).toBe(400 * 24 * 3_600_000)
  // Two accounts, each after 130 to 150 days and again after as long.
  expect(world.renewals.length).toBeGreaterThanOrEqual(4)
  expect(world.renewals.length).toBeLessThanOrEqual(6)
  expect(await world.userOf((await tokens.pair(world.key)).accessToken)).toBe('1')
  expect((await world.stored()).map(({ state }) => state)).toEqual(['live', 'live'])
})

test('a pair that nobody renewed for 180 days is dead: the test above proves something', async () => {
  world = await TokenWorld.open()
  await world.bring('1', true, false)
  await world.clock.advance(181 * 24 * 3_600_000)
  await expect(world.pass(new KeeperProcess(world).tokens.pair(world.key))).rejects.toMatchObject({ code: 'TOKENS_DEAD' })
})
