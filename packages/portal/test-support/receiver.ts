import { createServer } from 'node:http'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { decodeForm } from '@portline/wire/form/decode.ts'
import type { FormMap } from '@portline/wire/form/value.ts'

/** One POST the portal made. */
export interface Received {
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly form: FormMap
}

/** A real HTTP server in the place of an app: keeps what it gets and answers what it is told. */
export interface Receiver {
  readonly url: string
  readonly received: Received[]
  /** Runs before each answer. */
  onPost: (received: Received) => Promise<void> | void
  answer: string
  /** 0: never answers. */
  status: number
  stop(): Promise<void>
}

export async function startReceiver(listenPort = 0): Promise<Receiver> {
  const server = createServer((request, response) => {
    void readBody(request).then(async (body) => {
      const url = new URL(request.url ?? '/', 'http://receiver')
      const got = { path: url.pathname, query: url.searchParams, headers: request.headers, body, form: decodeForm(body) }
      receiver.received.push(got)
      await receiver.onPost(got)
      if (receiver.status !== 0) response.writeHead(receiver.status).end(receiver.answer)
    }, () => {
      // The portal broke off: nothing was received.
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(listenPort, '127.0.0.1', resolve)
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const receiver: Receiver = {
    url: `http://127.0.0.1:${port}`,
    received: [],
    onPost: () => {},
    answer: 'ok',
    status: 200,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return receiver
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString('utf8')
}
