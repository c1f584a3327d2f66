import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { CodedError } from './errors.ts'
import { decodeForm } from './form/decode.ts'
import { encodeForm } from './form/encode.ts'
import type { FormMap, PhpMap, PhpValue } from './form/value.ts'
import { readEnvelope } from './read-envelope.ts'

const AUTH = { member_id: 'a223c6b3710f85df22e9377d6c4f7553', application_token: '51856fefc120afa4b628cc82d3935cce' }
const EVENT = { event: 'ONAPPTEST', ts: '1696527000', auth: AUTH }

function read(form: PhpMap): ReturnType<typeof readEnvelope> {
  return readEnvelope(decodeForm(encodeForm(form)))
}

function codeOf(form: PhpMap): string {
  try {
    read(form)
  } catch (error) {
    if (error instanceof CodedError) return error.code
    throw error
  }
  return 'accepted'
}

/** The payloads the documentation prints for the four events of the contract, as they are printed there. */
const PRINTED: Record<string, PhpMap> = {
  ONAPPINSTALL: {
    event: 'ONAPPINSTALL',
    data: { VERSION: '1.0.0', ACTIVE: 'Y', INSTALLED: 'Y', LANGUAGE_ID: 'en' },
    ts: '1696527000',
    auth: {
      domain: 'some-domain.bitrix24.com', server_endpoint: 'https://oauth.bitrix.info/rest/', status: 'F',
      client_endpoint: 'https://some-domain.bitrix24.com/rest/', ...AUTH,
    },
  },
  ONAPPUPDATE: {
    event: 'ONAPPUPDATE',
    data: { VERSION: '2.1.0', PREVIOUS_VERSION: '2.0.3', LANGUAGE_ID: 'de' },
    ts: '1696527000',
    auth: {
      domain: 'some-domain.bitrix24.com', scope: 'imbot', access_token: 'lh8ze36o8ulgrljbyscr36c7ay5sinva',
      refresh_token: '5f1ih5tsnsb11sc5heg3kp4ywqnjhd09', expires_in: 3600,
      member_id: 'd41d8cd98f00b204e9800998ecf8427e', application_token: 'c917d38f6bdb84e9d9e0bfe9d585be73',
    },
  },
  ONAPPUNINSTALL: {
    event: 'ONAPPUNINSTALL',
    data: { LANGUAGE_ID: 'de', CLEAN: 1 },
    ts: '1466439714',
    auth: {
      domain: 'some-domain.bitrix24.com', server_endpoint: 'https://oauth.bitrix.info/rest/',
      client_endpoint: 'https://some-domain.bitrix24.com/rest/', ...AUTH,
    },
  },
  ONIMCONNECTORSTATUSDELETE: {
    event: 'ONIMCONNECTORSTATUSDELETE',
    event_handler_id: 561,
    data: { connector: 'myconnector', line: 107 },
    ts: 1_773_761_094,
    auth: {
      access_token: '5680b91b0000844000785e072978228d24bd2f', expires: 1_773_764_694, expires_in: 3600,
      scope: 'imconnector, imopenlines', domain: 'some-domain.bitrix24.com',
      server_endpoint: 'https://oauth.bitrix24.tech/rest/', status: 'F',
      client_endpoint: 'https://some-domain.bitrix24.com/rest/', member_id: 'bac1cd5c8940947a75e0d71b1a84e348', user_id: 27,
      application_token: '831c76b092f9f135d9b6b36c3a720757',
    },
  },
}

function asStrings(value: PhpValue): unknown {
  return JSON.parse(JSON.stringify(value), (_, item: unknown) => (typeof item === 'number' ? String(item) : item))
}

test.each(Object.entries(PRINTED))('the printed %s is read whole, every scalar a string', (_, printed) => {
  expect(read(printed)).toEqual(asStrings(printed))
})

describe('what is accepted', () => {
  test('the event code comes out in upper case', () => {
    expect(read({ ...EVENT, event: 'OnAppTest' }).event).toBe('ONAPPTEST')
  })

  test('data may be a scalar, a list or absent', () => {
    expect(read({ ...EVENT, data: 107 }).data).toBe('107')
    expect(read({ ...EVENT, data: ['a'] }).data).toEqual(['a'])
    expect('data' in read(EVENT)).toBe(false)
  })

  test('empty fields count as absent', () => {
    const envelope = read({ ...EVENT, ts: '', event_handler_id: '', auth: { ...AUTH, access_token: '' } })
    expect(envelope).toEqual({ event: 'ONAPPTEST', auth: AUTH })
  })

  test('eventId stands in for an absent event_handler_id only', () => {
    expect(read({ ...EVENT, eventId: 5 }).event_handler_id).toBe('5')
    expect(read({ ...EVENT, eventId: 5, event_handler_id: 6 }).event_handler_id).toBe('6')
  })

  test('unknown keys are left out', () => {
    expect(read({ ...EVENT, other: 'x', auth: { ...AUTH, other: ['x'], constructor: 'x' } })).toEqual(EVENT)
  })

  test('each field at its longest', () => {
    const auth = { ...AUTH, member_id: 'm'.repeat(64), scope: 's'.repeat(4_096), access_token: 't'.repeat(1_024) }
    const longest = { event: 'E'.repeat(100), ts: '9'.repeat(20), event_handler_id: '9'.repeat(20), auth }
    expect(read(longest)).toEqual(longest)
  })
})

