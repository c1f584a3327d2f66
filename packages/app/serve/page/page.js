// Shows what the operator API says, as it happens. Everything an event carries is a stranger's text: it only ever becomes
// textContent, never markup.

const TEXTS = {
  en: {
    skip: 'Skip to the events', installations: 'Installations', events: 'Latest events', time: 'Time', event: 'Event',
    portal: 'Portal', state: 'State', attempts: 'Attempts', older: 'Older events', replay: 'Replay', close: 'Close',
    language: 'Language', connecting: 'Connecting', live: 'Live', lost: 'Connection lost, trying again',
    noInstallations: 'No portal has installed an app yet.', noEvents: 'Nothing has arrived yet.',
    pending: 'pending', held: 'held', done: 'done', dead: 'dead',
    new: 'being installed', active: 'active', blocked: 'blocked', deleted: 'uninstalled',
    app: 'App', version: 'Version', bindings: 'Bound events', connectors: 'Connectors', line: 'line', on: 'on', off: 'off',
    account: 'User', tokensLive: 'tokens live', tokensDead: 'tokens dead', none: 'none', installed: 'Installed',
    reason: 'Reason', received: 'Received', raised: 'Raised by Bitrix24', proof: 'Proven by', handler: 'Handler row', id: 'Id',
    data: 'Data', noData: 'No data came with it.', history: 'What happened', attempt: 'Attempt', failed: 'failed',
    replayed: 'Replayed', duplicate: 'Repeats', duplicateOf: 'Repeats',
    proven: 'Proven', calls: 'Calls to the portal', notes: 'Notes', noAttempts: 'No handler has run yet.', dueAt: 'Next attempt',
    gone: 'This event is no longer kept.', tokenRefused: 'That token was not accepted.',
    tokenHeading: 'This page needs a token', tokenLabel: 'Operator token', tokenSend: 'Continue',
    tokenWhy: 'Enter the PORTLINE_OPERATOR_TOKEN of this server. It is kept until this tab is closed.',
  },
  ru: {
    skip: 'К событиям', installations: 'Установки', events: 'Последние события', time: 'Время', event: 'Событие',
    portal: 'Портал', state: 'Состояние', attempts: 'Попытки', older: 'Более ранние', replay: 'Повторить', close: 'Закрыть',
    language: 'Язык', connecting: 'Подключение', live: 'Онлайн', lost: 'Связь потеряна, пробуем снова',
    noInstallations: 'Приложение пока не установлено ни на одном портале.', noEvents: 'Пока ничего не пришло.',
    pending: 'в очереди', held: 'удержано', done: 'обработано', dead: 'не удалось',
    new: 'устанавливается', active: 'активна', blocked: 'заблокирована', deleted: 'удалена',
    app: 'Приложение', version: 'Версия', bindings: 'Подписки', connectors: 'Коннекторы', line: 'линия', on: 'вкл', off: 'выкл',
    account: 'Пользователь', tokensLive: 'токены действуют', tokensDead: 'токены недействительны',
    none: 'нет', installed: 'Установлено',
    reason: 'Причина', received: 'Получено', raised: 'Создано в Битрикс24', proof: 'Подтверждено', handler: 'Обработчик №',
    id: 'Id', data: 'Данные', noData: 'Данных в событии нет.', history: 'Что произошло', attempt: 'Попытка', replayed: 'Повторено', duplicate: 'Повтор', duplicateOf: 'Повтор события',
    failed: 'ошибка', proven: 'Подтверждено', calls: 'Обращения к порталу', notes: 'Заметки',
    noAttempts: 'Обработчик ещё не запускался.', dueAt: 'Следующая попытка', gone: 'Это событие больше не хранится.', tokenRefused: 'Этот токен не подошёл.',
    tokenHeading: 'Нужен токен', tokenLabel: 'Токен оператора', tokenSend: 'Продолжить',
    tokenWhy: 'Введите PORTLINE_OPERATOR_TOKEN этого сервера. Он хранится, пока открыта эта вкладка.',
  },
}

