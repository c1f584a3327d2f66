import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { CONTENDERS } from './contenders/contenders.ts'
import { fileSystemOf, FULL, LONG, makeFolder, QUICK, removeFolder } from './lib/bench.ts'
import type { Bench, Extent } from './lib/bench.ts'
import { leftOut } from './lib/left-out.ts'
import { machineFacts } from './lib/machine.ts'
import { isThere, versions } from './lib/needs.ts'
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
  /** Those that decide what is measured, as they were given. */
  readonly options: string
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
    options: optionsPhrase(values),
    extent: values.rounds === undefined ? extent : { ...extent, rounds: Math.max(1, Math.trunc(Number(values.rounds)) || 1) },
    sections: sections.length > 0 ? sections : Object.keys(SECTIONS),
    contenders,
    parent: values.data ?? defaultParent(),
    out: values.out ?? (isWhole ? RESULTS : undefined),
  }
}

/** Without the folders: they say nothing of the figures, and a page that is published is no place for a machine's paths. */
function optionsPhrase({ quick, long, only, rounds }: { quick: boolean; long: boolean; only?: string; rounds?: string }): string {
  const given = [quick && '--quick', long && '--long', only !== undefined && `--only ${only}`, rounds !== undefined && `--rounds ${rounds}`]
  return given.filter((option) => option !== false).join(' ')
}

function readOrGiveUp(): Asked | undefined {
  try {
    return readArguments()
  } catch (error) {
    process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`)
    process.exit(1)
  }
}

async function run({ options, extent, sections, contenders, parent, out }: Asked): Promise<void> {
  if (await fileSystemOf(parent) === 'tmpfs') {
    throw new Error(`${parent} is in memory, where nothing is ever synced; name a folder on a disk with --data`)
  }
  const absent = new Map<string, string>()
  const { folder, bodiesFile } = await makeFolder(parent)
  onEnd(folder)
  const bench: Bench = {
    extent, folder, bodiesFile, absent, figures: { coldStarts: [] },
    chosen: (all) =>
      all.filter(({ name }) => contenders.length === 0 || contenders.includes(name)).filter((contender) => isThere(contender, absent)),
    say: (line) => process.stderr.write(`${line}\n`),
  }
  const facts = await machineFacts(folder, ROOT)
  facts.push(['Options', options === '' ? 'none' : `\`${options}\``])
  facts.push(['Rounds', `${extent.rounds}, each of ${extent.measureS} s after ${extent.warmUpS} s to warm up; a cold start is the median of ${extent.starts}`])
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
  const unasked = [...notAsked(sections, contenders), ...leftOut(extent, sections)]
  const report = writeReport({ facts, figures: bench.figures, parts: parts.filter(({ text }) => text !== ''), absent, unasked, extent })
  if (out === undefined) process.stdout.write(report)
  else await writeFile(out, report)
  if (out !== undefined) bench.say(`Results: ${out}`)
  await removeFolder(folder)
}

/** What `--only` has left out. */
function notAsked(sections: readonly string[], contenders: readonly string[]): string[] {
  const titles = Object.keys(SECTIONS).filter((name) => !sections.includes(name)).map((name) => SECTIONS[name]?.title ?? name)
  return [
    ...titles.map((title) => `${title}: not named by \`--only\``),
    ...(contenders.length === 0 ? [] : [`contenders but for ${contenders.join(', ')}: not named by \`--only\``]),
  ]
}

function busyShare(before: ReturnType<typeof machineCpu>, after: ReturnType<typeof machineCpu>): string {
  return `${Math.round(((after.busyS - before.busyS) / (after.totalS - before.totalS)) * 100)} %`
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
