import { openDetail } from './event-detail.js'
import { events, installationOf, view } from './known.js'
import { badge, byId, node, timeOf } from './nodes.js'
import { reasonWords } from './reasons.js'
import { spokenLanguage, text } from './texts.js'

let drawing = false
/** One drawing per frame, however many messages a burst brings. */
export function showEventsSoon() {
  if (drawing) return
  drawing = true
  requestAnimationFrame(() => {
    drawing = false
    showEvents()
  })
}

/** Rows are kept by id and only touched when their event changed, so that focus and scroll position stay where they are. */
export function showEvents() {
  const newestFirst = [...events.values()].toSorted((a, b) => (a.id < b.id ? 1 : -1))
  const list = byId('events-list')
  const present = new Map([...list.children].map((row) => [row.dataset.id, row]))
  let before = list.firstElementChild
  for (const event of newestFirst) {
    const row = present.get(event.id) ?? node('tr', { 'data-id': event.id })
    present.delete(event.id)
    fillRow(row, event)
    if (row === before) before = row.nextElementSibling
    else list.insertBefore(row, before)
  }
  for (const row of present.values()) row.remove()
  byId('events-empty').hidden = !view.loaded || newestFirst.length > 0
  byId('older').hidden = view.olderCursor === undefined
}

function fillRow(row, event) {
  const domain = installationOf(event)?.domain || event.portal
  const content = JSON.stringify([spokenLanguage(), event.state, event.reason, event.attempts, event.dueAt, domain])
  if (row.dataset.content === content) return
  const focused = row.contains(document.activeElement)
  row.dataset.content = content
  const open = node('button', { type: 'button', class: 'open' }, event.event)
  open.addEventListener('click', () => openDetail(event.id))
  const reason = node('td', { class: 'reason' }, ...(event.reason === null ? [] : reasonWords(event.reason)))
  if (event.dueAt !== null) reason.append(node('span', { class: 'meaning' }, `${text('dueAt')}: `, timeOf(event.dueAt)))
  row.replaceChildren(
    node('td', { class: 'at' }, timeOf(event.receivedAt)),
    node('td', {}, open, node('span', { class: 'app' }, event.app)),
    node('td', { class: 'portal', title: event.portal }, domain),
    node('td', { class: 'state' }, badge(event.state)),
    reason,
    node('td', { class: 'number', 'data-name': text('attempts') }, String(event.attempts)),
  )
  if (focused) open.focus()
}
