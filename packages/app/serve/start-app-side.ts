import { join } from 'node:path'
import { systemClock } from '@portline/runtime/clock.ts'
import type { Clock } from '@portline/runtime/clock.ts'
import { silentLog } from '@portline/runtime/log.ts'
import type { Log } from '@portline/runtime/log.ts'
import { systemGetJson, systemNetwork } from '@portline/runtime/network.ts'
import type { GetJson, Network } from '@portline/runtime/network.ts'
import { systemResolver } from '@portline/runtime/resolver.ts'
import { systemRandom } from '@portline/runtime/random.ts'
import type { Random } from '@portline/runtime/random.ts'
import type { RetentionRules } from '../inbox/retention.ts'
import { DEAD_KEPT_MS, DONE_KEPT_MS, STOP_GRACE_MS } from '../limits.ts'
import { BodyReader } from '../receive/read-body.ts'
import { BootingThread } from '../store/sqlite/booting-thread.ts'
import { STORE_FILE } from '../store/sqlite/store-file.ts'
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts'
import type { AppOptions } from './app-options.ts'
import { HttpServer } from './http-server.ts'
import type { HttpLimits } from './http-server.ts'
import { loadSealingKeys } from './sealing-key.ts'
import { SenderAddresses } from './sender-address.ts'
import { SenderNodes } from './sender-nodes.ts'
import type { SenderNodesMode } from './sender-nodes.ts'
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
  /** Hosts of portals (portal.example.com) and domains of theirs (*.bitrix24.com); any when not given. */
  readonly portalHosts?: readonly string[] | undefined
  /** The address at which Bitrix24 reaches this server; its own when not given. */
  readonly publicUrl?: string
  readonly operatorToken?: string
  /** 32 bytes in base64; from a file in `dataDir` when not given. */
  readonly sealingKey?: string
  /** With `sealingKey`: those that it took the place of, separated by commas, until everything is resealed. */
  readonly formerSealingKeys?: string
  /** How long a former key stays after its last seal is gone: 5 minutes when not given. */
  readonly formerKeyRestMs?: number
  /** How long events are kept: done ones for 30 days, dead ones for 90, whatever their size, when not given. */
  readonly retention?: RetentionRules
  /** Where events come from: any address, and what proxies say of it is not believed, when not given. */
  readonly senders?: SenderOptions
  /** How long slow senders are waited for, and how many connections may be open. */
  readonly http?: Partial<HttpLimits>
  /** Of the store, started beforehand to be sooner ready. It is this app side's from now on. */
  readonly storeThread?: BootingThread
  /** Called when the code that events need is loaded, before any of them comes. */
  readonly onLoaded?: () => void
  readonly clock?: Clock
  readonly random?: Random
  readonly network?: Network
  /** How the list of senders is fetched. */
  readonly getJson?: GetJson
  readonly log?: Log
}

export interface SenderOptions {
  /** Addresses and networks whose X-Forwarded-For is believed. */
  readonly trustedProxies?: readonly string[] | undefined
  /** Checks senders against the list that is published there. */
  readonly nodes?: { readonly mode: SenderNodesMode; readonly url: string } | undefined
}

export interface AppSide {
  readonly url: string
  /** Resolves when its store will never answer again: nothing is taken in any more, and only a new process helps. */
  readonly gone?: Promise<void>
  stop(): Promise<void>
}

const KEPT_BY_DEFAULT: RetentionRules = { doneAfterMs: DONE_KEPT_MS, deadAfterMs: DEAD_KEPT_MS }

/** Errors: STORE_IN_USE, STORE_NEWER, STORE_UNAVAILABLE, KEY_INVALID, ADDRESS_IN_USE. */
export async function startAppSide(options: AppSideOptions): Promise<AppSide> {
  const { clock = systemClock, random = systemRandom, network = systemNetwork, log = silentLog, retention = KEPT_BY_DEFAULT, getJson = systemGetJson } = options
  const keySettings = { key: options.sealingKey, formerKeys: options.formerSealingKeys }
  const { storeThread = new BootingThread('thread.ts') } = options
  const composing = import('./compose.ts')
  // Before the store is made: a key that is wrong must leave nothing behind.
  await loadSealingKeys(options.dataDir, keySettings, random).catch(async (error: unknown) => {
    await storeThread.discard()
    throw error
  })
  // The store opens while the rest is being loaded.
  const [store, { composeAppSide }] = await Promise.all([openSqliteStore(join(options.dataDir, STORE_FILE), storeThread), composing])
  let url = ''
  const publicUrl = (): string => options.publicUrl ?? url
  try {
    options.onLoaded?.()
    // Once more: until the store was ours, another process may have changed the keys and resealed it.
    const key = await loadSealingKeys(options.dataDir, keySettings, random)
    const parts = await composeAppSide({ ...options, retention, clock, random, network, resolver: systemResolver, log, store, key, publicUrl })
    const senders = new SenderAddresses(options.senders?.trustedProxies)
    const bodies = new BodyReader(clock)
    const snapshots = new Snapshots(store, join(options.dataDir, `${STORE_FILE}.snapshot`), clock)
    await snapshots.clear()
    const webParts = { ...parts, snapshots, bodies, listenHost: options.host, operatorToken: options.operatorToken, nowMs: () => clock.now(), senders }
    const nodes = options.senders?.nodes
    const senderNodes = nodes === undefined ? undefined : new SenderNodes({ ...nodes, store, getJson, clock, log })
    await senderNodes?.load()
    const server = new HttpServer({
      senders, senderNodes, refusals: parts.refusals, limits: options.http,
      inbox: parts.inbox, hasApp: (name) => parts.appOf(name) !== undefined, bodies, log, clock,
      loadWeb: async () => (await import('./web.ts')).createWeb(webParts),
    })
    const stop = async (): Promise<void> => {
      parts.feed.close()
      senderNodes?.stop()
      const grace = clock.setTimer(STOP_GRACE_MS, () => server.closeAllConnections())
      try {
        // Side by side: a slow sender must not take the time that handlers have to end.
        await Promise.all([server.close(), parts.stop()])
      } finally {
        grace.cancel()
        await store.close()
      }
    }
    try {
      url = await server.listen(options.host, options.port)
      senderNodes?.start()
      await parts.start()
    } catch (error) {
      // What was wrong is to be told, not what came of it.
      await stop().catch(() => {})
      throw error
    }
    return { url, stop, ...(store.gone === undefined ? {} : { gone: store.gone }) }
  } catch (error) {
    await store.close()
    throw error
  }
}
