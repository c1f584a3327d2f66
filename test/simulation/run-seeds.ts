import { parseArgs } from 'node:util'
import { MUTANTS } from './mutants/all.ts'
import { infect } from './mutants/mutant.ts'

/**
 * Runs seeds in a process of their own and prints a line of JSON for each: `{"seed", "digest", "broken": [{"promise", "what"}]}`.
 * With a mutant it ends at the first seed that shows something broken; with --history it prints what happened, for people.
 */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1-1' },
    mutant: { type: 'string' },
    history: { type: 'boolean', default: false },
  },
})

export interface SeedResult {
  readonly seed: number
  readonly digest: string
  readonly broken: readonly { readonly promise: string; readonly what: string }[]
}

const mutant = MUTANTS.find(({ name }) => name === values.mutant)
if (values.mutant !== undefined && mutant === undefined) throw new Error(`there is no mutant "${values.mutant}"`)
if (mutant !== undefined) infect(mutant)
// Only now: what is imported first is loaded without the bug.
const { runSeed } = await import('./run/run-seed.ts')
const { check } = await import('./check/check.ts')
const { printed } = await import('./print.ts')

for (const seed of values.seeds.split(',').flatMap(rangeOf)) {
  const { items, digest } = await runSeed(seed)
  const broken = check(items)
  if (values.history) process.stdout.write(`${printed(items, broken)}\n`)
  const result: SeedResult = { seed, digest, broken: broken.map(({ promise, what }) => ({ promise, what })) }
  process.stdout.write(`${JSON.stringify(result)}\n`)
  if (mutant !== undefined && broken.length > 0) break
}

/** `7` or `1-200`. */
function rangeOf(text: string): number[] {
  const [from = 1, to = from] = text.split('-').map(Number)
  return Array.from({ length: to - from + 1 }, (_value, index) => from + index)
}
