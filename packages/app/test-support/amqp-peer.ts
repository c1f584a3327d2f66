import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

/** The few words of AMQP 0-9-1 that a publisher hears, said at the moment a test wants them; a real broker cannot be made to. */
export interface AmqpPeer {
  readonly url: string
  /** Messages that it confirmed. */
  readonly confirmed: number
  readonly connections: number
  /** Connections that have not ended. */
  readonly open: number
  /** It was asked for what it does not answer. */
  readonly silent: boolean
  close(): Promise<void>
}

/** What a client asked for, by class and method. */
export const ASKED = { channelOpen: '20.10', confirmSelect: '85.10', exchangeCheck: '40.10', publish: '60.40' } as const

const CLIENT_CLOSES = '10.50'
const FRAME_END = 0xce
const METHOD = 1
const BODY = 3
const PROTOCOL_HEADER_BYTES = 8
const FRAME_HEAD_BYTES = 7

const CONNECTION_FORCED = 320

/** Of the whole connection, or of its channel. */
export const END = { connection: closing(0, 10, 50), channel: closing(1, 20, 40) } as const

/** It takes nothing for now. */
export const BLOCKED = method(0, 10, 60, shortText('low on memory'))

export interface AmqpTwist {
  readonly asked: string
  /** So often it is answered as ever first. */
  readonly after?: number
  /** Goes out in one write with the answer, or in place of it. */
  readonly along?: Buffer
  /** No answer to that, or to that and all that follows, the goodbye too: as from a broker whose channel hangs. */
  readonly silent?: 'once' | 'from then on'
}

/** The twist is in the first connection only. */
export async function startAmqpPeer({ asked, after = 0, along = Buffer.alloc(0), silent }: AmqpTwist): Promise<AmqpPeer> {
  const peer = { url: '', confirmed: 0, connections: 0, open: 0, silent: false }
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    peer.connections += 1
    peer.open += 1
    const isFirst = peer.connections === 1
    let [tag, times, mute] = [0, 0, false]
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => (peer.open -= 1))
    readFrames(socket, {
      onHeader: () => socket.write(START),
      onMethod(name) {
        if (mute && silent === 'from then on') return
        const isAsked = isFirst && name === asked && times++ === after
        mute = isAsked && silent !== undefined
        peer.silent ||= mute
        const answer = mute ? Buffer.alloc(0) : ANSWERS[name]
        if (answer !== undefined) socket.write(isAsked ? Buffer.concat([answer, along]) : answer)
        if (name === CLIENT_CLOSES) socket.end()
      },
      onBody() {
        tag += 1
        if (mute) return
        peer.confirmed += 1
        socket.write(confirmOf(tag))
      },
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  peer.url = `amqp://guest:guest@127.0.0.1:${(server.address() as AddressInfo).port}`
  return Object.assign(peer, {
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  })
}

interface FrameListener {
  onHeader(): void
  onMethod(name: string): void
  onBody(): void
}

function readFrames(socket: Socket, listener: FrameListener): void {
  let [bytes, greeted] = [Buffer.alloc(0), false]
  socket.on('data', (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk])
    if (!greeted && bytes.length >= PROTOCOL_HEADER_BYTES) {
      greeted = true
      bytes = bytes.subarray(PROTOCOL_HEADER_BYTES)
      listener.onHeader()
    }
    if (!greeted) return
    while (bytes.length >= FRAME_HEAD_BYTES) {
      const [type, end] = [bytes.readUInt8(0), FRAME_HEAD_BYTES + bytes.readUInt32BE(3) + 1]
      if (bytes.length < end) return
      if (type === METHOD) listener.onMethod(`${bytes.readUInt16BE(7)}.${bytes.readUInt16BE(9)}`)
      if (type === BODY) listener.onBody()
      bytes = bytes.subarray(end)
    }
  })
}

function method(channel: number, classId: number, methodId: number, fields: Buffer = Buffer.alloc(0)): Buffer {
  const frame = Buffer.alloc(FRAME_HEAD_BYTES + 4 + fields.length + 1, FRAME_END)
  frame.writeUInt8(METHOD, 0)
  frame.writeUInt16BE(channel, 1)
  frame.writeUInt32BE(4 + fields.length, 3)
  frame.writeUInt16BE(classId, 7)
  frame.writeUInt16BE(methodId, 9)
  fields.copy(frame, 11)
  return frame
}

function closing(channel: number, classId: number, methodId: number): Buffer {
  const fields = Buffer.alloc(7)
  fields.writeUInt16BE(CONNECTION_FORCED, 0)
  return method(channel, classId, methodId, fields)
}

function confirmOf(tag: number): Buffer {
  const fields = Buffer.alloc(9)
  fields.writeBigUInt64BE(BigInt(tag), 0)
  return method(1, 60, 80, fields)
}

function shortText(text: string): Buffer {
  return Buffer.concat([Buffer.from([text.length]), Buffer.from(text)])
}

function longText(text: string): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(text.length)
  return Buffer.concat([length, Buffer.from(text)])
}

/** Version 0-9, no properties. */
const START = method(0, 10, 10, Buffer.concat([Buffer.from([0, 9]), longText(''), longText('PLAIN'), longText('en_US')]))
/** Up to 2,047 channels, frames of 131,072 bytes, no heartbeat. */
const TUNE = method(0, 10, 30, Buffer.from([7, 255, 0, 2, 0, 0, 0, 0]))

const ANSWERS: Readonly<Record<string, Buffer>> = {
  '10.11': TUNE,
  '10.40': method(0, 10, 41, Buffer.from([0])),
  '20.10': method(1, 20, 11, longText('')),
  [ASKED.confirmSelect]: method(1, 85, 11),
  [ASKED.exchangeCheck]: method(1, 40, 11),
  [CLIENT_CLOSES]: method(0, 10, 51),
}
