import { once } from 'node:events'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Server, ServerKind } from '../servers/server.ts'
import type { ContenderSettings } from './contender-side.ts'
import { endOf, endProcess, outputOf, spawnOwned } from './processes.ts'
import { usageOf } from './usage.ts'
import type { Usage } from './usage.ts'

/** One way to receive events: a program of the bench, a variant of it, and the server it needs. */
export interface Contender {
  readonly name: string
  readonly label: string
  readonly program: string
  readonly variant?: string
  readonly handlers: ContenderSettings['handlers']
  readonly server?: ServerKind
  /** What it promises when it answers 200; those that promise nothing are not counted. */
  readonly durable: boolean
  /** Its store forgets an event that was handled, so both are counted together. */
  readonly forgetsHandled?: boolean
  /** One event of a portal at a time, in the order of receipt. */
  readonly lanes?: boolean
  /** Its `prepare` stores the backlog it is given. */
  readonly takesBacklog?: boolean
}

type RoundSettings = Partial<Pick<ContenderSettings, 'portals' | 'backlog' | 'failFrom'>>

/** What does not stop in order is killed then; what it has not settled is counted. */
const STOP_MAX_MS = 30_000

const DEFAULTS = { portals: 1_000, backlog: [], port: 0 }

/** A contender's life in one round: a folder and a server of its own, prepared, then served as often as is asked. */
export class Round {
  readonly contender: Contender
  readonly folder: string
  readonly #settings: Omit<ContenderSettings, 'mode'>
  readonly #server: Server | undefined

  private constructor(contender: Contender, folder: string, settings: Omit<ContenderSettings, 'mode'>, server: Server | undefined) {
    this.contender = contender
    this.folder = folder
    this.#settings = settings
    this.#server = server
  }

  static async open(contender: Contender, parent: string, settings: RoundSettings = {}): Promise<Round> {
    const folder = join(parent, `${contender.name}-${rounds++}`)
    const own = join(folder, 'own')
    const serverFolder = join(folder, 'server')
    for (const path of [folder, own, serverFolder]) await mkdir(path, { mode: 0o711 })
    const server = await contender.server?.start(serverFolder)
    const round = new Round(contender, folder, {
      ...DEFAULTS, variant: contender.variant ?? '', handlers: contender.handlers, ...settings, folder: own, serverUrl: server?.url ?? '',
    }, server)
    try {
      await round.#run('prepare')
    } catch (error) {
      await round.close()
      throw error
    }
    return round
  }

  async serve(): Promise<RunningContender> {
    const settings = JSON.stringify({ ...this.#settings, mode: 'serve' } satisfies ContenderSettings)
    const child = spawnOwned(process.execPath, [programPath(this.contender), settings], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    const running = new RunningContender(child, this.#server?.pid)
    await running.ready()
    return running
  }

  /** What is stored after the contender was killed. */
  async count(variant?: string): Promise<number> {
    return Number(await this.#run('count', variant))
  }

  /** Ends its server and removes all it has stored. */
  async close(): Promise<void> {
    await this.#server?.stop()
    await rm(this.folder, { recursive: true, force: true })
  }

  #run(mode: 'prepare' | 'count', variant?: string): Promise<string> {
    const settings: ContenderSettings = { ...this.#settings, mode, ...(variant === undefined ? {} : { variant }) }
    return outputOf(process.execPath, [programPath(this.contender), JSON.stringify(settings)])
  }
}

let rounds = 0

function programPath({ program }: Contender): string {
  return fileURLToPath(new URL(`../${program}`, import.meta.url))
}

export class RunningContender {
  readonly #child: ChildProcess
  readonly #serverPid: number | undefined
  url = ''

  constructor(child: ChildProcess, serverPid: number | undefined) {
    this.#child = child
    this.#serverPid = serverPid
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  async ready(): Promise<void> {
    this.url = (await this.#answer()) as string
  }

  async ask(question: 'handled' | 'times'): Promise<unknown> {
    const answer = this.#answer()
    if (this.#child.connected) this.#child.send({ ask: question })
    return answer
  }

  usage(): { readonly app: Usage; readonly server: Usage | undefined } {
    return { app: usageOf(this.pid), server: this.#serverPid === undefined ? undefined : usageOf(this.#serverPid) }
  }

  /** Lets it end in order. */
  async stop(): Promise<void> {
    if (!this.#child.connected) throw new Error(`the contender ${endOf(this.#child)}`)
    const exited = once(this.#child, 'exit')
    this.#child.send({ ask: 'stop' })
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MAX_MS)
    await exited
    clearTimeout(timer)
  }

  async kill(): Promise<void> {
    await endProcess(this.#child, 'SIGKILL')
  }

  /** The next thing it says. Errors: when it is gone, or goes before it answers. */
  #answer(): Promise<unknown> {
    const child = this.#child
    return new Promise((resolve, reject) => {
      const onMessage = (message: { answer: unknown }): void => {
        child.off('exit', onExit)
        resolve(message.answer)
      }
      const onExit = (): void => {
        child.off('message', onMessage)
        reject(new Error(`the contender ${endOf(child)}`))
      }
      if (child.exitCode !== null || child.signalCode !== null) return onExit()
      child.once('message', onMessage).once('exit', onExit)
    })
  }
}
