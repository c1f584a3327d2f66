import type { IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { http, https } from '@portline/runtime/http.ts'
import { CodedError } from '@portline/wire/errors.ts'
import { refusal } from './http-json.ts'

/** An answer that may be gigabytes and take its time, to be read piece by piece. Errors: SERVER_UNREACHABLE, the server's own codes. */
export async function openStream(baseUrl: string, token: string | undefined, method: 'GET' | 'POST', path: string): Promise<IncomingMessage> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const { request } = baseUrl.startsWith('https:') ? https : http
    const sent = request(`${baseUrl}${path}`, { method, headers: token === undefined ? {} : { authorization: `Bearer ${token}` } }, resolve)
    sent.on('error', (cause) => reject(new CodedError('SERVER_UNREACHABLE', `${baseUrl} does not answer`, { cause })))
    sent.end()
  })
  const status = answer.statusCode ?? 0
  if (status === 200) return answer
  const body = await text(answer)
  throw refusal(baseUrl, status, jsonOrNothing(body))
}

function jsonOrNothing(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
