// Shows what the operator API says, as it happens.

import { listenToDetail, refreshDetail } from './event-detail.js'
import { showEvents, showEventsSoon } from './event-list.js'
import { showInstallations } from './installations.js'
import { events, installations, keyOf, view } from './known.js'
import { byId, problem } from './nodes.js'
import { ApiError, get, request } from './operator-api.js'
import { loadReasons } from './reasons.js'
import { keepLanguage, speak, spokenLanguage, text } from './texts.js'

const RECONNECT_MS = { first: 500, longest: 10_000 }
const RELOAD_SOON_MS = 300
const PAGE_ROWS = 50
/** Past this the page starts again from its first rows. */
const MOST_ROWS = 1_000

async function follow() {
  for (let waitMs = RECONNECT_MS.first; ; waitMs = Math.min(waitMs * 2, RECONNECT_MS.longest)) {
    const ending = new AbortController()
    try {
      // The stream first, the lists after it: nothing that happens between the two is missed.
      const stream = await request('api/stream', { signal: ending.signal })
      await loadReasons()
      await loadAll()
      showConnection('live')
      problem(byId('problem'))
      waitMs = RECONNECT_MS.first
      await readStream(stream.body)
    } catch (error) {
      if (error instanceof ApiError) problem(byId('problem'), error)
    }
    ending.abort()
    showConnection('lost')
    await new Promise((resolve) => { setTimeout(resolve, waitMs) })
  }
}

async function readStream(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader()
  let buffered = ''
  for (;;) {
    const { value, done } = await reader.read()
    if (done) return
    const messages = (buffered + value).split('\n\n')
    buffered = messages.pop()
    for (const message of messages) receive(message)
  }
}

function receive(message) {
  const field = (name) => message.split('\n').find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2)
  const data = field('data')
  if (data === undefined) return
  if (field('event') === 'event') learnEvent(JSON.parse(data))
  if (field('event') === 'installation') learnInstallation(JSON.parse(data))
}

function learnEvent(event) {
  events.set(event.id, event)
  showEventsSoon()
  if (events.size > MOST_ROWS) reloadSoon()
  refreshDetail(event.id)
}

function learnInstallation(installation) {
  installations.set(keyOf(installation), installation)
  showInstallations()
  showEventsSoon()
  // Blocked or not: what waits may wait for it.
  refreshDetail()
  // An uninstall may have erased events of the portal, which no message tells.
  if (installation.status === 'deleted') reloadSoon()
}

async function loadAll() {
  const [listed, found] = await Promise.all([get(`api/events?limit=${PAGE_ROWS}`), get('api/installations')])
  events.clear()
  installations.clear()
  for (const event of listed.events) events.set(event.id, event)
  for (const installation of found.installations) installations.set(keyOf(installation), installation)
  view.olderCursor = listed.next ?? undefined
  view.portalsCursor = found.next ?? undefined
  view.loaded = true
  showInstallations()
  showEvents()
  refreshDetail()
}

async function loadOlder() {
  const listed = await get(`api/events?limit=${PAGE_ROWS}&after=${encodeURIComponent(view.olderCursor)}`)
  for (const event of listed.events) events.set(event.id, event)
  view.olderCursor = listed.next ?? undefined
  showEvents()
  if (events.size > MOST_ROWS) reloadSoon()
}

async function loadMoreInstallations() {
  const found = await get(`api/installations?after=${encodeURIComponent(view.portalsCursor)}`)
  // What has changed meanwhile is known already, and newer.
  for (const installation of found.installations) if (!installations.has(keyOf(installation))) installations.set(keyOf(installation), installation)
  view.portalsCursor = found.next ?? undefined
  showInstallations()
  showEvents()
  // The button is gone with the last of them; the keyboard goes on behind it.
  if (view.portalsCursor === undefined) byId('events').focus({ preventScroll: true })
}

let reloadTimer
/** Not put off by what comes meanwhile: under load something always does. */
function reloadSoon() {
  reloadTimer ??= setTimeout(() => {
    reloadTimer = undefined
    loadAll().catch(() => {})
  }, RELOAD_SOON_MS)
}

function showConnection(state) {
  view.connection = state
  byId('connection').dataset.state = state
  byId('connection-text').textContent = text(state)
}

function showIn(language) {
  speak(language)
  showConnection(view.connection)
  showInstallations()
  showEvents()
  refreshDetail()
}

byId('languages').addEventListener('click', ({ target }) => {
  if (target.dataset.language === undefined) return
  keepLanguage(target.dataset.language)
  showIn(target.dataset.language)
})
byId('older').addEventListener('click', () => { loadOlder().catch((error) => problem(byId('problem'), error)) })
byId('more-installations').addEventListener('click', () => { loadMoreInstallations().catch((error) => problem(byId('problem'), error)) })
listenToDetail()
showIn(spokenLanguage())
void follow()
