import { createServer } from 'node:http'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

export interface ReceivedHook {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly socket: Socket
}

export interface HookReceiver {
  readonly url: string
  readonly port: number
  readonly received: readonly ReceivedHook[]
  /** How the next requests are answered; 200 at first. */
  answer: (request: IncomingMessage, response: ServerResponse) => void
  close(): Promise<void>
}

/** A real HTTP server on loopback that keeps what it gets. */
export async function startHookReceiver(): Promise<HookReceiver> {
  const received: ReceivedHook[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { url = '', headers, socket } = request
      received.push({ path: url, headers, body: Buffer.concat(chunks).toString('utf8'), socket })
      receiver.answer(request, response)
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  const receiver: HookReceiver = {
    url: `http://127.0.0.1:${port}/hook`,
    port,
    received,
    answer: (_request, response) => response.end('ok'),
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => {
        server.close(resolve)
      })
    },
  }
  return receiver
}
