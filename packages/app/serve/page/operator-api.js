// Asks the operator API, with the operator's token when it wants one.

import { byId } from './nodes.js'
import { text } from './texts.js'

const TOKEN_KEY = 'portline.operator-token'
/** No server has a token of anything else, and a browser refuses to send it. */
const SENDABLE = /^[\x20-\x7e]+$/

export class ApiError extends Error {
  constructor({ error, error_description: description }) {
    super(description)
    this.code = error
  }
}

export async function request(path, options = {}) {
  const token = keptToken()
  const headers = token === null ? {} : { authorization: `Bearer ${token}` }
  const response = await fetch(path, { ...options, headers, cache: 'no-store' })
  if (response.ok) return response
  const body = await response.json().catch(() => ({ error: String(response.status), error_description: response.statusText }))
  if (body.error !== 'OPERATOR_TOKEN_REQUIRED') throw new ApiError(body)
  await askForToken(text(token === null ? 'tokenWhy' : 'tokenRefused'))
  return request(path, options)
}

/** One that cannot be sent may have been kept by a former version of this page. */
function keptToken() {
  const token = sessionStorage.getItem(TOKEN_KEY)
  return token !== null && SENDABLE.test(token) ? token : null
}

export async function get(path) {
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
      if (!SENDABLE.test(value)) return resolve(askForToken(value === '' ? why : text('tokenRefused')))
      sessionStorage.setItem(TOKEN_KEY, value)
      resolve()
    }, { once: true })
    dialog.showModal()
  })
  return asking
}
