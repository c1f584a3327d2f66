import type { B24OAuth } from '@bitrix24/b24jssdk'
import { sleep } from '@portline/runtime/clock.ts'
import type { Clock } from '@portline/runtime/clock.ts'
import type { Log } from '@portline/runtime/log.ts'
import type { Network } from '@portline/runtime/network.ts'
import type { Resolver } from '@portline/runtime/resolver.ts'
import { randomHex } from '@portline/runtime/random.ts'
import type { Random } from '@portline/runtime/random.ts'
import { CodedError } from '@portline/wire/errors.ts'
import { monotonicFactory } from 'ulid'
import { AuditTrail } from '../audit/audit-trail.ts'
import type { App } from '../define-app.ts'
import { createRestClients } from '../bitrix24/rest-clients.ts'
import type { RestClientParts, RestClients } from '../bitrix24/rest-clients.ts'
import { OpenDestinations } from '../destinations/open-destinations.ts'
import type { Destination } from '../destinations/destination.ts'
import { Appender } from '../inbox/appender.ts'
import { Closings } from '../inbox/closings.ts'
import { EarlyInstalls } from '../inbox/early-installs.ts'
import { Duplicates } from '../inbox/duplicates.ts'
import { HeldCounter } from '../inbox/held-counter.ts'
import { Inbox } from '../inbox/inbox.ts'
import { Lanes } from '../inbox/lanes.ts'
import { RefusalLog } from '../inbox/refusal-log.ts'
import { Retention } from '../inbox/retention.ts'
import type { RetentionRules } from '../inbox/retention.ts'
import { EventRunner } from '../inbox/run-events.ts'
import { OFFLINE_NOTICE } from '../installations/bindings.ts'
import { AccessWatch } from '../installations/access.ts'
import { CloneWatch } from '../installations/clone-watch.ts'
import { Eraser } from '../installations/erasure.ts'
import { equipAtStart } from '../installations/equip-at-start.ts'
import { bindPortal, equipPortal } from '../installations/lifecycle.ts'
import { createInstallations } from '../installations/installations.ts'
import { DRAIN_MS } from '../limits.ts'
import { Doctor } from '../doctor/doctor.ts'
import { OfflineDrainer } from '../offline/drainer.ts'
import type { Installation, Store } from '../store/port.ts'
import { AgeRenewals } from '../tokens/age-renewals.ts'
import { createAuthServers } from '../tokens/auth-server.ts'
import type { Credentials } from '../tokens/auth-server.ts'
import { KeyRotation } from '../tokens/key-rotation.ts'
import type { KeyPlace } from '../tokens/key-rotation.ts'
import { createSealer } from '../tokens/sealer.ts'
import { createTokenKeeper } from '../tokens/token-keeper.ts'
import { ClaimedTokens } from '../trust/claimed-tokens.ts'
import { KnownPortals } from '../trust/known-portals.ts'
import { loadClaims } from '../trust/load-claims.ts'
import { PortalHosts } from '../tokens/portal-hosts.ts'
import { createProver } from '../trust/prover.ts'
import { Reviewer } from '../trust/reviewer.ts'
import type { AppOptions } from './app-options.ts'
import { destinationViews } from './destination-views.ts'
import { LiveFeed } from './live-feed.ts'
import { showChanges } from './show-changes.ts'
import { eventView } from './views.ts'

/** Puts the rooms together; every arrow between them is drawn here. */
export interface ComposeOptions {
  readonly apps: readonly AppOptions[]
  readonly authServers: readonly string[]
  /** Where portals may be; anywhere when not given. */
  readonly portalHosts?: readonly string[] | undefined
  readonly clock: Clock
  readonly random: Random
  readonly network: Network
  readonly resolver: Resolver
  readonly log: Log
  readonly store: Store
  /** The key that seals, or where it stands with its former ones. */
  readonly key: Uint8Array | KeyPlace
  /** How long a former key stays after its last seal is gone: FORMER_KEY_REST_MS when not given. */
  readonly formerKeyRestMs?: number
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
  const place: KeyPlace = key instanceof Uint8Array ? { source: 'environment', keys: [key] } : key
  const sealer = createSealer(place.keys, random)
  const keys = new KeyRotation({ store, sealer, place, clock, random, log, restMs: options.formerKeyRestMs })
  const servers = createAuthServers(authServers, network)
  const known = new KnownPortals(sealer)
  const feed = new LiveFeed(clock)
  const trail = new AuditTrail({ store, sealer, clock, log })
  const eraser = new Eraser({ store, sealer, clock, log, quiet: () => inbox.quiet(), onErased: () => trail.changed() })
  const installations = createInstallations({ store, sealer, known, clock, onErasing: () => eraser.wake(), hasten: (portal) => lanes.hasten(portal) })
  const access = new AccessWatch(installations, clock)
  const portalHosts = new PortalHosts(options.portalHosts)
  const tokens = createTokenKeeper({
    portalHosts, store, sealer, authServers: servers, credentialsOf, clock, log,
    owner: randomHex(random, OWNER_BYTES),
    onChanged: (portal) => installations.relearn(portal),
  })
  const ages = new AgeRenewals({ store, tokens, clock, log })
  const rest = createRest({
    tokens, credentialsOf, clock,
    currentOf: (portal) => known.get(portal)?.installation,
    authConnectorOf: (name) => appOf(name)?.authConnector ?? '',
    onAnswer: (portal, refusal) => access.answered(portal, refusal).catch((error: unknown) => log.warn({ error: String(error) }, 'a block could not be noted')),
  })
  const prover = createProver({ authServers: servers, network, clock, portalHosts })
  const held = new HeldCounter()
  const refusals = new RefusalLog(store, clock, log, (refusal) => doctor.refused(refusal))