const RECONNECT_MS = { first: 500, longest: 10_000 }
const RELOAD_SOON_MS = 300
const PAGE_ROWS = 50
/** Past this the page starts again from its first rows. */
const MOST_ROWS = 1_000
const LANGUAGE_KEY = 'portline.language'
const TOKEN_KEY = 'portline.operator-token'

const byId = (id) => document.getElementById(id)
const events = new Map()
const installations = new Map()
let language = chooseLanguage()
let olderCursor
let openedId
let connection = 'connecting'

function chooseLanguage() {
  const kept = localStorage.getItem(LANGUAGE_KEY)
  const wanted = kept ?? navigator.language
  return wanted.toLowerCase().startsWith('ru') ? 'ru' : 'en'
}

function text(key) {
  return TEXTS[language][key] ?? key
}

function speak(chosen) {
  language = chosen
  document.documentElement.lang = chosen
  for (const part of document.querySelectorAll('[data-text]')) part.textContent = text(part.dataset.text)
  for (const part of document.querySelectorAll('[data-label]')) part.setAttribute('aria-label', text(part.dataset.label))
  for (const button of byId('languages').children) button.setAttribute('aria-pressed', String(button.dataset.language === chosen))
  showConnection(connection)
  showInstallations()
  showEvents()
  if (openedId !== undefined) void showDetail(openedId)
}

function timeOf(iso) {
  if (iso === null || iso === undefined) return node('span', {}, '–')
  const at = new Date(iso)
  const today = at.toDateString() === new Date().toDateString()
  const shown = at.toLocaleString(language, today ? { timeStyle: 'medium' } : { dateStyle: 'short', timeStyle: 'medium' })
  return node('time', { datetime: iso, title: iso }, shown)
}

function node(tag, attributes = {}, ...children) {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) made.setAttribute(name, value)
  }
  made.append(...children)
  return made
}

function badge(state) {
  return node('span', { class: 'badge', 'data-state': state }, text(state))
}

function facts(pairs) {
  const shown = pairs.filter(([, value]) => value !== null && value !== undefined && value !== '')
  return node('dl', {}, ...shown.flatMap(([key, value]) => [node('dt', {}, text(key)), node('dd', {}, value)]))
}

function problem(place, error) {
  const shown = error !== undefined
  place.hidden = !shown
  place.textContent = shown ? `${error.code ?? ''} ${error.message}`.trim() : ''
}

// ---- the operator API

class ApiError extends Error {
  constructor({ error, error_description: description }) {
    super(description)
    this.code = error
  }
}

async function request(path, options = {}) {
  const token = sessionStorage.getItem(TOKEN_KEY)
  const headers = token === null ? {} : { authorization: `Bearer ${token}` }
  const response = await fetch(path, { ...options, headers, cache: 'no-store' })
  if (response.ok) return response
  const body = await response.json().catch(() => ({ error: String(response.status), error_description: response.statusText }))
  if (body.error !== 'OPERATOR_TOKEN_REQUIRED') throw new ApiError(body)
  await askForToken(text(token === null ? 'tokenWhy' : 'tokenRefused'))
  return request(path, options)
}

async function get(path) {
  return (await request(path)).json()
}

let asking
function askForToken(why) {
  asking ??= new Promise((resolve) => {
    const dialog = byId('token')
    byId('token-why').textContent = why
    dialog.addEventListener('close', () => {
      const value = byId('token-value').value
      byId('token-value').value = ''
      asking = undefined
      if (value === '') return resolve(askForToken(why))
      sessionStorage.setItem(TOKEN_KEY, value)
      resolve()
    }, { once: true })
    dialog.showModal()
  })
  return asking
}

