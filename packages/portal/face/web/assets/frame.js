// The portal's side of the frame protocol: what an app's page says through b24jssdk or BX24.js, and the answers.
//
// A message is `command:[JSON of parameters]:[callback]:APP_SID`, or an object { method, params, callback, appSid }. The answer is
// `callback:[JSON]`. It counts only from the frame itself, from the app's origin and with this frame's APP_SID: the page in the
// frame may have others around it or in it.

import { choose } from './chooser.js'
import { closeSlider, showSlider, sliderWindow } from './slider.js'

const byId = (id) => document.getElementById(id)
const data = JSON.parse(byId('frame-data').textContent)
const { init, texts } = data
const frame = byId('app-frame')
const layout = byId('layout')

window.addEventListener('message', (event) => {
  if (event.source === sliderWindow() && event.origin === location.origin) return closeSlider()
  if (event.source !== frame.contentWindow || event.origin !== data.appOrigin) return
  const message = readMessage(event.data)
  if (message === undefined || message.appSid !== data.appSid) return
  obey(message)
})

function readMessage(sent) {
  if (typeof sent === 'object' && sent !== null) {
    return { method: String(sent.method), params: sent.params, callback: sent.callback, appSid: sent.appSid }
  }
  if (typeof sent !== 'string') return undefined
  const parts = sent.split(':')
  const json = parts.slice(1, -2).join(':')
  try {
    return { method: parts[0], params: json === '' ? undefined : JSON.parse(json), callback: parts.at(-2), appSid: parts.at(-1) }
  } catch {
    console.warn(`The page sent parameters that are no JSON: ${parts[0]}`)
    return undefined
  }
}

function obey({ method, params, callback }) {
  const answer = (result) => {
    if (!callback) return
    const json = result === undefined ? '' : JSON.stringify(result)
    frame.contentWindow.postMessage(`${callback}:${json}`, data.appOrigin)
  }
  const commands = { ...COMMANDS, ...placementCommands() }
  if (!Object.hasOwn(commands, method)) return
  Promise.resolve(commands[method](params ?? {}, answer)).catch((error) => {
    console.error(error)
    notice(error instanceof Refusal ? error.message : texts.lost)
  })
}

// ---- the commands

