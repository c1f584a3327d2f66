import { describe, expect, test } from 'vitest'
import { CodedError, type ErrorCode } from '../errors.ts'
import { decodeForm } from './decode.ts'
import { FORM_LIMITS, type FormLimits } from './limits.ts'

function refusal(body: Uint8Array | string, limits?: FormLimits): { code: ErrorCode; message: string } {
  try {
    decodeForm(body, limits)
  } catch (error) {
    if (error instanceof CodedError) return { code: error.code, message: error.message }
    throw error
  }
  throw new Error('was not refused')
}

describe('values', () => {
  test('the first key of a body may be followed by nothing, and nothing is an empty form', () => {
    expect(decodeForm('')).toEqual({})
    expect(decodeForm('a')).toEqual({ a: '' })
  })

  test('names with escaped and bare brackets are the same names', () => {
    expect(decodeForm('auth%5Ba%5D=1&auth[b]=2&auth%5bc%5d=3')).toEqual({ auth: { a: '1', b: '2', c: '3' } })
  })

  test('neighbours of one container keep their places when a list turns into a map between them', () => {
    const form = decodeForm('a[b][0]=x&a[b][1]=y&a[b][k]=z&a[b][]=w&a[c]=v')
    expect(form).toEqual({ a: { b: { 0: 'x', 1: 'y', k: 'z', 2: 'w' }, c: 'v' } })
  })

  test('a name with an append in its middle opens a new element each time', () => {
    expect(decodeForm('a[][x]=1&a[][x]=2&a[][]=3&a[][]=4')).toEqual({ a: [{ x: '1' }, { x: '2' }, ['3'], ['4']] })
  })

  test('indexes with gaps stay as they are, as a map', () => {
    expect(decodeForm('a[0]=x&a[2]=y')).toEqual({ a: { 0: 'x', 2: 'y' } })
  })

  test('a value longer than the shared buffer is decoded whole', () => {
    const text = 'ж'.repeat(20_000)
    expect(decodeForm(`a=${encodeURIComponent(text)}&b=1`)).toEqual({ a: text, b: '1' })
  })

  test('a bare NUL does what %00 does, and nothing behind it is lost', () => {
    expect(decodeForm('a=x\0y&b\0c=1&d=2')).toEqual({ a: 'x\0y', b: '1', d: '2' })
  })

  test('a lone surrogate in a text body becomes U+FFFD', () => {
    expect(decodeForm('a=\ud800')).toEqual({ a: '\ufffd' })
  })

  test('a view into a larger buffer is read within its bounds', () => {
    const whole = Buffer.from('xx&a=1&b=2&yy')
    expect(decodeForm(new Uint8Array(whole.buffer, whole.byteOffset + 3, 7))).toEqual({ a: '1', b: '2' })
  })

  test('hands out strings of its own: changing the body afterwards changes nothing', () => {
    const body = Buffer.from('token=831c76b092f9f135d9b6b36c3a720757')
    const form = decodeForm(body)
    body.fill(0x78)
    expect(form).toEqual({ token: '831c76b092f9f135d9b6b36c3a720757' })
  })
})

describe('names every object inherits', () => {
  test('are own keys at every level', () => {
    const form = decodeForm('__proto__[x]=1&a[__proto__][x]=2&constructor[prototype][x]=3&toString=4')
    expect(JSON.stringify(form)).toBe(
      '{"__proto__":{"x":"1"},"a":{"__proto__":{"x":"2"}},"constructor":{"prototype":{"x":"3"}},"toString":"4"}',
    )
    expect(({} as Record<string, unknown>)['x']).toBeUndefined()
    expect(Object.getPrototypeOf(form)).toBe(Object.prototype)
  })

  test('are taken even where the prototype is protected against writing', () => {
    const before = Object.getOwnPropertyDescriptor(Object.prototype, 'toString') ?? {}
    Reflect.defineProperty(Object.prototype, 'toString', { ...before, writable: false })
    try {
      expect(decodeForm('a[toString]=1')['a']).toHaveProperty('toString', '1')
    } finally {
      Reflect.defineProperty(Object.prototype, 'toString', before)
    }
  })
})

function repeated(count: number): string {
  return Array.from({ length: count }, (_, index) => `a${index}=1`).join('&')
}

function nested(pairs: number): string {
  return `a${'[b]'.repeat(pairs)}=1`
}

