import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { CONTENDERS } from './contenders/contenders.ts'
import { fileSystemOf, FULL, LONG, makeFolder, QUICK, removeFolder } from './lib/bench.ts'
import type { Bench, Extent } from './lib/bench.ts'
import type { Contender } from './lib/contender.ts'
import { machineFacts } from './lib/machine.ts'
import { endAll } from './lib/processes.ts'
import { writeReport } from './lib/report.ts'
import type { Part } from './lib/report.ts'
import { machineCpu } from './lib/usage.ts'
import { measureColdStarts } from './sections/cold-start.ts'
import { measureDecoding } from './sections/decode.ts'
import { measureLanes } from './sections/lanes.ts'
import { measureMemory } from './sections/memory.ts'
import { measureReceiving } from './sections/receive.ts'
import { measureSteadily } from './sections/steady.ts'
import { findProgram } from './servers/server.ts'
import type { ServerKind } from './servers/server.ts'

/** The bench, started by `npm run bench`, which brings Node 24, the peers' packages and the servers. */
const ROOT = fileURLToPath(new URL('../', import.meta.url))
const RESULTS = fileURLToPath(new URL('RESULTS.md', import.meta.url))

const SECTIONS: Readonly<Record<string, { title: string; measure: (bench: Bench) => Promise<string>; needsWrk?: boolean }>> = {
  receiving: { title: 'Receiving, as fast as it goes', measure: measureReceiving, needsWrk: true },
  steady: { title: 'Receiving at a steady rate', measure: measureSteadily },
  decoding: { title: 'Decoding alone', measure: measureDecoding },
  lanes: { title: 'Lanes', measure: measureLanes },
  'cold-start': { title: 'Cold start', measure: measureColdStarts },
  memory: { title: 'Memory in a run', measure: measureMemory },
}

const HELP = `npm run bench -- [options]      Portline beside its peers and beside what the machine can do at all
npm run bench -- portal [...]   the local portal (bench/portal.ts)

  --quick        one short round of everything: shows that it runs, the figures mean little
  --long         five rounds, a store of ten million events, ten minutes for memory
  --only a,b     these parts and contenders alone
  --rounds n     rounds of a part whose contenders take turns
  --data folder  where stores are made; must be on a disk (default ${defaultParent()})
  --out file     where the results go (default: bench/RESULTS.md of a whole run, else only the terminal)
  --no-install   install nothing that is missing

Parts:       ${Object.keys(SECTIONS).join(', ')}
Contenders:  ${CONTENDERS.map(({ name }) => name).join(', ')}
`

function defaultParent(): string {
  // The temporary folder may be in memory, this one is not.
  return process.platform === 'win32' ? tmpdir() : '/var/tmp'
}

interface Asked {
  readonly extent: Extent
  readonly sections: readonly string[]
  readonly contenders: readonly string[]
  readonly parent: string
  readonly out: string | undefined
}

function readArguments(): Asked | undefined {
  const flag = { type: 'boolean', default: false } as const
  const { values } = parseArgs({
    options: {
      quick: flag, long: flag, help: flag, 'no-install': flag,
      only: { type: 'string' }, rounds: { type: 'string' }, data: { type: 'string' }, out: { type: 'string' },
    },
  })
  if (values.help) return undefined
  const only = (values.only ?? '').split(',').map((name) => name.trim()).filter((name) => name !== '')
  const sections = only.filter((name) => Object.hasOwn(SECTIONS, name))
  const contenders = only.filter((name) => CONTENDERS.some((contender) => contender.name === name))
  const unknown = only.filter((name) => !sections.includes(name) && !contenders.includes(name))
  if (unknown.length > 0) throw new Error(`--only: there is no ${unknown.join(', ')}; see --help`)
  const extent = values.quick ? QUICK : values.long ? LONG : FULL
  const isWhole = !values.quick && only.length === 0
  return {
    extent: values.rounds === undefined ? extent : { ...extent, rounds: Math.max(1, Math.trunc(Number(values.rounds)) || 1) },
    sections: sections.length > 0 ? sections : Object.keys(SECTIONS),
    contenders,
    parent: values.data ?? defaultParent(),
    out: values.out ?? (isWhole ? RESULTS : undefined),
  }
}

