import { ensureInstalled, environment, root, say } from './lib/install.mjs'
import { run } from './lib/run.mjs'
import { join } from 'node:path'

/** What `npm test` does in small, at length. Each can be run alone: `npm run test:long -- crash`. */
const RUNS = {
  crash: { files: ['test/crash.test.ts'], env: { PORTLINE_CRASH_KILLS: '500' }, what: '500 kills under load' },
  simulation: { files: ['test/simulation'], env: { PORTLINE_SIM_SEEDS: '10000', PORTLINE_SIM_MUTANTS: 'all' }, what: '10,000 seeds of the simulation, every mutant' },
  fuzz: { files: ['test/fuzz.test.ts'], env: { PORTLINE_FUZZ_BODIES: '1000000' }, what: '1,000,000 mutated bodies' },
}

const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !(name in RUNS))
if (asked.includes('--help') || unknown.length > 0) {
  say(`npm run test:long [-- ${Object.keys(RUNS).join(' | ')}]`)
  for (const [name, { what }] of Object.entries(RUNS)) say(`  ${name.padEnd(12)} ${what}`)
  process.exit(unknown.length > 0 && !asked.includes('--help') ? 2 : 0)
}

const node24 = ensureInstalled()
for (const [name, { files, env, what }] of Object.entries(RUNS)) {
  if (asked.length > 0 && !asked.includes(name)) continue
  say(`${name}: ${what}`)
  const exitCode = await run(node24, [join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...files], { ...environment(node24), ...env })
  if (exitCode !== 0) {
    say(`${name} failed (exit code ${exitCode})`)
    process.exit(exitCode)
  }
}