function filled(bytes: number): Buffer {
  return Buffer.from(`a=${'x'.repeat(bytes - 2)}`)
}

describe('limits', () => {
  test('body bytes: the limit itself passes, one more is refused with both numbers', () => {
    const { maxBodyBytes } = FORM_LIMITS
    expect(decodeForm(filled(maxBodyBytes))['a']).toHaveLength(maxBodyBytes - 2)
    expect(refusal(filled(maxBodyBytes + 1))).toEqual({
      code: 'BODY_TOO_LARGE', message: 'The body has 1048577 bytes, the limit is 1048576',
    })
  })

  test('body bytes of a text are its UTF-8 bytes', () => {
    const limits = { ...FORM_LIMITS, maxBodyBytes: 4 }
    expect(decodeForm('a=é', limits)).toEqual({ a: 'é' })
    expect(refusal('a=éx', limits).code).toBe('BODY_TOO_LARGE')
  })

  test('parameters: the limit itself passes, one more is refused with both numbers', () => {
    const { maxParameters } = FORM_LIMITS
    expect(Object.keys(decodeForm(repeated(maxParameters)))).toHaveLength(maxParameters)
    expect(refusal(repeated(maxParameters + 1))).toEqual({
      code: 'TOO_MANY_PARAMETERS', message: 'The body has 4001 parameters, the limit is 4000',
    })
    expect(refusal(`&&${repeated(5_000)}&&`).message).toContain('5000')
  })

  test('parameters: empty ones do not count, unnamed ones do', () => {
    const limits = { ...FORM_LIMITS, maxParameters: 2 }
    expect(decodeForm('&&a=1&&&b=2&&', limits)).toEqual({ a: '1', b: '2' })
    expect(refusal('a=1&b=2&=3', limits).code).toBe('TOO_MANY_PARAMETERS')
  })

  test.each([
    ['bare brackets', nested],
    ['escaped brackets', (pairs: number) => nested(pairs).replaceAll('[', '%5B')],
    ['a name out of the ordinary', (pairs: number) => nested(pairs).replace('a', 'é')],
  ])('depth, %s: the limit itself passes, one pair more is refused with both numbers', (_, make) => {
    const { maxDepth } = FORM_LIMITS
    expect(JSON.stringify(decodeForm(make(maxDepth))).match(/"b"/g)).toHaveLength(maxDepth)
    expect(refusal(make(maxDepth + 1))).toEqual({
      code: 'NESTING_TOO_DEEP', message: 'A parameter name has 65 bracket pairs, the limit is 64',
    })
  })

  test('depth: also refused where only the last key differs from the name before', () => {
    const limits = { ...FORM_LIMITS, maxDepth: 1 }
    expect(decodeForm('a[b]=1&a[c]=2', limits)).toEqual({ a: { b: '1', c: '2' } })
    expect(refusal('a[b]=1&a[c][d]=2', limits).code).toBe('NESTING_TOO_DEEP')
  })

  test.each(['a', '%61', 'a['])('key bytes: the limit itself passes, one more is refused with both numbers', (unit) => {
    const { maxKeyBytes } = FORM_LIMITS
    const name = (bytes: number): string => unit.repeat(Math.ceil(bytes / unit.length)).slice(0, bytes)
    expect(Object.values(decodeForm(`${name(maxKeyBytes)}=1`))).toEqual(['1'])
    expect(refusal(`${name(maxKeyBytes + 1)}=1`)).toEqual({
      code: 'KEY_TOO_LONG', message: 'A parameter name has 4097 bytes, the limit is 4096',
    })
    expect(refusal(name(maxKeyBytes + 1)).code).toBe('KEY_TOO_LONG')
  })

  test('no refusal shows what the body holds', () => {
    const limits = { maxBodyBytes: 30, maxParameters: 1, maxDepth: 0, maxKeyBytes: 12 }
    for (const body of ['secret=1&secret=2', 'secret[a]=1', 'secretsecretsecret=1', 'secret'.repeat(9)]) {
      expect(refusal(body, limits).message).not.toContain('secret')
    }
  })

  test('a full body of names without a value is read', () => {
    const body = Array.from({ length: 4_000 }, () => 'x'.repeat(261)).join('&')
    expect(decodeForm(body)).toEqual({ ['x'.repeat(261)]: '' })
  })
})
