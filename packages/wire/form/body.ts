import { CodedError } from '../errors.ts'

/** A body in two forms of the same length: bytes are quick to look at, a string of one character per byte to cut from. */
export interface FormBody {
  readonly bytes: Uint8Array
  readonly text: string
}

/** Throws CodedError BODY_TOO_LARGE. */
export function toFormBody(body: Uint8Array | string, maxBodyBytes: number): FormBody {
  const bytes = typeof body === 'string' ? Buffer.from(body) : Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  if (bytes.length <= maxBodyBytes) return { bytes, text: bytes.toString('latin1') }
  throw new CodedError('BODY_TOO_LARGE', `The body has ${bytes.length} bytes, the limit is ${maxBodyBytes}`)
}
