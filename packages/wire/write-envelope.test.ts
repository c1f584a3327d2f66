import { expect, test } from 'vitest'
import { decodeForm } from './form/decode.ts'
import { readEnvelope } from './read-envelope.ts'
import { writeEnvelope } from './write-envelope.ts'

const TOKENLESS = {
  application_token: 'at', member_id: 'm', server_endpoint: 'https://o/rest/', client_endpoint: 'https://p/rest/', domain: 'p',
}

test('an event with a user carries its keys in the order of real traffic', () => {
  const body = writeEnvelope({
    event: 'ONAPPINSTALL', event_handler_id: '5', data: { VERSION: 1 }, ts: '1696527000',
    auth: {
      ...TOKENLESS, refresh_token: 'r', user_id: '1', status: 'L', scope: 'a,b', expires_in: '3600', expires: '1696530600',
      access_token: 't',
    },
  })
  expect(body).toBe('event=ONAPPINSTALL&event_handler_id=5&data%5BVERSION%5D=1&ts=1696527000&auth%5Baccess_token%5D=t'
    + '&auth%5Bexpires%5D=1696530600&auth%5Bexpires_in%5D=3600&auth%5Bscope%5D=a%2Cb&auth%5Bdomain%5D=p'
    + '&auth%5Bserver_endpoint%5D=https%3A%2F%2Fo%2Frest%2F&auth%5Bstatus%5D=L'
    + '&auth%5Bclient_endpoint%5D=https%3A%2F%2Fp%2Frest%2F'
    + '&auth%5Bmember_id%5D=m&auth%5Buser_id%5D=1&auth%5Brefresh_token%5D=r&auth%5Bapplication_token%5D=at')
})

test('an event without a user carries the five keys of its own order only', () => {
  const body = writeEnvelope({ event: 'ONAPPUNINSTALL', ts: 1, auth: { ...TOKENLESS, status: 'L' } })
  expect(body).toBe('event=ONAPPUNINSTALL&ts=1&auth%5Bdomain%5D=p&auth%5Bclient_endpoint%5D=https%3A%2F%2Fp%2Frest%2F'
    + '&auth%5Bserver_endpoint%5D=https%3A%2F%2Fo%2Frest%2F&auth%5Bmember_id%5D=m&auth%5Bapplication_token%5D=at')
})

test('scalar data is the value itself, empty data leaves no key', () => {
  expect(writeEnvelope({ event: 'E', data: 107, ts: 1, auth: TOKENLESS })).toContain('event=E&data=107&ts=1&')
  for (const data of [null, [], {}, [null]]) {
    expect(writeEnvelope({ event: 'E', data, ts: 1, auth: TOKENLESS })).toContain('event=E&ts=1&')
  }
})

test('what is written is read back', () => {
  const auth = { access_token: 't', ...TOKENLESS }
  const envelope = { event: 'E', event_handler_id: '7', data: { a: ['x', 'y'] }, ts: '1', auth }
  expect(readEnvelope(decodeForm(writeEnvelope(envelope)))).toEqual(envelope)
})
