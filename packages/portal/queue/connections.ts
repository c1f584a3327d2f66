import type { Agent as HttpAgent } from 'node:http'
import type { Agent as HttpsAgent } from 'node:https'
import { http, https } from '@portline/runtime/http.ts'

/** Connections that may carry more than one delivery. */
export interface Connections {
  readonly http: HttpAgent
  readonly https: HttpsAgent
}

/** Milliseconds an idle connection is kept: shorter than any server's own patience, so that it never closes first. */
const IDLE_MS = 250

export function keptConnections(): Connections {
  const options = { keepAlive: true, timeout: IDLE_MS }
  return { http: new http.Agent(options), https: new https.Agent(options) }
}

export function closeIdleConnections(connections: Connections): void {
  connections.http.destroy()
  connections.https.destroy()
}
