import { expect, test } from 'vitest'
import { facts } from './facts.ts'
import { table } from './tables.ts'

test('a table is aligned plain text without borders, colours or trailing spaces', () => {
  expect(table(['ID', 'STATE'], [['1', 'done'], ['10', '']])).toBe('ID  STATE\n1   done\n10')
})

test('what a stranger sent cannot drive the terminal', () => {
  const hostile = '\u001b]0;owned\u0007\u001b[2J\u009b31m\r'
  const controls = /\p{Cc}/u
  expect(table(['EVENT'], [[hostile]]).replace('\n', '')).not.toMatch(controls)
  expect(facts([['data', hostile]])).not.toMatch(controls)
})

test('text in other alphabets is left as it is', () => {
  expect(table(['ПОРТАЛ'], [['Привет, мир']])).toBe('ПОРТАЛ\nПривет, мир')
})

test('facts leave out what has no value and indent what has several lines', () => {
  const text = facts([['id', 'a'], ['reason', null], ['error', ''], ['notes', 'one\ntwo'], ['n', 0]])
  expect(text).toBe('id     a\nnotes  one\n       two\nn      0')
})
