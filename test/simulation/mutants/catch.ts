import { runInChild } from '../child.ts'
import type { SeedResult } from '../run-seeds.ts'

export interface Catch {
  /** What the bug broke, and nothing else did. */
  readonly caught?: SeedResult
  /** A bug that goes round in circles never ends a run: that is seen, too. */
  readonly hung?: true
  /** What the run said when it ended before its time. */
  readonly failure?: string
}

/**
 * The first seed in which the bug breaks a promise, beginning with the one that did so last. A seed in which one is broken without the bug
 * as well catches nothing.
 */
export async function catchOf(mutant: string, hint: number, most: number, timeoutMs: number): Promise<Catch> {
  const ranges = [[hint, hint], [1, most]] as const
  for (const [first, last] of ranges) {
    for (let from = first; from <= last; ) {
      const { results, failure, hung } = await runInChild(['--mutant', mutant, '--seeds', `${from}-${last}`], timeoutMs)
      if (hung === true) return { hung }
      if (failure !== undefined) return { failure }
      const caught = results.at(-1)
      if (caught === undefined || caught.broken.length === 0) break
      const without = await runInChild(['--seeds', String(caught.seed)], timeoutMs)
      if (without.results.at(-1)?.broken.length === 0) return { caught }
      from = caught.seed + 1
    }
  }
  return {}
}
