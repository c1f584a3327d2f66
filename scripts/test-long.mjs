import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureInstalled, environment, root, say } from './lib/install.mjs'
import { run } from './lib/run.mjs'

/** What `npm test` does in small, at length. Each can be run alone: `npm run test:long -- crash`. `counts`: what a run prints of them. */
const RUNS = {
  crash: {
    files: ['test/crash.test.ts'], env: { PORTLINE_CRASH_KILLS: '500' }, what: '500 kills under load',
    counts: (printed) => /^\d+ kills, .+ stored.*$/m.exec(printed)?.[0],
  },
  simulation: {
    files: ['test/simulation'], env: { PORTLINE_SIM_SEEDS: '10000', PORTLINE_SIM_MUTANTS: 'all' }, what: '10,000 seeds of the simulation, every mutant',
    counts: (printed) => `${printed.match(/<testcase [^>]*name="is caught: /g)?.length ?? 0} mutants, each caught`,
  },
  fuzz: {
    files: ['test/fuzz.test.ts'], env: { PORTLINE_FUZZ_BODIES: '1000000' }, what: '1,000,000 mutated bodies',
    counts: (printed) => /^seed .+: .+ x \d{3}$/m.exec(printed)?.[0],
  },
}

const PROOF_FILE = 'docs/proof.md'
const PROOF = join(root, PROOF_FILE)
const MS_PER_MINUTE = 60_000

const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !(name in RUNS))
if (asked.includes('--help') || unknown.length > 0) {
  say(`npm run test:long [-- ${Object.keys(RUNS).join(' | ')}]`)
  for (const [name, { what }] of Object.entries(RUNS)) say(`  ${name.padEnd(12)} ${what}`)
  say(`What has passed is written to ${PROOF_FILE}.`)
  process.exit(unknown.length > 0 && !asked.includes('--help') ? 2 : 0)
}

const node24 = ensureInstalled()
for (const name of Object.keys(RUNS)) {
  if (asked.length > 0 && !asked.includes(name)) continue
  const exitCode = await prove(name)
  if (exitCode !== 0) {
    say(`${name} failed (exit code ${exitCode})`)
    process.exit(exitCode)
  }
}

/** One run, and its row when it has passed. */
async function prove(name) {
  const { files, env, what, counts } = RUNS[name]
  say(`${name}: ${what}`)
  const folder = mkdtempSync(join(tmpdir(), 'portline-proof-'))
  // The terminal is the run's own; what it printed is read from this file afterwards.
  const printedFile = join(folder, 'printed.xml')
  const args = ['run', '--reporter=default', '--reporter=junit', `--outputFile.junit=${printedFile}`, ...files]
  const [before, beginMs] = [sources(), Date.now()]
  try {
    const exitCode = await run(node24, [join(root, 'node_modules/vitest/vitest.mjs'), ...args], { ...environment(node24), ...env })
    if (exitCode !== 0) return exitCode
    const took = `${Math.max(1, Math.round((Date.now() - beginMs) / MS_PER_MINUTE))} min`
    record(name, [name, what, new Date().toISOString().slice(0, 10), commitPhrase(before, sources()), took, counts(readFileSync(printedFile, 'utf8')) ?? ''])
    return 0
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Which sources a run has had: the page that it writes is none of them. */
function sources() {
  const git = (...args) => spawnSync('git', args, { cwd: root, encoding: 'utf8' })
  const { status, stdout } = git('rev-parse', '--short', 'HEAD')
  if (status !== 0) return undefined
  return { commit: stdout.trim(), changes: git('status', '--porcelain', '--', '.', `:!${PROOF_FILE}`).stdout.trim() }
}

/** A commit that came while the run was under way was not proven by it. */
function commitPhrase(before, after) {
  if (before === undefined) return 'no commit'
  const unchanged = before.changes === '' && after?.changes === '' && after.commit === before.commit
  return unchanged ? before.commit : `${before.commit} + changes`
}

/** In place of the older row of the same proof. */
function record(name, cells) {
  const row = `| ${cells.join(' | ')} |`
  const page = readFileSync(PROOF, 'utf8').trimEnd().split('\n')
  const at = page.findIndex((line) => line.startsWith(`| ${name} |`))
  writeFileSync(PROOF, `${(at < 0 ? [...page, row] : page.with(at, row)).join('\n')}\n`)
  say(`${name} passed: ${PROOF_FILE}`)
}
