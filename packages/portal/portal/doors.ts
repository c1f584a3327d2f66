import type { Server as HttpServer } from 'node:http'
import type { Server, Socket } from 'node:net'
import { createServer } from 'node:net'
import { CodedError } from '@portline/wire/errors.ts'
import { listenError } from '@portline/wire/listen-error.ts'
import { PORTAL_LIMITS } from '../limits.ts'

/**
 * The addresses a portal is reached at: one that is its own now, and those it had before, which answer with a redirect. A port
 * that was opened stays open until the portal stops, else a former address could not answer. Behind all of them is one web
 * server, which need not exist before the first connection: it is
 *
 *     asleep ──first connection──> being built ──> serving ──close──> gone
 *
 * Invariants: the present address is never among the former ones; the server is built once.
 */
export class Doors {
  readonly #opened = new Map<number, Server>()
  readonly #former = new Set<string>()
  readonly #sockets = new Set<Socket>()
  #server: (() => Promise<HttpServer>) | undefined
  #ownPort = 0
  #bindHost = ''

  /** @param ownPort where the server listens itself; 0 when it doesn't and every connection comes through here */
  serve(server: () => Promise<HttpServer>, bindHost: string, ownPort: number): void {
    let built: Promise<HttpServer> | undefined
    this.#server = () => (built ??= server())
    this.#bindHost = bindHost
    this.#ownPort = ownPort
  }

  isFormer(host: string): boolean {
    return this.#former.has(host)
  }

  /** BAD_REQUEST when the portal had too many. @param from, to host with port */
  moved(from: string, to: string): void {
    if (this.#former.size >= PORTAL_LIMITS.maxFormerAddresses) throw new CodedError('BAD_REQUEST', 'Too many addresses already')
    this.#former.add(from)
    this.#former.delete(to)
  }

  /** Answers at a further port, 0 for any free one. ADDRESS_IN_USE, CONFIG_INVALID. @returns the port */
  async open(port: number): Promise<number> {
    if (port !== 0 && (this.#opened.has(port) || port === this.#ownPort)) return port
    // Paused: what arrives before the server is there must not be read by anybody else.
    const door = createServer({ pauseOnConnect: true }, (socket) => void this.#letIn(socket))
    await listen(door, this.#bindHost, port)
    const opened = portOf(door)
    this.#opened.set(opened, door)
    return opened
  }

  close(): void {
    for (const door of this.#opened.values()) door.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  async #letIn(socket: Socket): Promise<void> {
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    try {
      const server = await this.#server?.()
      server?.emit('connection', socket)
      socket.resume()
    } catch {
      socket.destroy()
    }
  }
}

function listen(door: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    door.once('error', (cause) => reject(listenError(cause, host, port)))
    door.listen(port, host, resolve)
  })
}

function portOf(door: Server): number {
  const address = door.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}
