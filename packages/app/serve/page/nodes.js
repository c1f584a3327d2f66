// What the page is built of. Everything an event carries is a stranger's text: it only ever becomes textContent, never markup.

import { text, timeText } from './texts.js'

export const byId = (id) => document.getElementById(id)

export function node(tag, attributes = {}, ...children) {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) made.setAttribute(name, value)
  }
  made.append(...children)
  return made
}

export function timeOf(iso) {
  if (iso === null || iso === undefined) return node('span', {}, '–')
  return node('time', { datetime: iso, title: iso }, timeText(new Date(iso)))
}

export function badge(state) {
  return node('span', { class: 'badge', 'data-state': state }, text(state))
}

export function facts(pairs) {
  const shown = pairs.filter(([, value]) => value !== null && value !== undefined && value !== '')
  return node('dl', {}, ...shown.flatMap(([key, value]) => [node('dt', {}, text(key)), node('dd', {}, value)]))
}

export function problem(place, error) {
  const shown = error !== undefined
  place.hidden = !shown
  place.textContent = shown ? `${error.code ?? ''} ${error.message}`.trim() : ''
}
