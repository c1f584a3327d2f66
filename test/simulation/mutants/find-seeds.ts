import { readFileSync, writeFileSync } from 'node:fs'
import { MUTANTS } from './all.ts'
import { catchOf } from './catch.ts'

/**
 * Writes caught-by.json: for each mutant a seed that catches it. `node test/simulation/mutants/find-seeds.ts [most seeds] [part of a name]`
 * Begins at the seed that is known; what is not asked for stays as it is.
 */
const most = Number(process.argv[2] ?? 600)
const part = process.argv[3] ?? ''
const CHILD_MS = 30 * 60_000
const AT_ONCE = 2

const file = new URL('./caught-by.json', import.meta.url)
const before = JSON.parse(readFileSync(file, 'utf8')) as Record<string, number>
const left = MUTANTS.filter(({ name, file: at }) => name.includes(part) || at.includes(part))
const found = new Map(Object.entries(before))
const work = async (): Promise<void> => {
  for (let mutant = left.shift(); mutant !== undefined; mutant = left.shift()) {
    const { caught, failure } = await catchOf(mutant.name, before[mutant.name] ?? 1, most, CHILD_MS)
    if (caught === undefined) found.delete(mutant.name)
    else found.set(mutant.name, caught.seed)
    process.stdout.write(`${mutant.name}: ${caught === undefined ? (failure ?? `NOT CAUGHT by ${most} seeds`) : `${caught.seed}, ${caught.broken[0]?.promise}`}\n`)
  }
}
await Promise.all(Array.from({ length: AT_ONCE }, work))
const inOrder = MUTANTS.flatMap(({ name }) => (found.has(name) ? [[name, found.get(name)]] : []))
writeFileSync(file, `${JSON.stringify(Object.fromEntries(inOrder), null, 2)}\n`)
