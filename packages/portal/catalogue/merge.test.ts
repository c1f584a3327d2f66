import { expect, test } from 'vitest'
import { mergeData } from './merge.ts'

test.each([
  ['a scalar replaces', { FIELDS: { ID: 1, TYPE: 1 } }, { FIELDS: { ID: 7 } }, { FIELDS: { ID: 7, TYPE: 1 } }],
  [
    'null takes a key away, for it never travels', { FIELDS: { ID: 1, TYPE: 1 } }, { FIELDS: { TYPE: null } },
    { FIELDS: { ID: 1, TYPE: null } },
  ],
  ['keys are added', { A: { B: 1 } }, { A: { C: { D: 2 } } }, { A: { B: 1, C: { D: 2 } } }],
  [
    'items are laid over the sample at their place, further ones over its first', { M: [{ im: 1, text: 'a' }] },
    { M: [{ text: 'b' }, { text: 'c' }] }, { M: [{ im: 1, text: 'b' }, { im: 1, text: 'c' }] },
  ],
  ['an empty list stays empty', { M: [{ im: 1 }] }, { M: [] }, { M: [] }],
  ['a map replaces a scalar', 107, { connector: 'c' }, { connector: 'c' }],
  ['a scalar replaces a map', { ID: 1 }, 5, 5],
  ['there may be no sample', null, { ID: 1 }, { ID: 1 }],
])('%s', (_what, sample, given, merged) => {
  expect(mergeData(sample, given)).toEqual(merged)
})

test('a key named like a member of every object is an ordinary key', () => {
  const merged = mergeData({ FIELDS: { ID: 1 } }, JSON.parse('{"__proto__": {"ID": 2}, "constructor": {"x": 1}}'))
  expect(Object.keys(Object(merged))).toEqual(['FIELDS', '__proto__', 'constructor'])
  expect(Reflect.get({}, 'ID')).toBeUndefined()
})
