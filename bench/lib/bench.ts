import { chmod, mkdtemp, rm, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Contender } from './contender.ts'
import { wrkBodies } from './events.ts'
import type { Figures } from './figures.ts'

/** What the parts of a run share. */
export interface Bench {
  readonly extent: Extent
  /** Contenders that were not left out by name, less those that cannot be had. */
  readonly chosen: (contenders: readonly Contender[]) => Contender[]
  /** Everything a run writes, but for its results. */
  readonly folder: string
  readonly bodiesFile: string
  /** What could not be measured, and why. */
  readonly absent: Map<string, string>
  /** Filled by the sections. */
  readonly figures: Figures
  say(line: string): void
}

export interface StoreSize {
  readonly portals: number
  readonly events: number
}

export const PORTALS = 1_000
/** But for the portal whose event is the first. */
const EMPTY: StoreSize = { portals: 1, events: 0 }

/** How much is measured; what is said of a full run does not hold for a quick one. */
export interface Extent {
  readonly rounds: number
  readonly warmUpS: number
  readonly measureS: number
  readonly lanes: number
  readonly perLane: number
  readonly queued: number
  /** What the stores hold that a cold start is measured with. */
  readonly stores: readonly StoreSize[]
  /** A backlog is given up after this long, and what was handled until then counts. */
  readonly handlingMaxS: number
  readonly starts: number
  readonly memoryS: number
}

export const FULL: Extent = {
  rounds: 3, warmUpS: 2, measureS: 5, lanes: 1_000, perLane: 100, queued: 100_000, handlingMaxS: 60,
  stores: [EMPTY, { portals: PORTALS, events: 0 }, { portals: PORTALS, events: 1_000_000 }], starts: 5, memoryS: 30,
}
/** Adds the ten million and the ten minutes. */
export const LONG: Extent = { ...FULL, rounds: 5, stores: [...FULL.stores, { portals: PORTALS, events: 10_000_000 }], memoryS: 600 }
/** Shows that everything runs, nothing more. */
export const QUICK: Extent = {
  rounds: 1, warmUpS: 1, measureS: 1, lanes: 100, perLane: 20, queued: 5_000, handlingMaxS: 10,
  stores: [EMPTY, { portals: PORTALS, events: 10_000 }], starts: 1, memoryS: 3,
}

/** Servers run as users of their own and must be able to pass through; what is inside is closed by its owner. */
const PASSABLE = 0o711

export async function makeFolder(parent: string): Promise<{ folder: string; bodiesFile: string }> {
  const folder = await mkdtemp(join(parent, 'portline-bench-'))
  await chmod(folder, PASSABLE)
  const bodiesFile = join(folder, 'bodies')
  await writeFile(bodiesFile, wrkBodies(PORTALS))
  return { folder, bodiesFile }
}

export function removeFolder(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true })
}

const FILE_SYSTEMS: Readonly<Record<number, string>> = {
  0xef53: 'ext4', 0x58465342: 'xfs', 0x9123683e: 'btrfs', 0x794c7630: 'overlay', 0x01021994: 'tmpfs', 0x2fc12fc1: 'zfs',
}

/** On tmpfs nothing is ever synced, and every figure of the run would be a lie. */
export async function fileSystemOf(folder: string): Promise<string> {
  const { type } = await statfs(folder)
  return FILE_SYSTEMS[type] ?? `0x${type.toString(16)}`
}

/** Runs one contender's part; a failure is told in the results instead of ending the run. */
export async function guarded<Result>(bench: Bench, what: string, work: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await work()
  } catch (error) {
    const reason = (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? ''
    bench.absent.set(what, reason)
    bench.say(`  ${what}: ${error instanceof Error ? error.message : String(error)}`)
    return undefined
  }
}