const COMMANDS = {
  getInitData(_params, answer) {
    answer(init)
    init.FIRST_RUN = false
  },
  getInterface(_params, answer) {
    answer({ command: Object.keys(placementCommands()), event: [] })
  },
  async refreshAuth(_params, answer) {
    const pair = await ask({ action: 'access_refresh' })
    // A portal answers nothing then, and says so to the person in front of it.
    if (pair.access_token === undefined) return notice(texts.noTokens)
    const auth = { AUTH_ID: pair.access_token, AUTH_EXPIRES: String(pair.expires_in), REFRESH_ID: pair.refresh_token }
    Object.assign(init, auth)
    answer(auth)
  },
  async setInstall(params, answer) {
    await ask({ action: 'set_install', install: params.install === true })
    answer(params)
  },
  async setInstallFinish() {
    if (!init.INSTALL) return
    const { result } = await ask({ action: 'set_installed' })
    const next = new URL(data.path, location.href)
    next.searchParams.set('install_finished', result === true ? 'Y' : 'N')
    if (data.bare) next.searchParams.set('IFRAME', 'Y')
    location.replace(next)
  },
  async setAppOption({ name, value }, answer) {
    if (!init.IS_ADMIN) return
    init.APP_OPTIONS = await ask({ action: 'set_option', options: [{ name: String(name), value: value ?? null }] })
    answer(init.APP_OPTIONS)
  },
  async setUserOption(params, answer) {
    const { name, value } = params
    init.USER_OPTIONS = await ask({ action: 'set_user_option', options: [{ name: String(name), value: value ?? null }] })
    answer(params)
  },
  resizeWindow({ width, height }, answer) {
    layout.style.width = width === '100%' ? '100%' : `${Number.parseInt(width, 10) || 100}px`
    const pixels = Number.parseInt(height, 10)
    if (pixels > 0) layout.style.height = `${pixels}px`
    const box = layout.getBoundingClientRect()
    answer({ width: box.width, height: box.height })
  },
  reloadWindow() {
    location.reload()
  },
  setTitle(params, answer) {
    document.title = String(params.title)
    const title = byId('page-title')
    if (title !== null) title.textContent = String(params.title)
    answer(params)
  },
  setScroll(params, answer) {
    if (params.scroll >= 0) window.scrollTo(window.scrollX, Number.parseInt(params.scroll, 10))
    answer(params)
  },
  openApplication(params, answer) {
    openSlider(params, () => answer())
  },
  closeApplication() {
    if (data.bare) window.parent.postMessage('close', location.origin)
  },
  openPath({ path }, answer) {
    const target = URL.parse(String(path), location.origin)
    const known = target?.origin === location.origin && target.pathname.startsWith('/marketplace/app/')
    if (!known) return answer({ result: 'error', errorCode: 'PATH_NOT_AVAILABLE' })
    target.searchParams.set('IFRAME', 'Y')
    showSlider(target, { onClose: () => answer({ result: 'close' }) })
  },
  async selectUser({ mult }, answer) {
    const chosen = await choose(texts.chooseUser, data.users, mult === true || Number(mult) > 0)
    if (chosen !== undefined) answer(mult === true || Number(mult) > 0 ? chosen : chosen[0])
  },
  async selectAccess({ value }, answer) {
    const rights = [{ id: 'AU', name: '*' }, ...data.users.map(({ id, name }) => ({ id: `U${id}`, name }))]
    const blocked = Array.isArray(value) ? value : []
    const chosen = await choose(texts.chooseAccess, rights.filter(({ id }) => !blocked.includes(id)), true)
    if (chosen !== undefined) answer(chosen)
  },
  selectCRM: (_params, answer) => {
    notHere('selectCRM')
    answer({})
  },
  showAppForm: () => notHere('showAppForm'),
  imCallTo: () => notHere('imCallTo'),
  imPhoneTo: () => notHere('imPhoneTo'),
  imOpenMessenger: () => notHere('imOpenMessenger'),
  imOpenHistory: () => notHere('imOpenHistory'),
  // No place of this portal has events of its own, and a subscription to an unknown one is ignored in silence.
  placementBindEvent() {},
}

let fieldValue = null
const FIELD_COMMANDS = {
  setValue(value, answer) {
    fieldValue = value
    answer(value)
  },
  getValue(_params, answer) {
    answer(fieldValue)
  },
}
const CARD_COMMANDS = {
  reloadData(_params, answer) {
    answer()
  },
}

/** What the place itself lets a page do, beside what every page may. */
function placementCommands() {
  if (init.PLACEMENT === 'USERFIELD_TYPE') return FIELD_COMMANDS
  return /^CRM_\w+_(DETAIL_TAB|DETAIL_ACTIVITY|LIST_MENU)$/.test(init.PLACEMENT) ? CARD_COMMANDS : {}
}

// ---- the portal behind this page

class Refusal extends Error {}

async function ask(question) {
  const response = await fetch(data.path, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(question),
  })
  const answer = await response.json()
  if (!response.ok) throw new Refusal(`${answer.error} ${answer.error_description}`)
  return answer
}

function notice(text) {
  byId('notice').textContent = text
  byId('notice').hidden = false
}

function notHere(command) {
  notice(texts.notHere + command)
}

/** The app's own page over this one. Names that begin with bx24_ are for the slider, the others for the page. */
function openSlider(params, onClose) {
  const given = Object.entries(typeof params === 'object' ? params : {})
  const settings = Object.fromEntries(given.filter(([name]) => name.startsWith('bx24_')).map(([name, value]) => [name.slice(5), value]))
  const options = Object.fromEntries(given.filter(([name]) => !name.startsWith('bx24_')))
  const target = new URL(data.path, location.href)
  target.searchParams.set('IFRAME', 'Y')
  target.searchParams.set('PLACEMENT_OPTIONS', JSON.stringify(options))
  showSlider(target, { ...settings, onClose })
}

// ---- opening

frame.addEventListener('load', () => layout.removeAttribute('aria-busy'))
byId('opener').submit()
