import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Log } from '@portline/runtime/log.ts'
import { CodedError } from '@portline/wire/errors.ts'
import type { Inbox } from '../inbox/inbox.ts'
import type { BodyReader } from '../receive/read-body.ts'
import { receiveEvent } from '../receive/receive-event.ts'
import type { RefusalLog } from '../inbox/refusal-log.ts'
import { asCoded, sendError, sendJson } from './answer.ts'
import { networkOf } from './sender-address.ts'
import type { SenderAddresses } from './sender-address.ts'
import type { SenderNodes } from './sender-nodes.ts'

/**
 * `POST /apps/<app>/events` on bare node:http: the one address where every microsecond counts. 200 says that the event is
 * on disk; the body names its id and state.
 */
export interface EventEndpointParts {
  readonly inbox: Inbox
  readonly hasApp: (name: string) => boolean
  readonly bodies: BodyReader
  readonly senders: SenderAddresses
  /** Absent unless senders' addresses are to be checked. */
  readonly senderNodes: SenderNodes | undefined
  readonly refusals: RefusalLog
  readonly log: Log
}

const EVENT_PATH = /^(?:https?:\/\/[^/]+)?\/apps\/([^/?]+)\/events\/?(?:\?|$)/

/** The app's name when the request is for an event endpoint. */
export function eventPathApp(url: string | undefined): string | undefined {
  const app = EVENT_PATH.exec(url ?? '')?.[1]
  // A copy: what was cut out would keep the whole address in memory, for as long as anything of a held event is.
  return app === undefined ? undefined : Buffer.from(app).toString()
}

export async function answerEvent(
  { inbox, hasApp, bodies, senders, senderNodes, refusals, log }: EventEndpointParts,
  app: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    if (!hasApp(app)) throw new CodedError('APP_UNKNOWN')
    const sender = senders.of(request)
    const doubt = senderNodes?.check(sender)
    if (doubt !== undefined) await counted(doubt, app, refusals)
    const network = networkOf(sender)
    const { envelope, bytes } = await receiveEvent(request, bodies, network)
    sendJson(response, 200, await inbox.accept(app, envelope, bytes, network))
  } catch (error) {
    sendError(request, response, asCoded(error, log))
  }
}

async function counted(check: Promise<void>, app: string, refusals: RefusalLog): Promise<void> {
  try {
    await check
  } catch (error) {
    if (error instanceof CodedError) refusals.add({ app, code: error.code })
    throw error
  }
}
