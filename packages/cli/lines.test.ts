import fc from 'fast-check'
import { expect, test } from 'vitest'
import { linesOf } from './lines.ts'

async function* pieces(text: string, cuts: readonly number[]): AsyncGenerator<string> {
  let from = 0
  for (const cut of [...cuts.map((each) => each % (text.length + 1)).toSorted((a, b) => a - b), text.length]) {
    yield text.slice(from, cut)
    from = cut
  }
}

async function linesIn(text: string, cuts: readonly number[] = [], maxCharacters?: number): Promise<string[]> {
  const lines: string[] = []
  for await (const line of linesOf(pieces(text, cuts), maxCharacters)) lines.push(line)
  return lines
}

test('only a line feed ends a line, wherever the text was cut', async () => {
  const line = fc.array(fc.constantFrom('a', 'ю', '\u2028', '\u2029', '\u0085', '\v', '\f', '\r', '😀', ''), { maxLength: 8 }).map((parts) => parts.join(''))
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 6 }), fc.array(fc.nat(60), { maxLength: 5 }), fc.boolean(), async (lines, cuts, ended) => {
      const wanted = ended || lines.at(-1) !== '' ? lines : lines.slice(0, -1)
      expect(await linesIn(lines.join('\n') + (ended && lines.length > 0 ? '\n' : ''), cuts)).toEqual(wanted)
    }),
  )
})

test('a line without end is given up by its number, before more of it is read', async () => {
  let read = 0
  const endless = async function* (): AsyncGenerator<string> {
    yield 'short\n'
    for (;;) {
      read += 1
      yield 'x'.repeat(10)
    }
  }
  const reading = async (): Promise<void> => {
    for await (const line of linesOf(endless(), 25)) expect(line).toBe('short')
  }
  await expect(reading()).rejects.toMatchObject({ code: 'IMPORT_INVALID', message: expect.stringContaining('line 2: it is longer than 25 characters') as string })
  expect(read).toBe(3)
  await expect(linesIn(`${'x'.repeat(26)}\n`, [20], 25)).rejects.toMatchObject({ code: 'IMPORT_INVALID' })
  expect(await linesIn(`${'x'.repeat(25)}\n`, [20], 25)).toEqual(['x'.repeat(25)])
})