  const { showEvent, showInstallation } = showChanges(store, feed, clock)
  const destinations = new OpenDestinations({ clock, random, log, resolver })
  const newId = (): string => ulid(clock.now())
  const retention = new Retention({ store, clock, log, rules })
  const withApp = async (installation: Installation, work: (app: App, note: (text: string) => void, b24: B24OAuth) => Promise<unknown>): Promise<void> => {
    const app = appOf(installation.app)
    if (app === undefined) return
    const note = (text: string): void => log.info({ app: app.name, portal: installation.memberId }, text)
    await work(app, note, await rest.ofPortal(installation))
  }
  const equipment = () => ({ store, publicUrl: publicUrl(), leaveQueue })
  const offline = new OfflineDrainer({
    store, rest, sealer, clock, random, log, newId,
    known: (portal) => known.get(portal)?.installation,
    installations: () => known.installations(),
    fetches: (name) => appOf(name)?.codes.some((code) => appOf(name)?.handlerOf(code)?.policy.offline === true) === true,
    isFull: () => retention.full,
    keepBound: (installation) => withApp(installation, (app, note, b24) => bindPortal(equipment(), { app, installation, note }, b24)),
    onTaken: (portal, events) => {
      if (feed.watched) for (const event of events) feed.send('event', eventView(event))
      if (events.length > 0) lanes.wake(portal)
    },
  })
  const doctor = new Doctor({
    store, rest, network, resolver, clock, random, appOf, publicUrl,
    isFull: () => retention.full,
    breakerOf: (destination) => destinations.statusOf(destination),
    offlineStatusOf: (portal) => offline.statusOf(portal),
  })
  const leaveQueue = (installation: Installation, queue: string): Promise<void> => offline.leave(installation, queue)
  const runParts = {
    leaveQueue,
    appOf, rest, clock, random, store, destinationOf: (destination: Destination) => destinations.of(destination), installations, sealer, prover, credentialsOf,
    get publicUrl() {
      return publicUrl()
    },
  }
  const runner = new EventRunner(runParts)
  const lanes = new Lanes({
    store, clock, log,
    owner: randomHex(random, OWNER_BYTES),
    run: (events, begin) => runner.run(events, begin),
    together: (queue) => runner.together(queue),
    standBy: (queue) => runner.standBy(queue),
    onSettled: (portal, settlement) => {
      showEvent(settlement.id)
      showInstallation(portal)
    },
  })
  const claimed = new ClaimedTokens()
  const duplicates = new Duplicates(apps.map(({ app }) => app))
  const closings = new Closings({ store, installations, lanes, clock, log })
  const earlyInstalls = new EarlyInstalls({
    installations, prover, lanes, clock, log,
    clientIdOf: (name) => credentialsOf(name).clientId,
    equip: (installation) => withApp(installation, (app, note, b24) => equipPortal(equipment(), { app, installation, note }, b24)),
  })
  const reviewer = new Reviewer({
    store, known, claimed, prover, installations, tokens, authServers: servers, sealer, credentialsOf, clock, log,
    senderOf: (id) => held.senderOf(id),
    closeNow: (uninstall) => closings.close(uninstall),
    onReviewed: (portal, settlements) => {
      held.remove(settlements.map(({ id }) => id))
      for (const { id } of settlements) showEvent(id)
      lanes.wake(portal)
    },
  })
  const inbox = new Inbox({
    closings, earlyInstalls,
    store, known, installations, lanes, reviewer, refusals, held, clock, log, sealer,
    claimed, duplicates, retention, clones: new CloneWatch(installations, log),
    appender: new Appender({ store, sealer, clock, lease: () => lanes.lease() }),
    prover,
    clientIdOf: (name) => credentialsOf(name).clientId,
    newId,
    onAccepted: (event) => {
      if (event.code === OFFLINE_NOTICE && event.proof !== undefined) offline.wake(event)
      doctor.accepted(event)
      if (feed.watched) feed.send('event', eventView(event))
    },
  })
  installations.onChange((installation) => {
    // Its client may hold a token that another has taken the place of: the next one asks for it.
    rest.forget(installation)
    offline.learn(installation)
    trail.changed()
    // What waited behind a block may be due.
    if (installation.status === 'active') lanes.wake(installation)
    showInstallation(installation)
  })

  for (const installation of await store.installations()) known.learn(installation)
  await Promise.all([duplicates.load(store, clock.now()), loadClaims({ store, sealer, known, claimed })])

  return {
    trail, leaveQueue, doctor, offline, keys, appOf, credentialsOf, inbox, lanes, reviewer, refusals, retention, sealer, feed, installations, prover, rest, store, publicUrl, clock, log,
    onLineChanged: showInstallation,
    destinations: () => destinationViews(apps.map(({ app }) => app), destinations),
    async start() {
      await trail.start()
      eraser.wake()
      retention.start()
      keys.start()
      ages.start()
      await Promise.all([lanes.start(), reviewer.start(), inbox.start(), offline.start()])
      equipAtStart({ ...equipment(), installations: [...known.installations()], rest, appOf, log }).catch((error: unknown) => {
        log.warn({ error: String(error) }, 'the bindings could not be looked at')
      })
    },
    async stop() {
      inbox.stop()
      runner.drain()
      // Side by side: a portal that answers slowly must not take the time that handlers have to end.
      const offlineStopped = Promise.race([offline.stop(), sleep(clock, DRAIN_MS)])
      await Promise.all([retention.stop(), offlineStopped, keys.stop(), ages.stop(), reviewer.stop(), lanes.stop()])
      runner.stop()
      await destinations.close()
      await eraser.stop()
      await trail.stop()
      await tokens.stop()
    },
  }
}
