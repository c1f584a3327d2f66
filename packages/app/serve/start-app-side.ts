import { join } from 'node:path'
import { systemClock } from '@portline/runtime/clock.ts'
import type { Clock } from '@portline/runtime/clock.ts'
import { silentLog } from '@portline/runtime/log.ts'
import type { Log } from '@portline/runtime/log.ts'
import { systemNetwork } from '@portline/runtime/network.ts'
import type { Network } from '@portline/runtime/network.ts'
import { systemResolver } from '@portline/runtime/resolver.ts'
import { systemRandom } from '@portline/runtime/random.ts'
import type { Random } from '@portline/runtime/random.ts'
import type { RetentionRules } from '../inbox/retention.ts'
import { DEAD_KEPT_MS, DONE_KEPT_MS, STOP_GRACE_MS } from '../limits.ts'
import { BodyReader } from '../receive/read-body.ts'
import { STORE_FILE } from '../store/sqlite/restore.ts'
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts'
import type { AppOptions } from './app-options.ts'
import { HttpServer } from './http-server.ts'
import { loadSealingKey } from './sealing-key.ts'
import { Snapshots } from './snapshots.ts'

/**
 * Starts the app side: one store, one server, the lanes.
 *
 *     starting ──listening, former work taken up──> serving ──stop()──> draining ──> stopped
 *
 * Draining takes no new request, lets running handlers end and closes the store last.
 */
export interface AppSideOptions {
  readonly apps: readonly AppOptions[]
  readonly host: string
  /** 0 for any free port. */
  readonly port: number
  /** Holds the SQLite file and the sealing key. */
  readonly dataDir: string
  /** Origins of the authorization servers to trust. */
  readonly authServers: readonly string[]
  /** The address at which Bitrix24 reaches this server; its own when not given. */
  readonly publicUrl?: string
  readonly operatorToken?: string
  /** 32 bytes in base64; from a file in `dataDir` when not given. */
  readonly sealingKey?: string
  /** How long events are kept: done ones for 30 days, dead ones for 90, whatever their size, when not given. */
  readonly retention?: RetentionRules
  readonly clock?: Clock
  readonly random?: Random
  readonly network?: Network
  readonly log?: Log
}

export interface AppSide {
  readonly url: string
  stop(): Promise<void>
}

const KEPT_BY_DEFAULT: RetentionRules = { doneAfterMs: DONE_KEPT_MS, deadAfterMs: DEAD_KEPT_MS }

/** Errors: STORE_IN_USE, STORE_NEWER, STORE_UNAVAILABLE, KEY_INVALID, ADDRESS_IN_USE. */
export async function startAppSide(options: AppSideOptions): Promise<AppSide> {
  const { clock = systemClock, random = systemRandom, network = systemNetwork, log = silentLog, retention = KEPT_BY_DEFAULT } = options
  const key = await loadSealingKey(options.dataDir, options.sealingKey, random)
  // The store's thread starts while the rest is being loaded.
  const [store, { composeAppSide }] = await Promise.all([openSqliteStore(join(options.dataDir, STORE_FILE)), import('./compose.ts')])
  let url = ''
  const publicUrl = (): string => options.publicUrl ?? url
  try {
    const parts = await composeAppSide({ ...options, retention, clock, random, network, resolver: systemResolver, log, store, key, publicUrl })
    const snapshots = new Snapshots(store, join(options.dataDir, `${STORE_FILE}.snapshot`))
    await snapshots.clear()
    const webParts = { ...parts, snapshots, listenHost: options.host, operatorToken: options.operatorToken, nowMs: () => clock.now() }
    const server = new HttpServer({
      inbox: parts.inbox, hasApp: (name) => parts.appOf(name) !== undefined, bodies: new BodyReader(clock), log, clock,
      loadWeb: async () => (await import('./web.ts')).createWeb(webParts),
    })
    url = await server.listen(options.host, options.port)
    await parts.start().catch(async (error: unknown) => {
      await server.close()
      throw error
    })
    return {
      url,
      async stop() {
        parts.feed.close()
        const grace = clock.setTimer(STOP_GRACE_MS, () => server.closeAllConnections())
        // Side by side: a slow sender must not take the time that handlers have to end.
        await Promise.all([server.close(), parts.stop()])
        grace.cancel()
        await store.close()
      },
    }
  } catch (error) {
    await store.close()
    throw error
  }
}
