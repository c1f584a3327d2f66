import type { ChildProcess } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { delimiter, join } from 'node:path'

/** A server that a contender needs, on loopback and in a folder of its own, set so that it has synced what it acknowledges. */
export interface Server {
  readonly url: string
  /** Of its first process. */
  readonly pid: number
  stop(): Promise<void>
}

export interface ServerKind {
  readonly name: string
  /** Why it cannot be had here; undefined when it can. */
  missing(): string | undefined
  version(): Promise<string>
  /** Settings that its durability rests on, for the results. */
  readonly durability: string
  start(folder: string): Promise<Server>
}

const START_MS = 60_000
const ASK_AGAIN_MS = 25

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

/** On the PATH, or in one of the folders where Debian keeps servers; a `*` in a folder stands for a version, the newest first. */
export function findProgram(name: string, folders: readonly string[] = []): string | undefined {
  const expanded = folders.flatMap((folder) => {
    const [before = '', after] = folder.split('*')
    if (after === undefined || !existsSync(before)) return [folder]
    return readdirSync(before).toSorted((one, other) => Number(other) - Number(one)).map((version) => `${before}${version}${after}`)
  })
  const onPath = (process.env['PATH'] ?? '').split(delimiter)
  return [...expanded, ...onPath].map((folder) => join(folder, name)).find((path) => existsSync(path))
}

/** Waits until the port takes connections, or the server has given up. */
export async function untilListening(port: number, child: ChildProcess, readLog: () => string): Promise<void> {
  await until(() => isListening(port), child, readLog)
}

export async function until(holds: () => Promise<boolean>, child: ChildProcess, readLog: () => string): Promise<void> {
  const giveUpAtMs = performance.now() + START_MS
  while (!(await holds())) {
    if (child.exitCode !== null || child.signalCode !== null || performance.now() > giveUpAtMs) {
      throw new Error(`${child.spawnfile} did not start: ${readLog().trim().split('\n').slice(-8).join('\n')}`)
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS))
  }
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

/** Keeps what a server writes, for the case that it does not start. */
export function logOf(child: ChildProcess): () => string {
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => (text = (text + chunk.toString()).slice(-20_000)))
  }
  return () => text
}
