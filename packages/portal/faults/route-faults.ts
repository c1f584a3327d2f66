import { sleep } from '@portline/runtime/clock.ts'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { PortalContext } from '../context.ts'
import { uninstallApp } from '../portal/uninstall.ts'
import { resetConnection } from '../queue/reset-connection.ts'
import { answerOf } from './answers.ts'
import { brokenChunk, slowBody } from './broken-body.ts'
import type { ParsedFault } from './schema.ts'
import { skewAnswer } from './skew.ts'
import type { RouteTarget } from './route-target.ts'

/** Whom a request is for; undefined: nothing a fault can strike. */
type FindTarget = (request: FastifyRequest) => RouteTarget | undefined

interface Struck {
  readonly target: RouteTarget
  readonly faults: readonly ParsedFault[]
}

/** Lets faults strike the requests of a server; `find` says which portal a request belongs to. */
export function addFaultHooks(server: FastifyInstance, find: FindTarget): void {
  const struckRequests = new WeakMap<FastifyRequest, Struck>()
  server.addHook('preHandler', async (request, reply) => {
    const target = find(request)
    if (target === undefined || target.context.faults.isEmpty) return undefined
    const faults: ParsedFault[] = []
    for (const fault of target.context.faults.strike(target)) {
      if (await strikeBefore(fault, target, request, reply)) return reply
      faults.push(fault)
    }
    if (faults.length > 0) struckRequests.set(request, { target, faults })
    return undefined
  })
  server.addHook('onSend', async (request, reply, payload) => {
    const struck = struckRequests.get(request)
    return struck === undefined ? payload : strikeAfter(struck, reply, payload)
  })
}

/** @returns whether the request is done with */
async function strikeBefore(
  fault: ParsedFault, target: RouteTarget, request: FastifyRequest, reply: FastifyReply,
): Promise<boolean> {
  const { context } = target
  if ('when' in fault && fault.when === 'after') return false
  switch (fault.fault) {
    case 'latency':
      return waitFor(context, fault.delay_ms, reply)
    case 'uninstall':
      uninstallCaller(target, fault.clean)
      return false
    case 'connection_reset':
    case 'connection_closed':
      breakConnection(fault.fault, reply)
      return true
    default: {
      const answer = answerOf(fault, target.on, request.raw.url ?? '/')
      if (answer === undefined) return false
      if (answer.location !== undefined) reply.header('Location', answer.location)
      await reply.code(answer.status).type(answer.contentType).send(answer.body)
      return true
    }
  }
}

async function strikeAfter({ target, faults }: Struck, reply: FastifyReply, payload: unknown): Promise<unknown> {
  const { context } = target
  let answer = payload
  for (const fault of faults) {
    const bytes = Buffer.from(typeof answer === 'string' || answer instanceof Uint8Array ? answer : '')
    if (fault.fault === 'clock_skew') {
      skewDate(reply, fault.skew_ms)
      answer = skewAnswer(bytes.toString('utf8'), fault.skew_ms)
    } else if (fault.fault === 'broken_chunk') answer = brokenChunk(reply.raw, bytes)
    else if (fault.fault === 'slow_loris') {
      answer = slowBody(context.clock, bytes, fault.chunk_bytes, fault.every_ms, context.stopping)
    } else if ('when' in fault && fault.when === 'after') answer = await spoilAnswer(fault, target, reply, answer)
    if (typeof answer === 'object' && !(answer instanceof Uint8Array)) break
  }
  if (answer !== payload) reply.removeHeader('Content-Length')
  return answer
}

/** The request has been carried out; its answer suffers. */
async function spoilAnswer(
  fault: ParsedFault, target: RouteTarget, reply: FastifyReply, answer: unknown,
): Promise<unknown> {
  if (fault.fault === 'latency') await waitFor(target.context, fault.delay_ms, reply)
  if (fault.fault === 'uninstall') uninstallCaller(target, fault.clean)
  if (fault.fault === 'empty_answer') return ''
  if (fault.fault === 'connection_reset' || fault.fault === 'connection_closed') breakConnection(fault.fault, reply)
  return answer
}

/** @returns true when the portal stopped meanwhile */
async function waitFor({ clock, stopping }: PortalContext, delayMs: number, reply: FastifyReply): Promise<boolean> {
  try {
    await sleep(clock, delayMs, stopping)
    return false
  } catch {
    reply.hijack()
    return true
  }
}

function uninstallCaller({ context, clientId }: RouteTarget, clean: boolean): void {
  const app = context.world.app(clientId() ?? '')
  if (app?.active === true) uninstallApp(context, app, clean)
}

function breakConnection(fault: 'connection_reset' | 'connection_closed', reply: FastifyReply): void {
  const { socket } = reply.raw
  reply.hijack()
  if (fault === 'connection_reset') resetConnection(socket)
  else socket?.destroy()
}

function skewDate(reply: FastifyReply, skewMs: number): void {
  const date = reply.getHeader('Date')
  if (typeof date === 'string') reply.header('Date', new Date(Date.parse(date) + skewMs).toUTCString())
}
