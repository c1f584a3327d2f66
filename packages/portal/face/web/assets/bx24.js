// BX24 for pages in a frame of the local portal: the documented functions of Bitrix24's script (sdk/bx24-js-sdk), written anew.
// A page loads it from {portal}/api/v1/ as it loads Bitrix24's own from https://api.bitrix24.com/api/v1/.
//
// States: waiting for the portal's data ──getInitData answered──> first run of a page with install handlers ──installFinish──>
// ready; without those it is ready at once. What is asked before that waits. Outside a frame of a portal it never becomes ready.
(function () {
  'use strict'

  const [frameDomain = '', frameProtocol = '', appSid = ''] = window.name.split('|')
  const state = { data: undefined, ready: false, setup: false, expiresAtMs: 0 }
  const callbacks = new Map()
  const queues = { init: [], install: [] }
  let lastId = 0
  let proxied = null

  // ---- messages

  const target = () => `${frameProtocol === '1' ? 'https' : 'http'}://${frameDomain.replace(/:(80|443)$/, '')}`

  function send(command, params, callback) {
    const id = `bx24_${(lastId += 1)}`
    callbacks.set(id, callback)
    const json = params === undefined || params === null ? '' : JSON.stringify(params)
    parent.postMessage(`${command}:${json}:${id}:${appSid}`, target())
  }

  window.addEventListener('message', (event) => {
    if (event.source !== parent || event.origin !== target() || typeof event.data !== 'string') return
    const colon = event.data.indexOf(':')
    const id = event.data.slice(0, colon)
    if (!callbacks.has(id)) return
    const json = event.data.slice(colon + 1)
    const callback = callbacks.get(id)
    // Kept: an event of a place is answered again and again.
    if (callback?.once !== false) callbacks.delete(id)
    callback?.(json === '' ? undefined : JSON.parse(json))
  })

  // ---- life

  function start(data) {
    state.data = data
    takeAuth(data)
    state.setup = data.FIRST_RUN === true && queues.install.length > 0
    if (data.FIRST_RUN === true) send('setInstall', { install: true })
    if (!state.setup) return becomeReady()
    for (const handler of queues.install) runInstall(handler)
  }

  function runInstall(handler) {
    if (typeof handler === 'function') handler()
    else BX24.loadScript(handler, BX24.installFinish)
  }

  function becomeReady() {
    state.setup = false
    state.ready = true
    for (const handler of queues.init.splice(0)) handler()
  }

  function takeAuth({ AUTH_ID, REFRESH_ID, AUTH_EXPIRES }) {
    Object.assign(state.data, { AUTH_ID, REFRESH_ID, AUTH_EXPIRES })
    state.expiresAtMs = Date.now() + Number.parseInt(AUTH_EXPIRES, 10) * 1_000
  }

  /** Calls made while the first-run handlers run are not held up: those need them. */
  const whenConnected = (action) => (state.data === undefined ? BX24.init(action) : action())

  // ---- REST

  /** PHP's way of writing a form. */
  function encode(value, name = '') {
    if (value === undefined || value === null) return []
    if (typeof value === 'boolean') return [`${encodeURIComponent(name)}=${value ? 1 : 0}`]
    if (value instanceof Date) return [`${encodeURIComponent(name)}=${encodeURIComponent(value.toISOString())}`]
    if (value instanceof Element) return [`${encodeURIComponent(name)}=${encodeURIComponent(value.value)}`]
    if (typeof value !== 'object') return [`${encodeURIComponent(name)}=${encodeURIComponent(value)}`]
    return Object.entries(value).flatMap(([key, item]) => encode(item, name === '' ? key : `${name}[${key}]`))
  }

  async function request(method, params, again = true) {
    const body = [...encode(params), `auth=${encodeURIComponent(state.data.AUTH_ID)}`].join('&')
    const response = await fetch(`${target()}${state.data.PATH}/${method}.json`, {
      method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body,
    })
    const answer = await response.json().catch(() => ({ error: 'ERROR_UNEXPECTED_ANSWER', error_description: response.statusText }))
    const expired = answer.error === 'expired_token' || answer.error === 'invalid_token'
    if (!expired || !again) return { status: response.status, answer }
    await new Promise((resolve) => {
      BX24.refreshAuth(resolve)
    })
    return request(method, params, false)
  }

  class CallError {
    constructor(status, ex) {
      this.status = status
      this.ex = ex
    }
    getError() {
      return this.ex
    }
    getStatus() {
      return this.status
    }
    toString() {
      return `${this.ex.error}${this.ex.error_description ? `: ${this.ex.error_description}` : ''} (${this.status})`
    }
  }

  class AjaxResult {
    constructor(answer, { method, params, callback }, status) {
      this.answer = answer
      this.status = status
      this.query = { method, data: params, callback }
    }
    data() {
      return this.answer.result
    }
    time() {
      return this.answer.time
    }
    error() {
      return this.answer.error === undefined ? undefined : new CallError(this.status, this.answer)
    }
    error_description() {
      return this.answer.error_description
    }
    more() {
      return this.answer.next !== undefined
    }
    total() {
      return Number.parseInt(this.answer.total, 10)
    }
    next(callback = this.query.callback) {
      if (!this.more()) return false
      const { method, data } = this.query
      return BX24.callMethod(method, { ...data, start: this.answer.next }, callback)
    }
  }

  async function call(method, params, callback) {
    const { status, answer } = await request(method, params)
      .catch((error) => ({ status: 0, answer: { error: 'NETWORK_ERROR', error_description: String(error) } }))
    callback?.(new AjaxResult(answer, { method, params, callback }, status))
  }

  async function batch(calls, callback, halt) {
    const entries = Object.entries(calls).map(([key, one]) => {
      const [method, params = {}] = Array.isArray(one) ? one : [one.method, one.params]
      return { key, method, params, callback: undefined }
    })
    const cmd = Object.fromEntries(entries.map(({ key, method, params }) => [key, `${method}?${encode(params).join('&')}`]))
    const { status, answer } = await request('batch', { halt: halt ? 1 : 0, cmd })
      .catch((error) => ({ status: 0, answer: { error: 'NETWORK_ERROR', error_description: String(error) } }))
    const parts = answer.result ?? {}
    const results = Array.isArray(calls) ? [] : {}
    for (const entry of entries) {
      const { key } = entry
      const known = parts.result?.[key] !== undefined || parts.result_error?.[key] !== undefined
      if (answer.error === undefined && !known) continue
      const failure = answer.error === undefined ? parts.result_error?.[key] : answer
      const one = {
        result: parts.result?.[key], total: parts.result_total?.[key], next: parts.result_next?.[key],
        time: parts.result_time?.[key], ...failure,
      }
      results[key] = new AjaxResult(one, entry, status)
    }
    callback?.(results)
  }

  // ---- what a page sees

  const BX24 = {
    init(handler) {
      if (state.ready) handler()
      else queues.init.push(handler)
    },
    install(handler) {
      if (state.setup) runInstall(handler)
      else if (state.data === undefined) queues.install.push(handler)
    },
    installFinish() {
      if (state.data?.INSTALL === true) send('setInstallFinish', {})
      else if (state.setup) becomeReady()
    },
    getAuth() {
      if (state.data === undefined || state.expiresAtMs <= Date.now()) return false
      return {
        access_token: state.data.AUTH_ID, refresh_token: state.data.REFRESH_ID, expires_in: state.expiresAtMs,
        domain: state.data.DOMAIN, member_id: state.data.MEMBER_ID,
      }
    },
    refreshAuth(callback) {
      send('refreshAuth', undefined, (auth) => {
        takeAuth(auth)
        callback?.(BX24.getAuth())
      })
    },
    callMethod(method, params = {}, callback = undefined) {
      whenConnected(() => void call(method, params ?? {}, callback))
    },
    callBatch(calls, callback, halt = false) {
      whenConnected(() => void batch(calls, callback, halt))
    },
    callBind(event, handler, authType, callback) {
      BX24.callMethod('event.bind', { event, handler, auth_type: authType }, callback)
    },
    callUnbind(event, handler, authType, callback) {
      BX24.callMethod('event.unbind', { event, handler, auth_type: authType }, callback)
    },

    isAdmin: () => state.data?.IS_ADMIN === true,
    getLang: () => state.data?.LANG,
    getDomain: () => frameDomain.replace(/:(80|443)$/, ''),
    appOption: {
      get: (name) => state.data.APP_OPTIONS[name],
      set(name, value, callback) {
        state.data.APP_OPTIONS[name] = value
        send('setAppOption', { name, value }, callback)
      },
    },
    userOption: {
      get: (name) => state.data.USER_OPTIONS[name],
      set(name, value, callback) {
        state.data.USER_OPTIONS[name] = value
        send('setUserOption', { name, value }, callback)
      },
    },
    placement: {
      info: () => ({ placement: state.data.PLACEMENT, options: state.data.PLACEMENT_OPTIONS }),
      getInterface: (callback) => send('getInterface', undefined, callback),
      call: (command, params, callback) => send(command, params, callback),
      bindEvent: (event, callback) => send('placementBindEvent', { event }, Object.assign((sent) => callback(sent), { once: false })),
    },

    selectUser: (callback) => send('selectUser', { mult: 0 }, callback),
    selectUsers: (callback) => send('selectUser', { mult: 1 }, callback),
    selectAccess: (value, callback) =>
      typeof value === 'function' ? send('selectAccess', { value: [] }, value) : send('selectAccess', { value }, callback),
    selectCRM: (params, callback) =>
      typeof params === 'function' ? send('selectCRM', {}, params) : send('selectCRM', params, callback),

    resizeWindow(width, height, callback) {
      if (Number.parseInt(height, 10) > 0) send('resizeWindow', { width, height }, callback)
    },
    fitWindow: (callback) => send('resizeWindow', { width: '100%', height: BX24.getScrollSize().scrollHeight }, callback),
    getScrollSize: () => ({
      scrollWidth: Math.max(document.documentElement.scrollWidth, document.documentElement.offsetWidth),
      scrollHeight: Math.max(document.documentElement.scrollHeight, document.documentElement.offsetHeight),
    }),
    scrollParentWindow: (scroll, callback) => send('setScroll', { scroll }, callback),
    reloadWindow: (callback) => send('reloadWindow', undefined, callback),
    setTitle: (title, callback) => send('setTitle', { title: String(title) }, callback),
    openApplication(params = {}, onClose = undefined, settings = {}) {
      const prefixed = Object.fromEntries(Object.entries(settings).map(([name, value]) => [`bx24_${name}`, value]))
      send('openApplication', { ...params, ...prefixed }, onClose)
    },
    closeApplication: (callback) => send('closeApplication', {}, callback),
    openPath: (path, callback) => send('openPath', { path }, callback),
    im: {
      callTo: (userId, video = true) => send('imCallTo', { userId, video }),
      phoneTo: (phone) => send('imPhoneTo', { phone }),
      openMessenger: (dialogId) => send('imOpenMessenger', { dialogId }),
      openHistory: (dialogId) => send('imOpenHistory', { dialogId }),
    },

    isReady: () => document.readyState !== 'loading',
    ready(handler) {
      if (BX24.isReady()) handler()
      else document.addEventListener('DOMContentLoaded', () => handler(), { once: true })
    },
    bind: (element, name, handler) => element.addEventListener(name, handler),
    unbind: (element, name, handler) => element.removeEventListener(name, handler),
    proxy: (handler, context) => function (...given) {
      const outer = proxied
      proxied = this
      try {
        return handler.apply(context, given)
      } finally {
        proxied = outer
      }
    },
    proxyContext: () => proxied,
    async loadScript(scripts, callback) {
      for (const src of [scripts].flat()) {
        await new Promise((resolve) => {
          document.head.append(Object.assign(document.createElement('script'), { src, onload: resolve, onerror: resolve }))
        })
      }
      callback?.()
    },
  }

  // Handlers of `install` are given while the page is parsed; the portal is asked only then.
  if (parent !== window && appSid !== '') BX24.ready(() => send('getInitData', undefined, start))
  else console.warn('BX24: this page is not in a frame of a portal')
  window.BX24 = BX24
})()