async function follow() {
  for (let waitMs = RECONNECT_MS.first; ; waitMs = Math.min(waitMs * 2, RECONNECT_MS.longest)) {
    const ending = new AbortController()
    try {
      // The stream first, the lists after it: nothing that happens between the two is missed.
      const stream = await request('api/stream', { signal: ending.signal })
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
  if (openedId === event.id) void showDetail(event.id)
}

function learnInstallation(installation) {
  installations.set(keyOf(installation), installation)
  showInstallations()
  showEventsSoon()
  // An uninstall may have erased events of the portal, which no message tells.
  if (installation.status === 'deleted') reloadSoon()
}

function keyOf({ app, portal }) {
  return `${app} ${portal}`
}

async function loadAll() {
  const [listed, found] = await Promise.all([get(`api/events?limit=${PAGE_ROWS}`), get('api/installations')])
  events.clear()
  installations.clear()
  for (const event of listed.events) events.set(event.id, event)
  for (const installation of found.installations) installations.set(keyOf(installation), installation)
  olderCursor = listed.next ?? undefined
  showInstallations()
  showEvents()
}

async function loadOlder() {
  const listed = await get(`api/events?limit=${PAGE_ROWS}&after=${encodeURIComponent(olderCursor)}`)
  for (const event of listed.events) events.set(event.id, event)
  olderCursor = listed.next ?? undefined
  showEvents()
}

let reloadTimer
function reloadSoon() {
  clearTimeout(reloadTimer)
  reloadTimer = setTimeout(() => { loadAll().catch(() => {}) }, RELOAD_SOON_MS)
}

let drawing = false
/** One drawing per frame, however many messages a burst brings. */
function showEventsSoon() {
  if (drawing) return
  drawing = true
  requestAnimationFrame(() => {
    drawing = false
    showEvents()
  })
}

function showConnection(state) {
  connection = state
  byId('connection').dataset.state = state
  byId('connection-text').textContent = text(state)
}

function showInstallations() {
  const all = [...installations.values()]
  byId('installations-count').textContent = all.length === 0 ? '' : String(all.length)
  byId('installations-empty').hidden = connection === 'connecting' || all.length > 0
  byId('installations-list').replaceChildren(...all.map(installationCard))
}

function installationCard(installation) {
  const { app, domain, portal, status, version, reason, bindings, connectorLines, accounts, installedAt } = installation
  const lines = connectorLines.map(({ connector, line, active }) => {
    const shown = `${connector} · ${text('line')} ${line} · ${text(active ? 'on' : 'off')}`
    return node('span', { class: 'badge', 'data-state': active ? 'active' : 'deleted' }, shown)
  })
  const users = accounts.map(({ userId, state, deadReason }) => {
    return `${userId} (${text(state === 'live' ? 'tokensLive' : 'tokensDead')}${state === 'live' || deadReason === null ? '' : `: ${deadReason}`})`
  })
  const heading = node('div', { class: 'card-heading' }, node('h3', {}, domain || portal), badge(status))
  return node('li', {}, heading, facts([
    ['app', app],
    ['version', version],
    ['reason', reason],
    ['installed', installedAt === null ? null : timeOf(installedAt)],
    ['account', users.join(', ')],
    ['bindings', bindings.length === 0 ? text('none') : node('ul', { class: 'codes' }, ...bindings.map(({ event }) => node('li', {}, event)))],
    ['connectors', lines.length === 0 ? null : node('span', { class: 'badges' }, ...lines)],
  ]))
}

/** Rows are kept by id and only touched when their event changed, so that focus and scroll position stay where they are. */
function showEvents() {
  const newestFirst = [...events.values()].toSorted((a, b) => (a.id < b.id ? 1 : -1))
  if (newestFirst.length > MOST_ROWS) reloadSoon()
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
  byId('events-empty').hidden = connection === 'connecting' || newestFirst.length > 0
  byId('older').hidden = olderCursor === undefined
}

function fillRow(row, event) {
  const domain = installations.get(keyOf(event))?.domain || event.portal
  const content = JSON.stringify([language, event.state, event.reason, event.attempts, domain])
  if (row.dataset.content === content) return
  const focused = row.contains(document.activeElement)
  row.dataset.content = content
  const open = node('button', { type: 'button', class: 'open' }, event.event)
  open.addEventListener('click', () => openDetail(event.id))
  const state = node('td', { class: 'state' }, badge(event.state))
  if (event.reason !== null) state.append(node('code', {}, event.reason))
  row.replaceChildren(
    node('td', { class: 'at' }, timeOf(event.receivedAt)),
    node('td', {}, open, node('span', { class: 'app' }, event.app)),
    node('td', { class: 'portal', title: event.portal }, domain),
    state,
    node('td', { class: 'number', 'data-name': text('attempts') }, String(event.attempts)),
  )
  if (focused) open.focus()
}

function openDetail(id) {
  openedId = id
  byId('detail-body').replaceChildren()
  byId('detail-heading').textContent = events.get(id)?.event ?? ''
  byId('replay').hidden = true
  problem(byId('detail-problem'))
  byId('detail').showModal()
  void showDetail(id)
}

async function showDetail(id) {
  try {
    const event = await get(`api/events/${encodeURIComponent(id)}`)
    if (openedId !== id) return
    byId('detail-heading').textContent = event.event
    byId('replay').hidden = !['done', 'dead'].includes(event.state)
    byId('detail-body').replaceChildren(...detailOf(event))
  } catch (error) {
    problem(byId('detail-problem'), error.code === 'NOT_FOUND' ? { message: text('gone') } : error)
  }
}

function detailOf(event) {
  const { state, reason, portal, app, receivedAt, ts, proof, handlerId, id, data, dueAt, duplicateOf, history, attemptLog } = event
  const raised = ts !== null && /^\d{1,12}$/.test(ts) ? timeOf(new Date(Number(ts) * 1_000).toISOString()) : ts
  return [
    facts([
      ['state', badge(state)], ['reason', reason], ['dueAt', dueAt ? timeOf(dueAt) : null], ['portal', portal], ['app', app],
      ['received', timeOf(receivedAt)], ['raised', raised], ['proof', proof], ['handler', handlerId], ['id', id], ['duplicateOf', duplicateOf],
    ]),
    node('h3', {}, text('data')),
    data === null ? node('p', {}, text('noData')) : node('pre', { tabindex: '0' }, JSON.stringify(data, null, 2)),
    node('h3', {}, text('history')),
    node('ol', { class: 'history' }, ...history.map(historyItem)),
    node('h3', {}, text('attempts')),
    ...(attemptLog.length === 0 ? [node('p', {}, text('noAttempts'))] : attemptLog.map(attemptItem)),
  ]
}

function historyItem({ at, kind, n, outcome, proof, reason, error, of }) {
  const more = [n, outcome && text(outcome), proof, reason, error, of].filter((part) => part !== null && part !== undefined)
  return node('li', {}, timeOf(at), ` ${text(kind)} ${more.join(' · ')}`)
}

function attemptItem({ n, startedAt, durationMs, outcome, error, calls, notes }) {
  const heading = node('h4', {}, `${text('attempt')} ${n} `, badge(outcome), ` ${Math.round(durationMs)} ms, `, timeOf(startedAt))
  const called = calls.map((call) => `${call.method}  ${Math.round(call.durationMs)} ms${call.error ? `  ${call.error}` : ''}`)
  return node('section', { class: 'attempt' }, heading, facts([
    ['reason', error ? `${error.code}: ${error.message}` : null],
    ['calls', called.length === 0 ? null : node('ul', {}, ...called.map((line) => node('li', {}, line)))],
    ['notes', notes.length === 0 ? null : node('ul', {}, ...notes.map((line) => node('li', {}, line)))],
  ]))
}

async function replay() {
  try {
    byId('replay').disabled = true
    await request(`api/events/${encodeURIComponent(openedId)}/replay`, { method: 'POST' })
    problem(byId('detail-problem'))
    await showDetail(openedId)
  } catch (error) {
    problem(byId('detail-problem'), error)
  } finally {
    byId('replay').disabled = false
  }
}

byId('languages').addEventListener('click', ({ target }) => {
  if (target.dataset.language === undefined) return
  localStorage.setItem(LANGUAGE_KEY, target.dataset.language)
  speak(target.dataset.language)
})
byId('older').addEventListener('click', () => { loadOlder().catch((error) => problem(byId('problem'), error)) })
byId('replay').addEventListener('click', replay)
byId('close').addEventListener('click', () => byId('detail').close())
byId('detail').addEventListener('click', ({ target }) => { if (target === byId('detail')) byId('detail').close() })
byId('detail').addEventListener('close', () => {
  document.querySelector(`tr[data-id="${CSS.escape(openedId)}"] .open`)?.focus()
  openedId = undefined
})
speak(language)
void follow()
