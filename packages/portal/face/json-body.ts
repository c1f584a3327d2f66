import { CodedError } from '@portline/wire/errors.ts'
import type { FastifyRequest } from 'fastify'
import { bytesOf } from '../http-server.ts'

/** An empty body is an empty object, so that a call without options needs none. BAD_REQUEST when it is not JSON. */
export function bodyOf(request: FastifyRequest): unknown {
  const text = new TextDecoder().decode(bytesOf(request))
  if (text.trim() === '') return {}
  try {
    return JSON.parse(text)
  } catch {
    throw new CodedError('BAD_REQUEST', 'The body is not JSON')
  }
}
