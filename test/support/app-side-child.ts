import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

/**
 * An app side in a process of its own, to be killed without a word.
 *
 *     not running ──start──> running ──kill──> not running
 *
 * It keeps its data folder and its port over all starts, so that what sends to it need not know of them.
 */
export class AppSideChild {
  readonly #script: string
  readonly #folder: string
  readonly #authServers: readonly string[]
  readonly #more: readonly string[]
  #process: ChildProcess | undefined
  #url = ''

  /** @param script of this folder; it is given data folder, port, authorization servers, the file of what it handled, and `more` */
  constructor(script: string, folder: string, authServers: readonly string[], ...more: readonly string[]) {
    this.#script = new URL(script, import.meta.url).pathname
    this.#folder = folder
    this.#authServers = authServers
    this.#more = more
  }

  get url(): string {
    return this.#url
  }

  get pid(): number | undefined {
    return this.#process?.pid
  }

  /** false once it has ended, whoever ended it. */
  get isRunning(): boolean {
    return this.#process !== undefined && this.#process.exitCode === null && this.#process.signalCode === null
  }

  get dataDir(): string {
    return join(this.#folder, 'data')
  }

  /** A line for each event that its handlers were given. */
  get handledFile(): string {
    return join(this.#folder, 'handled')
  }

  /** Resolves when it listens. Rejects when it ends before. */
  async start(): Promise<void> {
    const port = this.#url === '' ? '0' : new URL(this.#url).port
    const args = [this.#script, this.dataDir, port, this.#authServers.join(','), this.handledFile, ...this.#more]
    const started = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    this.#process = started
    const ended = once(started, 'exit').then(([code]) => { throw new Error(`${this.#script} ended with ${String(code)} before it listened`) })
    const [line] = (await Promise.race([once(started.stdout, 'data'), ended])) as [Buffer]
    this.#url = line.toString().trim().replace('ready ', '')
  }

  async kill(): Promise<void> {
    const running = this.#process
    this.#process = undefined
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return
    const exited = once(running, 'exit')
    running.kill('SIGKILL')
    await exited
  }
}
