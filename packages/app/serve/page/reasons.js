// What the codes of errors mean, where they come from and what to do: the server's own table, in Russian as far as it is translated.

import { node } from './nodes.js'
import { get } from './operator-api.js'
import { REASONS_RU } from './reasons-ru.js'
import { spokenLanguage } from './texts.js'

let table = {}

export async function loadReasons() {
  table = (await get('api/errors')).errors
}

/** Undefined of a code that this server does not know. `lang`: that of the words. */
export function reasonOf(code) {
  const russian = spokenLanguage() === 'ru' ? REASONS_RU[code] : undefined
  const entry = russian ?? table[code]
  return entry === undefined ? undefined : { ...entry, lang: russian === undefined ? 'en' : 'ru' }
}

/** The code, and under it what it means. */
export function reasonWords(code) {
  const entry = reasonOf(code)
  const shown = [node('code', {}, code)]
  if (entry !== undefined) shown.push(node('span', { class: 'meaning', lang: entry.lang }, entry.meaning))
  return shown
}

/** The rest of the entry, as facts. */
export function reasonFacts(code) {
  const entry = code === null ? undefined : reasonOf(code)
  if (entry === undefined) return []
  return [['cause', node('span', { lang: entry.lang }, entry.cause)], ['todo', node('span', { lang: entry.lang }, entry.todo)]]
}
