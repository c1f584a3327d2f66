import type { IncomingMessage } from 'node:http'
import type { EventEnvelope } from '@portline/wire/envelope.ts'
import { CodedError } from '@portline/wire/errors.ts'
import { decodeForm } from '@portline/wire/form/decode.ts'
import { FORM_LIMITS } from '@portline/wire/form/limits.ts'
import { readEnvelope } from '@portline/wire/read-envelope.ts'
import type { BodyReader } from './read-body.ts'

export interface ReceivedEvent {
  readonly envelope: EventEnvelope
  /** Of the body: what the event takes in memory, roughly. */
  readonly bytes: number
}

/**
 * Turns a request into a decoded event or a refusal; knows nothing of stores and trust.
 * Errors: METHOD_NOT_ALLOWED, UNSUPPORTED_MEDIA_TYPE, BODY_INCOMPLETE, TOO_MANY_BODIES, those of decodeForm and of readEnvelope.
 */
export async function receiveEvent(request: IncomingMessage, bodies: BodyReader, sender: string): Promise<ReceivedEvent> {
  if (request.method !== 'POST') throw new CodedError('METHOD_NOT_ALLOWED')
  if (!isForm(request.headers['content-type'])) throw new CodedError('UNSUPPORTED_MEDIA_TYPE')
  const body = await bodies.read(request, FORM_LIMITS.maxBodyBytes, sender)
  return { envelope: readEnvelope(decodeForm(body)), bytes: body.length }
}

function isForm(contentType: string | undefined): boolean {
  return /^application\/x-www-form-urlencoded\s*(;|$)/i.test(contentType ?? '')
}
