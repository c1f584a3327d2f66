import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'

/** Ends a connection with RST where the system lets us: TLS sockets can only be closed. */
export function resetConnection(socket: Socket | null): void {
  if (socket === null || socket.destroyed) return
  if (socket instanceof TLSSocket) socket.destroy()
  else socket.resetAndDestroy()
}
