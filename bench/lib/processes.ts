import { spawn } from 'node:child_process'
import type { ChildProcess, SpawnOptions } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { totalmem } from 'node:os'
import { residentBytes } from './usage.ts'

/**
 * Every process that the bench starts, so that none outlives it: those still running at its end are ended by their id, and
 * where the system can do it the kernel ends them should the bench itself be killed.
 */
const running = new Set<ChildProcess>()

const SETPRIV = '/usr/bin/setpriv'

/** One process that eats the machine's memory stops everybody on it, so it is killed long before: a failed row, not a dead machine. */
const MOST_MEMORY_BYTES = totalmem() / 4
const MEMORY_CHECK_MS = 250
const tooLarge = new WeakSet<ChildProcess>()
let watching: NodeJS.Timeout | undefined

function watchMemory(): void {
  watching ??= setInterval(() => {
    for (const child of running) {
      if (residentBytes(child.pid ?? 0) < MOST_MEMORY_BYTES || child.pid === undefined) continue
      tooLarge.add(child)
      child.kill('SIGKILL')
    }
  }, MEMORY_CHECK_MS).unref()
}

/** Why a process has ended, as far as the bench knows. */
export function endOf(child: ChildProcess): string {
  if (tooLarge.has(child)) return `killed: it took more than a quarter of the machine's memory`
  return `ended with ${child.exitCode ?? child.signalCode ?? 'nothing'}`
}

export interface OwnedOptions extends SpawnOptions {
  /** The process runs as this user; only root may say so. */
  readonly user?: string | undefined
}

export function spawnOwned(command: string, args: readonly string[], { user, ...options }: OwnedOptions = {}): ChildProcess {
  const rights = user === undefined ? [] : ['--reuid', user, '--regid', user, '--init-groups']
  const usesSetpriv = existsSync(SETPRIV)
  if (user !== undefined && !usesSetpriv) throw new Error(`${SETPRIV} is needed to run ${command} as ${user}`)
  const [program, ...before] = usesSetpriv ? [SETPRIV, '--pdeathsig', 'KILL', ...rights, '--', command] : [command]
  // A group of its own: Ctrl-C in the terminal is for the bench, which ends its processes in order.
  const child = spawn(program ?? command, [...before, ...args], { detached: true, ...options })
  running.add(child)
  watchMemory()
  child.once('exit', () => running.delete(child))
  child.once('error', () => running.delete(child))
  return child
}

/** Asks with the signal, and insists after the grace. */
export async function endProcess(child: ChildProcess, signal: NodeJS.Signals, graceMs = 10_000): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  const exited = once(child, 'exit')
  child.kill(signal)
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs)
  await exited
  clearTimeout(timer)
}

export async function endAll(): Promise<void> {
  await Promise.all([...running].map((child) => endProcess(child, 'SIGTERM', 3_000)))
}

/** What a short-lived program prints; its failure is an error that carries what it wrote to stderr. */
export async function outputOf(command: string, args: readonly string[], options: OwnedOptions = {}): Promise<string> {
  const child = spawnOwned(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  let [out, err] = ['', '']
  child.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr?.on('data', (chunk: Buffer) => (err += chunk.toString()))
  await once(child, 'close')
  if (child.exitCode !== 0) throw new Error(`${command} ${endOf(child)} ${err.trim().split('\n').slice(-8).join('\n')}`.trim())
  return out
}
