import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { SeedResult } from './run-seeds.ts'

const RUNNER = fileURLToPath(new URL('./run-seeds.ts', import.meta.url))

export interface ChildRun {
  readonly results: readonly SeedResult[]
  /** What it said when it ended before its time: a bug may make a process go round in circles, or fall. */
  readonly failure?: string
}

/** Seeds in a process of their own: bugs can be put into it, and two of them use two processors. Lines that are no results are handed on. */
export function runInChild(args: readonly string[], timeoutMs: number, onLine: (line: string) => void = () => {}): Promise<ChildRun> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [RUNNER, ...args], { stdio: ['ignore', 'pipe', 'pipe'], timeout: timeoutMs, killSignal: 'SIGKILL' })
    const results: SeedResult[] = []
    let errors = ''
    createInterface(child.stdout).on('line', (line) => {
      if (line.startsWith('{"seed"')) results.push(JSON.parse(line) as SeedResult)
      else onLine(line)
    })
    child.stderr.on('data', (bytes) => (errors += String(bytes)))
    child.on('error', reject)
    child.on('close', (code, signal) => {
      const failure = signal === null ? errors.slice(-ERROR_LENGTH) : `no end after ${timeoutMs} ms`
      resolve(code === 0 ? { results } : { results, failure })
    })
  })
}

const ERROR_LENGTH = 2_000
