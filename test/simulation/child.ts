import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { SeedResult } from './run-seeds.ts'

const RUNNER = fileURLToPath(new URL('./run-seeds.ts', import.meta.url))

export interface ChildRun {
  readonly results: readonly SeedResult[]
  /** What it said when it ended before its time. */
  readonly failure?: string
  /** A bug made it go round in circles: one seed took longer than any does. */
  readonly hung?: true
}

/** A seed takes a tenth of a second, and some seconds on a machine that has much else to do. */
const SEED_MS = 180_000

/** Seeds in a process of their own: bugs can be put into it, and two of them use two processors. Lines that are no results are handed on. */
export function runInChild(args: readonly string[], timeoutMs: number, onLine: (line: string) => void = () => {}): Promise<ChildRun> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [RUNNER, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    const results: SeedResult[] = []
    let errors = ''
    let ended: string | undefined
    const end = (why: string) => (): void => {
      ended = why
      child.kill('SIGKILL')
    }
    const all = setTimeout(end(`no end after ${timeoutMs} ms`), timeoutMs)
    let seed = setTimeout(end(HUNG), SEED_MS)
    createInterface(child.stdout).on('line', (line) => {
      clearTimeout(seed)
      seed = setTimeout(end(HUNG), SEED_MS)
      if (line.startsWith('{"seed"')) results.push(JSON.parse(line) as SeedResult)
      else onLine(line)
    })
    child.stderr.on('data', (bytes) => (errors += String(bytes)))
    child.on('error', reject)
    child.on('close', (code) => {
      clearTimeout(all)
      clearTimeout(seed)
      if (code === 0) return resolve({ results })
      resolve({ results, failure: ended ?? errors.slice(-ERROR_LENGTH), ...(ended === HUNG ? { hung: true } : {}) })
    })
  })
}

const HUNG = `a seed has no end after ${SEED_MS} ms`
const ERROR_LENGTH = 2_000
