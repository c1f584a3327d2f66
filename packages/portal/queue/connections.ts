import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'

/** Connections that may carry more than one delivery. */
export interface Connections {
  readonly http: HttpAgent
  readonly https: HttpsAgent
}

/** Milliseconds an idle connection is kept: shorter than any server's own patience, so that it never closes first. */
const IDLE_MS = 250

export function keptConnections(): Connections {
  const options = { keepAlive: true, timeout: IDLE_MS }
  return { http: new HttpAgent(options), https: new HttpsAgent(options) }
}

export function closeIdleConnections({ http, https }: Connections): void {
  http.destroy()
  https.destroy()
}
