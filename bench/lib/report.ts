import { aimsTable } from './aims.ts'
import type { Extent } from './bench.ts'
import type { Figures } from './figures.ts'
import { facts as factsTable } from './table.ts'

/** The page of results. Its figures come from the run alone; its words say how they were taken and what they do not say. */
export interface Part {
  readonly title: string
  readonly text: string
}

export interface Report {
  readonly facts: readonly (readonly [name: string, fact: string])[]
  readonly parts: readonly Part[]
  readonly figures: Figures
  /** What was asked for and could not be measured, and why. */
  readonly absent: ReadonlyMap<string, string>
  /** What was not asked for. */
  readonly unasked: readonly string[]
  readonly extent: Extent
}

const HEAD = `# Results of the bench

Written by \`npm run bench\`; not to be edited. How each figure is taken, and how to run it: [README](README.md).`

const HOW_TO_READ = `- Ratios are to the row “Portline, handlers running”, which does the most: it decodes as PHP does, proves the application_token,
  seals the auth block, stores the event, answers, runs a handler and records the attempt, all in one process.
- The first three rows of receiving are no peers but limits: what Node's own HTTP server, decoding and one synced file leave.
- “Receiving alone”: handlers are declared but all places are taken by some that never end, so events are only taken in. It is the
  row to hold beside peers without a worker.
- 200 is answered when the event is on disk, by every contender but the first two. “Kept” is counted after the contender was killed
  with SIGKILL: events answered 200 against events stored (and handled, where the peer forgets those). “Disk syncs/s” are the
  machine's own count of the disk's flushes, which shows that a contender does sync.
- Memory: the contender's largest resident set; behind the plus its server's, shared pages counted once. CPU: the contender's, and its
  server's, per event answered.
- Load generator, contender and server share the cores, so a contender that leaves more CPU to wrk looks a little better than on a
  machine of its own, and a peer whose server could run elsewhere a little worse.
- Latencies at a steady rate count from when an event was due, not from when it was sent. “Sender late” is the share of it that the
  sender's own timer (1 ms) and CPU cause.
- Peers do less than Portline: they parse and compare the application_token, seal nothing and prove nothing. graphile-worker alone
  has one queue per portal; there a failed job lets those behind it go on, so nothing is ever parked and that row is Portline's only.
  BullMQ's groups, which are its lanes, belong to its paid edition and are not measured.`

const AIMS = `What Portline set out to reach. An aim is held against the run only at the size that it names; where the run was smaller, its figure
stands there without a verdict.`

export function writeReport({ facts, parts, figures, absent, unasked, extent }: Report): string {
  const missing = [...[...absent].map(([what, why]) => `${what}: ${why}`), ...unasked].map((line) => `- ${line}`)
  const sections = [
    HEAD,
    factsTable(['', ''], facts),
    `## Aims\n\n${AIMS}\n\n${aimsTable(figures)}`,
    ...parts.map(({ title, text }) => `## ${title}\n\n${text}`),
    `## What was not measured\n\n${missing.length === 0 ? 'Everything was measured.' : missing.join('\n')}`,
    `## How to read it\n\n${HOW_TO_READ}`,
  ]
  const warning = extent.measureS < 2 ? ['**A quick run: it shows that everything runs, its figures mean little.**'] : []
  return `${[sections[0], ...warning, ...sections.slice(1)].join('\n\n')}\n`
}
