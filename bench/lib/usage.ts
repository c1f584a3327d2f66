import { readFileSync, readdirSync } from 'node:fs'

/** What a process and its descendants have used, read from /proc; NaN where there is none. */
export interface Usage {
  readonly cpuS: number
  /** Of the whole tree, a page that several share counted once. */
  readonly memoryBytes: number
}

/** USER_HZ: 100 on every Linux that Node runs on. */
const TICKS_PER_S = 100
const KIBIBYTE = 1_024

export function usageOf(root: number): Usage {
  try {
    const tree = descendantsOf(root)
    return {
      cpuS: tree.reduce((sum, pid) => sum + cpuTicks(pid), 0) / TICKS_PER_S,
      memoryBytes: tree.reduce((sum, pid) => sum + proportionalBytes(pid), 0),
    }
  } catch {
    return { cpuS: Number.NaN, memoryBytes: Number.NaN }
  }
}

/** The most resident memory one process has ever had. */
export function peakBytes(pid: number): number {
  return statusBytes(pid, 'VmHWM')
}

export function residentBytes(pid: number): number {
  return statusBytes(pid, 'VmRSS')
}

function statusBytes(pid: number, key: 'VmHWM' | 'VmRSS'): number {
  try {
    const kibibytes = new RegExp(`${key}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return Number(kibibytes) * KIBIBYTE
  } catch {
    return Number.NaN
  }
}

/** CPU seconds of all processors, busy and idle: how much of the machine was left. */
export function machineCpu(): { busyS: number; totalS: number } {
  try {
    const ticks = (readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? '').trim().split(/\s+/).slice(1, 9).map(Number)
    const totalS = ticks.reduce((sum, value) => sum + value, 0) / TICKS_PER_S
    const [, , , idle = 0, waiting = 0] = ticks
    return { busyS: totalS - (idle + waiting) / TICKS_PER_S, totalS }
  } catch {
    return { busyS: Number.NaN, totalS: Number.NaN }
  }
}

function descendantsOf(root: number): number[] {
  const children = new Map<number, number[]>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const parent = statFields(Number(name))[1]
    if (parent !== undefined) children.set(Number(parent), [...(children.get(Number(parent)) ?? []), Number(name)])
  }
  const tree = [root]
  for (const pid of tree) tree.push(...(children.get(pid) ?? []))
  return tree
}

/** From the state on: what stands before it is the program's name, which may hold anything. */
function statFields(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ')
  } catch {
    return []
  }
}

/** Of its own threads, and of children that have ended. */
function cpuTicks(pid: number): number {
  return statFields(pid).slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0)
}

function proportionalBytes(pid: number): number {
  try {
    return Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0) * KIBIBYTE
  } catch {
    return 0
  }
}
