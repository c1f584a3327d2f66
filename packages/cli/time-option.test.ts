import { expect, test } from 'vitest'
import { main } from './main.ts'
import { timeOption } from './time-option.ts'

test.each([
  ['2026-01-31', '2026-01-31T00:00:00.000Z'],
  ['2024-02-29', '2024-02-29T00:00:00.000Z'],
  ['2026-01-31T12:00:00Z', '2026-01-31T12:00:00.000Z'],
  ['2026-01-31T12:00Z', '2026-01-31T12:00:00.000Z'],
  ['2026-01-31T12:00:00.25+02:00', '2026-01-31T10:00:00.250Z'],
  ['2026-01-31T23:30:00-05:30', '2026-02-01T05:00:00.000Z'],
])('%s is %s', (text, iso) => {
  expect(timeOption(text, '--since')).toBe(iso)
})

/** Nearly all of them are times to JavaScript. */
const NONE = [
  '3', '2026', '2026-01', '2026-1-5', '2026-02-30', '2026-02-29', '2026-13-01', '2026-00-10', '2026-01-31T12:00:00', '2026-01-31 12:00:00Z',
  '2026-01-31T24:00:00Z', '2026-01-31T12:60:00Z', '2026-02-30T12:00:00Z', '2026-01-31T12:00:00+0200', '2026-01-31T12:00:00+25:00', '31.01.2026',
  'Jan 31, 2026', 'yesterday', '+010000-01-01', ' 2026-01-31', '',
]

test.each(NONE)('"%s" is no time', (text) => {
  expect(() => timeOption(text, '--until')).toThrow(expect.objectContaining({ code: 'BAD_REQUEST', message: expect.stringContaining(`--until: "${text}" is no time`) as string }))
})

test.each([
  [['events', 'list', '--since', '3']],
  [['events', 'replay', '--until', '2026-02-30', '--yes']],
  [['events', 'export', '--since', '2026-1-5']],
  [['audit', 'list', '--since', '3']],
  [['audit', 'list', '--since', '2026-02-30', '--data', '/nonexistent']],
])('%j is refused before anybody is asked', async (args) => {
  let err = ''
  const output = { out: () => {}, write: () => Promise.resolve(), err: (text: string) => void (err += text) }
  expect(await main(args, { PORTLINE_URL: 'http://127.0.0.1:1' }, output)).toBe(1)
  expect(err).toMatch(/^error BAD_REQUEST: --(?:since|until): .* is no time: write 2026-01-31, or 2026-01-31T12:00:00Z\n/)
})
