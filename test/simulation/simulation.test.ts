import { expect, test } from 'vitest'
import { runInChild } from './child.ts'
import type { SeedResult } from './run-seeds.ts'

/**
 * The app side's promises in simulated worlds, one for each seed (docs/explanation/simulation.md). PORTLINE_SIM_SEEDS says how many;
 * PORTLINE_SIM_SEED runs one and prints what happened in it.
 */
const SEEDS_USUALLY = 200
const AT_ONCE = 2
const SEEDS_A_CHILD = 50
/** Far more than they need: nothing here is decided by time. */
const CHILD_MS = 15 * 60_000
const HOURS_MS = 6 * 3_600_000

const onlySeed = process.env['PORTLINE_SIM_SEED']
const seeds = Number(process.env['PORTLINE_SIM_SEEDS'] ?? SEEDS_USUALLY)

test('no promise is broken', async () => {
  if (onlySeed !== undefined) {
    const { results, failure } = await runInChild(['--seeds', onlySeed, '--history'], CHILD_MS, (line) => process.stdout.write(`${line}\n`))
    expect({ failure, broken: results.flatMap(({ broken }) => broken) }).toEqual({ failure: undefined, broken: [] })
    return
  }
  const chunks = Array.from({ length: Math.ceil(seeds / SEEDS_A_CHILD) }, (_value, index) => {
    return `${index * SEEDS_A_CHILD + 1}-${Math.min(seeds, (index + 1) * SEEDS_A_CHILD)}`
  })
  const broken: SeedResult[] = []
  const failures: string[] = []
  let ran = 0
  const work = async (): Promise<void> => {
    for (let chunk = chunks.shift(); chunk !== undefined; chunk = chunks.shift()) {
      const { results, failure } = await runInChild(['--seeds', chunk], CHILD_MS)
      ran += results.length
      broken.push(...results.filter((result) => result.broken.length > 0))
      if (failure !== undefined) failures.push(`seeds ${chunk}: ${failure}`)
      if (seeds > SEEDS_USUALLY) process.stdout.write(`${ran} of ${seeds} seeds, ${broken.length} with something broken\n`)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  expect(failures).toEqual([])
  expect(broken.map(({ seed, broken: [first] }) => `PORTLINE_SIM_SEED=${seed}: ${first?.promise}: ${first?.what}`)).toEqual([])
  expect(ran).toBe(seeds)
}, HOURS_MS)

test('a seed is the same run every time, to the byte', async () => {
  const again = ['--seeds', '1-12']
  const [first, second] = await Promise.all([runInChild(again, CHILD_MS), runInChild(again, CHILD_MS)])
  expect(first.results.map(({ digest }) => digest)).toEqual(second.results.map(({ digest }) => digest))
  expect(new Set(first.results.map(({ digest }) => digest)).size).toBe(12)
}, CHILD_MS)
