import { parse } from 'node:querystring'
import { decodeForm } from '@portline/wire/form/decode.ts'
import { encodeForm } from '@portline/wire/form/encode.ts'
import { readEnvelope } from '@portline/wire/read-envelope.ts'
import qs from 'qs'
import { eventBody } from '../lib/events.ts'
import { BODY_LIMITS } from './peer-parts.mjs'

/** `node decode-race.mjs <rounds> <milliseconds per turn>` prints microseconds per body as JSON. Bodies come as bytes, as from a socket. */
const [rounds, turnMs] = process.argv.slice(2).map(Number)
const QS_OPTIONS = { depth: BODY_LIMITS.depth, parameterLimit: BODY_LIMITS.parameterLimit }
const DISTINCT = 500
const RECORDS = 40

/** As a handler that gets fields back: many parameters, two levels of brackets, text that is escaped. */
function largeBody(n) {
  const records = Array.from({ length: RECORDS }, (_, id) => {
    return { ID: id + n, TITLE: `Сделка ${id}`, STAGE_ID: 'NEW', OPPORTUNITY: '100.50', CONTACTS: ['1', '2'] }
  })
  return encodeForm({ result: records, total: RECORDS })
}

const DECODERS = [
  ['Portline decodeForm', (bytes) => decodeForm(bytes)],
  ['qs.parse', (bytes) => qs.parse(bytes.toString(), QS_OPTIONS)],
  ['node:querystring, no nesting', (bytes) => parse(bytes.toString())],
  ['URLSearchParams, no nesting', (bytes) => [...new URLSearchParams(bytes.toString())]],
]
const EVENT_DECODERS = [...DECODERS, ['Portline decodeForm and readEnvelope', (bytes) => readEnvelope(decodeForm(bytes))]]

function race(body, make, decoders) {
  const bodies = Array.from({ length: DISTINCT }, (_, n) => Buffer.from(make(n)))
  const results = decoders.map(([name]) => ({ name, usPerBody: [] }))
  // One more round than is told: the first meets cold code.
  for (let round = 0; round <= rounds; round++) {
    for (const [index, [, decode]] of decoders.entries()) {
      const us = turn(bodies, decode)
      if (round > 0) results[index].usPerBody.push(us)
    }
  }
  return { body, bytes: bodies[0].length, decoders: results }
}

let sink
function turn(bodies, decode) {
  const beginMs = performance.now()
  let decoded = 0
  while (performance.now() - beginMs < turnMs) {
    for (const bytes of bodies) sink = decode(bytes)
    decoded += bodies.length
  }
  return ((performance.now() - beginMs) * 1_000) / decoded
}

const races = [
  race('An event with its auth block', (n) => eventBody(n, n + 1), EVENT_DECODERS),
  race(`A list of ${RECORDS} records`, largeBody, DECODERS),
]
process.stdout.write(JSON.stringify(races) + (sink === undefined ? ' ' : ''))
