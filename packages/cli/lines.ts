import { CodedError } from '@portline/wire/errors.ts'
import { IMPORT_MAX_BYTES } from 'portline/limits.ts'

/** An app side that runs takes no longer one, and each character is a byte at least. */
const LINE_MAX_CHARACTERS = IMPORT_MAX_BYTES

/**
 * The lines of a text that comes in pieces, ended by \n alone: Node's own reader of lines also ends them at U+2028 and U+2029, which may
 * stand in JSON as they are. Errors: IMPORT_INVALID with the line's number.
 */
export async function* linesOf(pieces: AsyncIterable<string>, maxCharacters = LINE_MAX_CHARACTERS): AsyncGenerator<string> {
  let begun: string[] = []
  let [characters, number] = [0, 1]
  for await (const piece of pieces) {
    let from = 0
    for (let end = piece.indexOf('\n'); end !== -1; end = piece.indexOf('\n', from)) {
      demandFits(characters + end - from, number, maxCharacters)
      yield begun.join('') + piece.slice(from, end)
      begun = []
      characters = 0
      number += 1
      from = end + 1
    }
    begun.push(piece.slice(from))
    characters += piece.length - from
    demandFits(characters, number, maxCharacters)
  }
  if (characters > 0) yield begun.join('')
}

/** A file that is no export may have no end of line at all. */
function demandFits(characters: number, number: number, maxCharacters: number): void {
  if (characters > maxCharacters) throw new CodedError('IMPORT_INVALID', `line ${number}: it is longer than ${maxCharacters} characters`)
}
