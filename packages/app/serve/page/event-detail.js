// One event opened: what it waits for, why it is where it is, its data, its history, and what can be done with it.

import { events } from './known.js'
import { badge, byId, facts, node, problem, timeOf } from './nodes.js'
import { get, request } from './operator-api.js'
import { reasonFacts, reasonWords } from './reasons.js'
import { milliseconds, text } from './texts.js'

/** Buttons, by the step of the operator API that they ask for, and whether an event can take it. */
const STEPS = {
  replay: ({ state }) => state === 'done' || state === 'dead',
  // One that stands behind another, or whose portal is blocked, cannot be hastened.
  retry: ({ dueAt, waitsFor, portalBlockedFor }) => dueAt !== null && waitsFor === null && portalBlockedFor === null,
}

let openedId

export function openDetail(id) {
  const dialog = byId('detail')
  openedId = id
  byId('detail-body').replaceChildren()
  byId('detail-heading').textContent = events.get(id)?.event ?? ''
  for (const step of Object.keys(STEPS)) byId(step).hidden = true
  problem(byId('detail-problem'))
  if (!dialog.open) dialog.showModal()
  void showDetail(id)
}

/** Draws it again when it is the one that is open, or when the open one waits for it. */
export function refreshDetail(id) {
  if (openedId === undefined) return
  if (id === undefined || id === openedId || document.querySelector(`#detail [data-waits-for="${CSS.escape(id)}"]`) !== null) void showDetail(openedId)
}

async function showDetail(id) {
  try {
    const event = await get(`api/events/${encodeURIComponent(id)}`)
    if (openedId !== id) return
    byId('detail-heading').textContent = event.event
    showSteps(event)
    const inBody = byId('detail-body').contains(document.activeElement)
    byId('detail-body').replaceChildren(...detailOf(event))
    if (inBody) byId('close').focus()
  } catch (error) {
    problem(byId('detail-problem'), error.code === 'NOT_FOUND' ? { message: text('gone') } : error)
  }
}

/** A button that goes away leaves the keyboard at the one that stays. */
function showSteps(event) {
  for (const [step, fits] of Object.entries(STEPS)) {
    const button = byId(step)
    const focused = document.activeElement === button
    button.hidden = !fits(event)
    if (focused && button.hidden) byId('close').focus()
  }
}

function detailOf(event) {
  const { state, reason, portal, app, receivedAt, ts, proof, handlerId, id, data, dueAt, duplicateOf, history, attemptLog } = event
  const raised = ts !== null && /^\d{1,12}$/.test(ts) ? timeOf(new Date(Number(ts) * 1_000).toISOString()) : ts
  return [
    facts([
      ['state', badge(state)], ['reason', reason === null ? null : node('div', {}, ...reasonWords(reason))], ...reasonFacts(reason),
      ['dueAt', dueAt ? timeOf(dueAt) : null], ['waitsFor', whatItWaitsFor(event)],
    ]),
    facts([
      ['portal', portal], ['app', app], ['received', timeOf(receivedAt)], ['raised', raised], ['proof', proof], ['handler', handlerId],
      ['id', id], ['duplicateOf', duplicateOf === null ? null : eventLink(duplicateOf)],
    ]),
    node('h3', {}, text('data')),
    data === null ? node('p', {}, text('noData')) : node('pre', { tabindex: '0' }, JSON.stringify(data, null, 2)),
    node('h3', {}, text('history')),
    node('ol', { class: 'history' }, ...history.map(historyItem)),
    node('h3', {}, text('attempts')),
    ...(attemptLog.length === 0 ? [node('p', {}, text('noAttempts'))] : attemptLog.map(attemptItem)),
  ]
}

function whatItWaitsFor({ reason, waitsFor, portalBlockedFor }) {
  if (portalBlockedFor !== null) return node('div', {}, text('waitsForPortal'), ...(portalBlockedFor === reason ? [] : [node('br'), ...reasonWords(portalBlockedFor)]))
  if (waitsFor === null) return null
  const link = eventLink(waitsFor)
  link.dataset.waitsFor = waitsFor
  return link
}

function eventLink(id) {
  const code = events.get(id)?.event
  const link = node('button', { type: 'button', class: 'link' }, code === undefined ? id : `${code} ${id}`)
  link.addEventListener('click', () => {
    openDetail(id)
    byId('close').focus()
  })
  return link
}

function historyItem({ at, kind, n, outcome, proof, reason, error, of }) {
  const more = [n, outcome && text(outcome), proof, reason, error, of].filter((part) => part !== null && part !== undefined)
  return node('li', {}, timeOf(at), ` ${text(kind)} ${more.join(' · ')}`)
}

function attemptItem({ n, startedAt, durationMs, outcome, error, calls, notes }) {
  const heading = node('h4', {}, `${text('attempt')} ${n} `, badge(outcome), ` ${milliseconds(durationMs)}, `, timeOf(startedAt))
  const called = calls.map((call) => `${call.method}  ${milliseconds(call.durationMs)}${call.error ? `  ${call.error}` : ''}`)
  return node('section', { class: 'attempt' }, heading, facts([
    ['error', error ? `${error.code}: ${error.message}` : null],
    ['calls', called.length === 0 ? null : node('ul', {}, ...called.map((line) => node('li', {}, line)))],
    ['notes', notes.length === 0 ? null : node('ul', {}, ...notes.map((line) => node('li', {}, line)))],
  ]))
}

async function take(step) {
  const button = byId(step)
  const id = openedId
  // Not `disabled`: a disabled button loses the keyboard.
  if (button.ariaBusy === 'true') return
  try {
    button.ariaBusy = 'true'
    await request(`api/events/${encodeURIComponent(id)}/${step}`, { method: 'POST' })
    problem(byId('detail-problem'))
    if (openedId === id) await showDetail(id)
  } catch (error) {
    problem(byId('detail-problem'), error)
  } finally {
    button.ariaBusy = null
  }
}

export function listenToDetail() {
  const dialog = byId('detail')
  for (const step of Object.keys(STEPS)) byId(step).addEventListener('click', () => void take(step))
  byId('close').addEventListener('click', () => dialog.close())
  dialog.addEventListener('click', ({ target }) => { if (target === dialog) dialog.close() })
  dialog.addEventListener('close', () => {
    document.querySelector(`tr[data-id="${CSS.escape(openedId)}"] .open`)?.focus()
    openedId = undefined
  })
}
