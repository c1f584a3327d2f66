import { closeSync, fdatasync, openSync, readFileSync, write } from 'node:fs'
import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { decodeForm } from '@portline/wire/form/decode.ts'
import { readEnvelope } from '@portline/wire/read-envelope.ts'
import { announce, printCount, readSettings } from '../lib/contender-side.ts'

/**
 * What no receiver in one Node process can beat: `body` reads the request and answers, `decode` also decodes it, `file` also
 * appends the raw body to a file and answers when it is synced. While one sync is under way the next bodies gather.
 */
const LENGTH_BYTES = 4
const settings = readSettings()
const file = join(settings.folder, 'events.log')
const [writeFile, sync] = [promisify(write), promisify(fdatasync)]

interface Waiting {
  readonly body: Buffer
  readonly answer: () => void
}

class SyncedFile {
  readonly #descriptor = openSync(file, 'a')
  #waiting: Waiting[] = []
  #busy = false

  append(body: Buffer): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ body, answer: resolve })
      if (!this.#busy) void this.#work()
    })
  }

  async #work(): Promise<void> {
    this.#busy = true
    while (this.#waiting.length > 0) {
      const batch = this.#waiting
      this.#waiting = []
      await writeFile(this.#descriptor, Buffer.concat(batch.flatMap(({ body }) => [lengthOf(body), body])))
      await sync(this.#descriptor)
      for (const { answer } of batch) answer()
    }
    this.#busy = false
  }
}

function lengthOf(body: Buffer): Buffer {
  const bytes = Buffer.alloc(LENGTH_BYTES)
  bytes.writeUInt32LE(body.length)
  return bytes
}

function bodyOf(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject)
    request.on('end', () => resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)))
  })
}

function countFrames(): number {
  const bytes = readFileSync(file)
  let frames = 0
  for (let at = 0; at + LENGTH_BYTES <= bytes.length; frames++) {
    at += LENGTH_BYTES + bytes.readUInt32LE(at)
    if (at > bytes.length) break
  }
  return frames
}

const ANSWER = JSON.stringify({ id: '01ARZ3NDEKTSV4RRFFQ69G5FAV', state: 'pending' })
const HEADERS = { 'content-type': 'application/json', 'content-length': ANSWER.length }

function serve(): void {
  const synced = settings.variant === 'file' ? new SyncedFile() : undefined
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request)
    if (settings.variant === 'decode') readEnvelope(decodeForm(body))
    await synced?.append(body)
    response.writeHead(200, HEADERS).end(ANSWER)
  })
  server.listen(settings.port, '127.0.0.1', () => {
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    announce({ url: `http://127.0.0.1:${port}`, stop: async () => server.closeAllConnections() })
  })
}

if (settings.mode === 'prepare') closeSync(openSync(file, 'w'))
else if (settings.mode === 'count') printCount(countFrames())
else serve()
