import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@portline/runtime/clock.ts'
import type { Clock } from '@portline/runtime/clock.ts'
import { silentLog } from '@portline/runtime/log.ts'
import { systemNetwork } from '@portline/runtime/network.ts'
import { systemRandom } from '@portline/runtime/random.ts'
import { systemResolver } from '@portline/runtime/resolver.ts'
import type { FormValue } from '@portline/wire/form/value.ts'
import type { App } from 'portline'
import type { Accepted } from 'portline/inbox/inbox.ts'
import { composeAppSide } from 'portline/serve/compose.ts'
import type { Store } from 'portline/store/port.ts'
import { openSqliteStore } from 'portline/store/sqlite/sqlite-store.ts'
import { sealApplicationToken } from 'portline/tokens/application-token.ts'
import { createSealer } from 'portline/tokens/sealer.ts'

/** The app side's rooms over a real store, without a server: its portals are installed already, `portal-0` and so on. */
export interface KnownPortalsHouse {
  readonly store: Store
  /** ONAPPTEST, unless another code is named. */
  accept(portal: number, data: FormValue, code?: string): Promise<Accepted>
  /** Ends the lanes as a stop of the app side does; the store stays open. */
  stop(): Promise<void>
  close(): Promise<void>
}

const KEY = new Uint8Array(32).fill(7)

export async function openKnownPortals(app: App, portals: number, clock: Clock = systemClock): Promise<KnownPortalsHouse> {
  const folder = await mkdtemp(join(tmpdir(), 'portline-known-'))
  const store = await openSqliteStore(join(folder, 'store.sqlite'))
  const sealer = createSealer(KEY, systemRandom)
  for (let index = 0; index < portals; index++) {
    const portal = { app: app.name, memberId: `portal-${index}` }
    await store.saveInstallation({
      ...portal, status: 'active', generation: 1, domain: 'p.example', clientEndpoint: 'https://p.example/rest/',
      serverEndpoint: 'https://oauth.example/rest/', updatedAtMs: 1, applicationToken: sealApplicationToken(sealer, portal, `token-${index}`),
    })
    // Nothing to bind: the start would else ask the portal for it.
    await store.saveBindings(portal, [])
  }
  const parts = await composeAppSide({
    apps: [{ app, clientId: 'app.known', clientSecret: 'secret' }], authServers: ['https://oauth.example'], clock, random: systemRandom,
    network: systemNetwork, resolver: systemResolver, log: silentLog, store, key: KEY, publicUrl: () => 'http://127.0.0.1',
  })
  await parts.lanes.start()
  let stopped = false
  const house: KnownPortalsHouse = {
    store,
    accept: (portal, data, event = 'ONAPPTEST') =>
      parts.inbox.accept(app.name, { event, data, auth: { member_id: `portal-${portal}`, application_token: `token-${portal}`, user_id: '7' } }, 100),
    async stop() {
      if (!stopped) await parts.stop()
      stopped = true
    },
    async close() {
      await house.stop()
      await store.close()
      await rm(folder, { recursive: true })
    },
  }
  return house
}
