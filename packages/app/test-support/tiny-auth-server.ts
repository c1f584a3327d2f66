import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A few lines of authorization server for tests of one room: answers what the test says, and remembers what it was asked. */
export interface TinyServer {
  readonly origin: string
  readonly asked: { readonly path: string; readonly form: URLSearchParams }[]
  answer: (path: string, form: URLSearchParams) => { status?: number; json?: object; text?: string; location?: string } | 'reset'
  close(): Promise<void>
}

export async function startTinyServer(answer: TinyServer['answer']): Promise<TinyServer> {
  const asked: TinyServer['asked'] = []
  const http = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const form = new URLSearchParams(Buffer.concat(chunks).toString())
      const path = request.url ?? ''
      asked.push({ path, form })
      const said = tiny.answer(path, form)
      if (said === 'reset') return void request.socket.destroy()
      response.writeHead(said.status ?? 200, {
        'content-type': 'application/json',
        ...(said.location === undefined ? {} : { location: said.location }),
      })
      response.end(said.text ?? JSON.stringify(said.json))
    })
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const tiny: TinyServer = {
    origin: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    asked,
    answer,
    close: () => new Promise((resolve) => http.close(() => resolve())),
  }
  return tiny
}