function readOrGiveUp(): Asked | undefined {
  try {
    return readArguments()
  } catch (error) {
    process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`)
    process.exit(1)
  }
}

async function run({ extent, sections, contenders, parent, out }: Asked): Promise<void> {
  if (await fileSystemOf(parent) === 'tmpfs') {
    throw new Error(`${parent} is in memory, where nothing is ever synced; name a folder on a disk with --data`)
  }
  const absent = new Map<string, string>()
  const { folder, bodiesFile } = await makeFolder(parent)
  onEnd(folder)
  const bench: Bench = {
    extent, folder, bodiesFile, absent,
    chosen: (all) =>
      all.filter(({ name }) => contenders.length === 0 || contenders.includes(name)).filter((contender) => isThere(contender, absent)),
    say: (line) => process.stderr.write(`${line}\n`),
  }
  const facts = await machineFacts(folder, ROOT)
  facts.push(...(await versions()))
  const [beginMs, cpuBefore] = [performance.now(), machineCpu()]
  const parts: Part[] = []
  for (const name of sections) {
    const section = SECTIONS[name]
    if (section === undefined) continue
    if (section.needsWrk === true && findProgram('wrk') === undefined) absent.set(section.title, 'wrk is not installed')
    else parts.push({ title: section.title, text: await section.measure(bench) })
  }
  const cpu = machineCpu()
  facts.push(['The run', `${Math.round((performance.now() - beginMs) / 60_000)} min, both cores busy ${busyShare(cpuBefore, cpu)} of the time`])
  const report = writeReport({ facts, parts: parts.filter(({ text }) => text !== ''), absent, extent })
  if (out === undefined) process.stdout.write(report)
  else await writeFile(out, report)
  if (out !== undefined) bench.say(`Results: ${out}`)
  await removeFolder(folder)
}

function busyShare(before: ReturnType<typeof machineCpu>, after: ReturnType<typeof machineCpu>): string {
  return `${Math.round(((after.busyS - before.busyS) / (after.totalS - before.totalS)) * 100)} %`
}

/** A contender whose server is missing is named in the results with the reason. */
function isThere(contender: Contender, absent: Map<string, string>): boolean {
  const why = contender.server?.missing() ?? (contender.program.endsWith('.mjs') ? missingPackages() : undefined)
  if (why !== undefined) absent.set(contender.label, why)
  return why === undefined
}

function manifest(): Record<string, string> {
  const { dependencies } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8')) as { dependencies: Record<string, string> }
  return dependencies
}

function missingPackages(): string | undefined {
  const missing = Object.keys(manifest()).filter((name) => !hasPackage(name))
  return missing.length === 0 ? undefined : `not in bench/node_modules: ${missing.join(', ')}`
}

function hasPackage(name: string): boolean {
  try {
    readFileSync(new URL(`node_modules/${name}/package.json`, import.meta.url))
    return true
  } catch {
    return false
  }
}

async function versions(): Promise<[string, string][]> {
  const kinds = new Set(CONTENDERS.flatMap(({ server }): ServerKind[] => (server === undefined ? [] : [server])))
  const servers: [string, string][] = []
  for (const kind of kinds) {
    servers.push([kind.name, kind.missing() ?? `${await kind.version()}; ${kind.durability}`])
  }
  return [
    ...servers,
    ['SQLite', `of Node, ${process.versions['sqlite'] ?? '?'}; WAL, synchronous FULL`],
    ['Packages', Object.entries(manifest()).map((entry) => entry.join(' ')).join(', ')],
  ]
}

/** However the run ends, no process and no folder stays behind. */
function onEnd(folder: string): void {
  let ending = false
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (ending) return
      ending = true
      process.stderr.write('ending what was started\n')
      void endAll().then(() => removeFolder(folder)).finally(() => process.exit(130))
    })
  }
}

const asked = readOrGiveUp()
if (asked === undefined) process.stdout.write(HELP)
else {
  try {
    await run(asked)
  } finally {
    await endAll()
  }
}
