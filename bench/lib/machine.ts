import { closeSync, fdatasyncSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs'
import { arch, availableParallelism, cpus, loadavg, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { fileSystemOf } from './bench.ts'
import { outputOf } from './processes.ts'
import { percentile } from './statistics.ts'
import { duration, mebibytes } from './table.ts'

/** Where the figures come from. */
export async function machineFacts(folder: string, root: string): Promise<[name: string, fact: string][]> {
  const sync = syncTimes(folder)
  const [syncMedian, syncP99] = [duration(percentile(sync, 50)), duration(percentile(sync, 99))]
  return [
    ['Date', new Date().toISOString().slice(0, 10)],
    ['Portline', await commitOf(root)],
    ['CPU', `${cpus()[0]?.model ?? '?'}, ${availableParallelism()} cores, shared by everything: contender, its server, load generator`],
    ['Memory', `${mebibytes(totalmem())} MiB`],
    ['System', `${osName()}, Linux ${release()}, ${arch()}`],
    ['Disk', `${await fileSystemOf(folder)}; 4 KiB appended and synced (fdatasync): ${syncMedian} median, ${syncP99} p99`],
    ['Load before the run', loadavg().map((load) => load.toFixed(2)).join(', ')],
    ['Node', process.version],
  ]
}

const SYNCS = 300
const SYNCED_BYTES = 4_096

function syncTimes(folder: string): number[] {
  const file = join(folder, 'sync')
  const descriptor = openSync(file, 'w')
  const bytes = Buffer.alloc(SYNCED_BYTES, 1)
  const times = Array.from({ length: SYNCS }, () => {
    writeSync(descriptor, bytes)
    const beginMs = performance.now()
    fdatasyncSync(descriptor)
    return performance.now() - beginMs
  })
  closeSync(descriptor)
  rmSync(file)
  return times
}

function osName(): string {
  try {
    return /^PRETTY_NAME="(.*)"$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'Linux'
  } catch {
    return process.platform
  }
}

async function commitOf(root: string): Promise<string> {
  try {
    const commit = (await outputOf('git', ['rev-parse', '--short=10', 'HEAD'], { cwd: root })).trim()
    const changed = (await outputOf('git', ['status', '--porcelain', '--', 'packages'], { cwd: root })).trim() !== ''
    return `commit ${commit}${changed ? ', with changes that are in no commit' : ''}`
  } catch {
    return 'no commit'
  }
}

/** How often the disk under the folder has been told to sync; the kernel counts for everybody. NaN where it does not. */
export function diskSyncs(folder: string): number {
  try {
    const { dev } = statSync(folder)
    const [major, minor] = [(dev >> 8) & 0xfff, (dev & 0xff) | ((dev >> 12) & 0xfff00)]
    const line = readFileSync('/proc/diskstats', 'utf8').split('\n').map((text) => text.trim().split(/\s+/))
    return Number(line.find(([one, other]) => Number(one) === major && Number(other) === minor)?.[FLUSHES_AT])
  } catch {
    return Number.NaN
  }
}

/** Documentation/admin-guide/iostats.rst of the kernel: flush requests completed. */
const FLUSHES_AT = 18
