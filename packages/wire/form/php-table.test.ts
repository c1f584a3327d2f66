import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { decodeForm } from './decode.ts'
import { encodeForm } from './encode.ts'
import type { FormValue, PhpMap, PhpValue } from './value.ts'

const whatwgUtf8 = new TextDecoder('utf-8', { ignoreBOM: true })

function readTable<Line>(name: string): Line[] {
  const lines = readFileSync(new URL(`php-table/${name}`, import.meta.url), 'utf8').trimEnd().split('\n')
  return lines.map((line) => JSON.parse(line) as Line)
}

type DecodeCase = [body: string, result: FormValue, bytes?: 'bytes']

/** The table's own way of writing what is not UTF-8: one character per byte. */
function bytesToText(value: FormValue): FormValue {
  if (typeof value === 'string') return whatwgUtf8.decode(Buffer.from(value, 'latin1'))
  if (Array.isArray(value)) return value.map(bytesToText)
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [bytesToText(key) as string, bytesToText(item)]))
}

test('every body of the table decodes to what PHP made of it', () => {
  const cases = readTable<DecodeCase>('decode.jsonl')
  expect(cases.length).toBeGreaterThanOrEqual(4_000)
  for (const [body, result, bytes] of cases) {
    const decoded = decodeForm(Buffer.from(body, bytes ? 'latin1' : 'utf8'))
    // As JSON text: it tells lists from maps, shows the order of keys and own keys named __proto__.
    expect(JSON.stringify(decoded), JSON.stringify(body)).toBe(JSON.stringify(bytes ? bytesToText(result) : result))
  }
})

test('a body given as text decodes like its UTF-8 bytes', () => {
  for (const [body, result, bytes] of readTable<DecodeCase>('decode.jsonl')) {
    if (!bytes) expect(JSON.stringify(decodeForm(body)), JSON.stringify(body)).toBe(JSON.stringify(result))
  }
})

type TypedValue = null | boolean | string | TypedValue[] | { i: string } | { f: string } | { m: [string, TypedValue][] }

const SPECIAL_FLOATS: Readonly<Record<string, number>> = { INF: Infinity, '-INF': -Infinity, NAN: Number.NaN }

function untyped(value: TypedValue): PhpValue {
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map(untyped)
  if ('i' in value) return Number.isSafeInteger(Number(value.i)) ? Number(value.i) : BigInt(value.i)
  if ('f' in value) return SPECIAL_FLOATS[value.f] ?? Number(value.f)
  return Object.fromEntries(value.m.map(([key, item]) => [key, untyped(item)]))
}

test('every value of the table encodes to what PHP wrote for it', () => {
  const cases = readTable<[TypedValue, string]>('encode.jsonl')
  expect(cases.length).toBeGreaterThanOrEqual(2_000)
  for (const [value, form] of cases) expect(encodeForm(untyped(value) as PhpMap), JSON.stringify(value)).toBe(form)
})