describe('what is refused', () => {
  test.each<[string, PhpMap]>([
    ['EVENT_MISSING', { ...EVENT, event: null }],
    ['EVENT_MISSING', { ...EVENT, event: '' }],
    ['EVENT_MALFORMED', { ...EVENT, event: ['ONAPPTEST'] }],
    ['EVENT_MALFORMED', { ...EVENT, event: 'E'.repeat(101) }],
    ['EVENT_MALFORMED', { ...EVENT, event: 'ON APP' }],
    ['EVENT_MALFORMED', { ...EVENT, event: 'ONAPPTEST\n' }],
    ['EVENT_MALFORMED', { ...EVENT, ts: '9'.repeat(21) }],
    ['EVENT_MALFORMED', { ...EVENT, ts: '-1' }],
    ['EVENT_MALFORMED', { ...EVENT, ts: { a: '1' } }],
    ['EVENT_MALFORMED', { ...EVENT, event_handler_id: 'x' }],
    ['EVENT_MALFORMED', { ...EVENT, eventId: ['1'] }],
    ['AUTH_MISSING', { ...EVENT, auth: null }],
    ['AUTH_MISSING', { ...EVENT, auth: '' }],
    ['AUTH_MALFORMED', { ...EVENT, auth: 'x' }],
    ['AUTH_MALFORMED', { ...EVENT, auth: ['a', 'b'] }],
    ['AUTH_MALFORMED', { ...EVENT, auth: { ...AUTH, application_token: ['x'] } }],
    ['AUTH_MALFORMED', { ...EVENT, auth: { ...AUTH, member_id: { a: 'x' } } }],
    ['AUTH_MALFORMED', { ...EVENT, auth: { ...AUTH, scope: 's'.repeat(4_097) } }],
    ['AUTH_MALFORMED', { ...EVENT, auth: { ...AUTH, access_token: 't'.repeat(1_025) } }],
    ['MEMBER_ID_MISSING', { ...EVENT, auth: { application_token: 'x' } }],
    ['MEMBER_ID_MISSING', { ...EVENT, auth: { ...AUTH, member_id: '' } }],
    ['MEMBER_ID_MISSING', { ...EVENT, auth: { ...AUTH, member_id: 'm'.repeat(65) } }],
    ['MEMBER_ID_MISSING', { ...EVENT, auth: { ...AUTH, member_id: '../x' } }],
  ])('%s: %j', (code, form) => {
    expect(codeOf(form)).toBe(code)
  })

  test('nothing inherited is taken for a field', () => {
    const heir = Object.create({ ...EVENT }) as FormMap
    expect(() => readEnvelope(heir)).toThrow(expect.objectContaining({ code: 'EVENT_MISSING' }))
    expect(codeOf({ event: 'ONAPPTEST', auth: { ['__proto__']: { member_id: 'x' }, x: '1' } })).toBe('MEMBER_ID_MISSING')
  })

  test('no refusal shows a value', () => {
    for (const field of ['application_token', 'access_token', 'member_id']) {
      const form = decodeForm(encodeForm({ ...EVENT, auth: { ...AUTH, [field]: `secret ${'x'.repeat(2_000)}` } }))
      expect(() => readEnvelope(form)).toThrow(CodedError)
      expect(() => readEnvelope(form)).not.toThrow(/secret/)
    }
  })
})

test('a member_id that is kept does not keep the body it came in', () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const filler = 'x'.repeat(900_000)
  const idOf = (n: number) => readEnvelope(decodeForm(`event=A&auth[member_id]=${String(n).padStart(32, '0')}&data=${filler}`)).auth.member_id
  collect()
  const before = process.memoryUsage().heapUsed
  const kept = Array.from({ length: 100 }, (_, n) => idOf(n))
  collect()
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(20_000_000)
  expect(new Set(kept).size).toBe(100)
})
