/** As much of DER (ITU-T X.690) as a certificate needs: each function gives one whole element, tag and length included. */
const TAGS = {
  boolean: 0x01, integer: 0x02, bitString: 0x03, octetString: 0x04, oid: 0x06, utf8String: 0x0c, utcTime: 0x17,
  sequence: 0x30, set: 0x31,
} as const

/** A context-specific tag of constructed content. */
const EXPLICIT = 0xa0
/** A context-specific tag of plain content. */
const IMPLICIT = 0x80
/** From this length on the length itself takes further bytes, and their number is the low bits. */
const LONG_LENGTH = 0x80
const BASE_128 = 0x80

function element(tag: number, content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([tag]), lengthOf(content.length), content])
}

function lengthOf(length: number): Buffer {
  if (length < LONG_LENGTH) return Buffer.from([length])
  const hex = length.toString(16)
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
  return Buffer.concat([Buffer.from([LONG_LENGTH | bytes.length]), bytes])
}

export function sequence(...parts: readonly Uint8Array[]): Buffer {
  return element(TAGS.sequence, Buffer.concat(parts))
}

export function set(...parts: readonly Uint8Array[]): Buffer {
  return element(TAGS.set, Buffer.concat(parts))
}

/** A positive whole number, big-endian. */
export function integer(bytes: Uint8Array): Buffer {
  const first = bytes[0] ?? 0
  // A leading 1 bit would make it negative.
  return element(TAGS.integer, first >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes)
}

export function boolean(value: boolean): Buffer {
  return element(TAGS.boolean, Buffer.from([value ? 0xff : 0]))
}

/** All bits used unless told otherwise. */
export function bitString(bytes: Uint8Array, unusedBits = 0): Buffer {
  return element(TAGS.bitString, Buffer.concat([Buffer.from([unusedBits]), bytes]))
}

export function octetString(bytes: Uint8Array): Buffer {
  return element(TAGS.octetString, bytes)
}

export function utf8String(text: string): Buffer {
  return element(TAGS.utf8String, Buffer.from(text, 'utf8'))
}

/** `1.2.840.…`: the first two arcs share a byte, the others are base 128 with a continuation bit. */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  return element(TAGS.oid, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]))
}

function base128(arc: number): number[] {
  const bytes = [arc % BASE_128]
  for (let left = Math.floor(arc / BASE_128); left > 0; left = Math.floor(left / BASE_128)) {
    bytes.unshift((left % BASE_128) | BASE_128)
  }
  return bytes
}

/** Years 1950 to 2049 only, as UTCTime has two digits for them. */
export function utcTime(date: Date): Buffer {
  const digits = date.toISOString().replaceAll(/[-:T]/g, '')
  return element(TAGS.utcTime, Buffer.from(`${digits.slice(2, 14)}Z`, 'ascii'))
}

export function explicit(number: number, content: Uint8Array): Buffer {
  return element(EXPLICIT | number, content)
}

export function implicit(number: number, content: Uint8Array): Buffer {
  return element(IMPLICIT | number, content)
}
