import type { FormBody } from './body.ts'

const PERCENT = 0x25
const PLUS = 0x2b
const SPACE = 0x20
const ASCII_END = 0x80
const NO_ESCAPE = -1

/** The value of a hex digit by its character code, NO_ESCAPE for any other byte. */
const HEX_DIGIT = Int8Array.from({ length: 256 }, (_, code) => {
  const digit = Number.parseInt(String.fromCharCode(code), 16)
  return Number.isNaN(digit) ? NO_ESCAPE : digit
})
const ASCII = Array.from({ length: ASCII_END }, (_, code) => String.fromCharCode(code))

/**
 * Undoes the escapes of a body from `start` to `end`, as PHP's urldecode does: `+` is
 * a space, a `%` without two hex digits behind it stays. The result is read as UTF-8; what is not valid UTF-8 becomes
 * U+FFFD by the rule of WHATWG, and a byte order mark stays.
 */
export function decodeEscapes({ bytes, text }: FormBody, start: number, end: number): string {
  let decoded = ''
  let copied = start
  for (let index = start; index < end; index++) {
    const code = bytes[index] as number
    if (code > PLUS && code < ASCII_END) continue
    if (code >= ASCII_END) return decodeUtf8(bytes, start, end)
    if (code !== PERCENT && code !== PLUS) continue
    const byte = code === PLUS ? SPACE : escapedByte(bytes, index, end)
    if (byte === NO_ESCAPE) continue
    if (byte >= ASCII_END) return decodeUtf8(bytes, start, end)
    decoded += text.slice(copied, index) + (ASCII[byte] as string)
    if (code === PERCENT) index += 2
    copied = index + 1
  }
  return copied === start ? text.slice(start, end) : decoded + text.slice(copied, end)
}

function escapedByte(bytes: Uint8Array, index: number, end: number): number {
  if (index + 2 >= end) return NO_ESCAPE
  const high = HEX_DIGIT[bytes[index + 1] as number] as number
  const low = HEX_DIGIT[bytes[index + 2] as number] as number
  return high === NO_ESCAPE || low === NO_ESCAPE ? NO_ESCAPE : (high << 4) | low
}

function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  const target = scratch(end - start)
  let length = 0
  for (let index = start; index < end; index++) {
    const code = bytes[index] as number
    const byte = code === PLUS ? SPACE : code === PERCENT ? escapedByte(bytes, index, end) : code
    if (code === PERCENT && byte !== NO_ESCAPE) index += 2
    target[length++] = byte === NO_ESCAPE ? PERCENT : byte
  }
  return target.toString('utf8', 0, length)
}

/** Bytes. Enough for any name and nearly any value; a longer one gets a buffer of its own. */
const SCRATCH_SIZE = 8_192
const shared = Buffer.alloc(SCRATCH_SIZE)

function scratch(size: number): Buffer {
  return size > SCRATCH_SIZE ? Buffer.alloc(size) : shared
}
