import type { Clock } from '@portline/runtime/clock.ts'
import type { Log } from '@portline/runtime/log.ts'
import type { Network } from '@portline/runtime/network.ts'
import type { Resolver } from '@portline/runtime/resolver.ts'
import { randomHex } from '@portline/runtime/random.ts'
import type { Random } from '@portline/runtime/random.ts'
import { CodedError } from '@portline/wire/errors.ts'
import { monotonicFactory } from 'ulid'
import { createRestClients } from '../bitrix24/rest-clients.ts'
import type { RestClientParts, RestClients } from '../bitrix24/rest-clients.ts'
import { OpenDestinations } from '../destinations/open-destinations.ts'
import type { Destination } from '../destinations/destination.ts'
import { Appender } from '../inbox/appender.ts'
import { Duplicates } from '../inbox/duplicates.ts'
import { HeldCounter } from '../inbox/held-counter.ts'
import { Inbox } from '../inbox/inbox.ts'
import { Lanes } from '../inbox/lanes.ts'
import { RefusalLog } from '../inbox/refusal-log.ts'
import { Retention } from '../inbox/retention.ts'
import type { RetentionRules } from '../inbox/retention.ts'
import { EventRunner } from '../inbox/run-events.ts'
import { equipAtStart } from '../installations/equip-at-start.ts'
import { createInstallations } from '../installations/installations.ts'
import type { PortalKey, Store } from '../store/port.ts'
import { createAuthServers } from '../tokens/auth-server.ts'
import type { Credentials } from '../tokens/auth-server.ts'
import { createSealer } from '../tokens/sealer.ts'
import { createTokenKeeper } from '../tokens/token-keeper.ts'
import { ClaimedTokens } from '../trust/claimed-tokens.ts'
import { KnownPortals } from '../trust/known-portals.ts'
import { createProver } from '../trust/prover.ts'
import { Reviewer } from '../trust/reviewer.ts'
import type { AppOptions } from './app-options.ts'
import { LiveFeed } from './live-feed.ts'
import { eventView, installationView } from './views.ts'

/** Puts the rooms together; every arrow between them is drawn here. */
export interface ComposeOptions {
  readonly apps: readonly AppOptions[]
  readonly authServers: readonly string[]
  readonly clock: Clock
  readonly random: Random
  readonly network: Network
  readonly resolver: Resolver
  readonly log: Log
  readonly store: Store
  readonly key: Uint8Array
  /** Everything is kept for ever when not given. */
  readonly retention?: RetentionRules
  readonly publicUrl: () => string
  /** Clients of other making: the SDK's go to the network by themselves. */
  readonly createRest?: (parts: RestClientParts) => RestClients
}

const OWNER_BYTES = 8

export async function composeAppSide(options: ComposeOptions) {
  const { apps, authServers, clock, random, network, resolver, log, store, key, publicUrl, retention: rules = {}, createRest = createRestClients } = options
  const byName = new Map(apps.map((each) => [each.app.name, each]))
  const appOf = (name: string) => byName.get(name)?.app
  const credentialsOf = (name: string): Credentials => {
    const found = byName.get(name)
    if (found === undefined) throw new CodedError('APP_UNKNOWN')
    return found
  }
  const ulid = monotonicFactory(() => random.fraction())
  const sealer = createSealer(key, random)
  const servers = createAuthServers(authServers, network)
  const known = new KnownPortals(sealer)
  const feed = new LiveFeed(clock)
  const installations = createInstallations({ store, sealer, known, clock })
  const tokens = createTokenKeeper({
    store, sealer, authServers: servers, credentialsOf, clock, log,
    onChanged: (portal) => installations.relearn(portal),
  })
  const rest = createRest({ tokens, credentialsOf, clock, currentOf: (portal) => known.get(portal)?.installation })
  const prover = createProver({ authServers: servers, network })
  const held = new HeldCounter()
  const refusals = new RefusalLog(store, clock, log)

  const showInstallation = (portal: PortalKey): void => {
    if (!feed.watched) return
    const found = store.installation(portal)
    found
      .then(async (installation) => installation && feed.send('installation', await installationView(store, installation)))
      .catch(() => {})
  }
  const showEvent = (id: string): void => {
    if (!feed.watched) return
    store.event(id).then((event) => event && feed.send('event', eventView(event))).catch(() => {})
  }

  const destinations = new OpenDestinations({ clock, random, log, resolver })
  const runParts = {
    appOf, rest, clock, random, store, destinationOf: (destination: Destination) => destinations.of(destination), installations, sealer, prover, credentialsOf,
    get publicUrl() {
      return publicUrl()
    },
  }
  const runner = new EventRunner(runParts)
  const lanes = new Lanes({
    store, clock, log,
    owner: randomHex(random, OWNER_BYTES),
    run: (events) => runner.run(events),
    together: (queue) => runner.together(queue),
    onSettled: (portal, settlement) => {
      showEvent(settlement.id)
      showInstallation(portal)
    },
  })
  const claimed = new ClaimedTokens()
  const retention = new Retention({ store, clock, log, rules })
  const duplicates = new Duplicates(apps.map(({ app }) => app))
  const reviewer = new Reviewer({
    store, known, claimed, prover, installations, tokens, authServers: servers, sealer, credentialsOf, clock, log,
    onReviewed: (portal, settlements) => {
      held.add(portal, -settlements.length)
      for (const { id } of settlements) showEvent(id)
      lanes.wake(portal)
    },
  })
  const inbox = new Inbox({
    store, known, installations, lanes, reviewer, refusals, held, clock, log, sealer,
    claimed, duplicates, retention,
    appender: new Appender({ store, sealer, clock, lease: () => lanes.lease() }),
    apps: [...byName.keys()],
    newId: () => ulid(clock.now()),
    onAccepted: (event) => feed.watched && feed.send('event', eventView(event)),
  })
  installations.onChange((installation) => {
    if (installation.status === 'deleted') rest.forget(installation)
    showInstallation(installation)
  })

  for (const installation of await store.installations()) known.learn(installation)
  await duplicates.load(store, clock.now())

  return {
    appOf, credentialsOf, inbox, lanes, reviewer, refusals, retention, sealer, feed, installations, prover, rest, store, publicUrl, clock, log,
    onLineChanged: showInstallation,
    async start() {
      retention.start()
      await Promise.all([lanes.start(), reviewer.start(), inbox.start()])
      equipAtStart({ store, rest, appOf, publicUrl: publicUrl(), log }).catch((error: unknown) => {
        log.warn({ error: String(error) }, 'the bindings could not be looked at')
      })
    },
    async stop() {
      inbox.stop()
      await retention.stop()
      reviewer.stop()
      await lanes.stop()
      runner.stop()
      await destinations.close()
    },
  }
}
