import type { B24OAuth } from '@bitrix24/b24jssdk'
import type { Log } from '@portline/runtime/log.ts'
import { CodedError } from '@portline/wire/errors.ts'
import type { ErrorCode } from '@portline/wire/errors.ts'
import { z } from 'zod'
import type { RestClients } from '../bitrix24/rest-clients.ts'
import type { App } from '../define-app.ts'
import { NOT_OFFERED, declaredBindings, isMoved, planBindings, readBindings } from '../installations/bindings.ts'
import type { BindingReport } from '../installations/bindings.ts'
import { bindPortal, eventsUrl } from '../installations/lifecycle.ts'
import type { LifecycleParts } from '../installations/lifecycle.ts'
import { nothingInstalled } from '../installations/nothing-installed.ts'
import { missingScope, readOffer } from '../installations/offered-events.ts'
import { LIST_MAX_ROWS, PORTALS_SYNCED_AT_ONCE } from '../limits.ts'
import type { InstallationPlace } from '../store/installation-list.ts'
import type { Binding, Installation, Store } from '../store/port.ts'
import { checked } from './event-query.ts'
import { conditionsOf, placeOf, textOfPlace } from './installation-query.ts'
import { bindingView } from './views.ts'

/** Makes the declared bindings true on portals, or says what it would change. One request does a bounded part and says where to go on. */
export interface BindingSyncParts {
  readonly store: Store
  readonly rest: RestClients
  readonly appOf: (name: string) => App | undefined
  readonly publicUrl: () => string
  readonly leaveQueue: LifecycleParts['leaveQueue']
  readonly log: Log
}

const bodySchema = z.strictObject({
  app: z.string().optional(),
  portal: z.string().optional(),
  dryRun: z.boolean().default(false),
  /** Takes back what leads to an app side's address for this app on another host, though nothing here remembers it. */
  moved: z.boolean().default(false),
  after: z.string().default(''),
})

export interface PortalSync {
  readonly app: string
  readonly portal: string
  readonly domain: string
  /** Bound now, or with `dryRun` to be bound. */
  readonly bound: readonly BindingView[]
  readonly unbound: readonly BindingView[]
  readonly kept: number
  readonly refused: readonly (BindingView & { readonly reason: string })[]
  /** Left alone; `moved`: to an app side's address for this app on another host. */
  readonly foreign: readonly (BindingView & { readonly moved: boolean })[]
  /** Why nothing could be done, or not all of it. */
  readonly error: { readonly code: ErrorCode; readonly message: string } | null
}

export interface SyncReport {
  readonly dryRun: boolean
  readonly portals: readonly PortalSync[]
  /** With it there are more: ask again with it as `after`. */
  readonly next: string | null
}

type BindingView = ReturnType<typeof bindingView>

/** Errors: BAD_REQUEST, NOT_FOUND when nothing is installed of the app or on the portal that was named. */
export async function syncBindings(parts: BindingSyncParts, body: unknown): Promise<SyncReport> {
  const { app, portal, dryRun, moved, after } = checked(bodySchema, body ?? {})
  const { installations, next } = await parts.store.listInstallations({
    ...conditionsOf(app, portal), live: true, order: 'portal', limit: PORTALS_SYNCED_AT_ONCE, ...(after === '' ? {} : { after: placeOf(after) }),
  })
  if (installations.length === 0 && after === '' && (app ?? portal) !== undefined) throw nothingInstalled(await installedApps(parts.store), app, portal)
  const portals = await Promise.all(installations.map((installation) => syncPortal(parts, installation, dryRun, moved)))
  return { dryRun, portals, next: next === undefined ? null : textOfPlace(next) }
}

async function installedApps(store: Store): Promise<string[]> {
  const apps = new Set<string>()
  for (let after: InstallationPlace | undefined, more = true; more; more = after !== undefined) {
    const page = await store.listInstallations({ live: true, order: 'portal', limit: LIST_MAX_ROWS, ...(after === undefined ? {} : { after }) })
    for (const { app } of page.installations) apps.add(app)
    after = page.next
  }
  return [...apps]
}

async function syncPortal(parts: BindingSyncParts, installation: Installation, dryRun: boolean, moved: boolean): Promise<PortalSync> {
  const { store, rest, appOf, publicUrl, leaveQueue, log } = parts
  const facts = { app: installation.app, portal: installation.memberId, domain: installation.domain }
  const nothing = { ...facts, bound: [], unbound: [], kept: 0, refused: [], foreign: [] }
  try {
    const app = appOf(installation.app)
    if (app === undefined) throw new CodedError('APP_UNKNOWN', `${installation.app} does not run here`)
    const address = eventsUrl(publicUrl(), app.name)
    const b24 = await rest.ofPortal(installation)
    const alsoStale = (binding: Binding): boolean => moved && isMoved(binding, address)
    const note = (text: string): void => log.info({ app: app.name, portal: installation.memberId }, text)
    const report = dryRun
      ? await planned(b24, declaredBindings(app, address), await store.bindings(installation), alsoStale)
      : await bindPortal({ store, publicUrl: publicUrl(), leaveQueue }, { app, installation, note }, b24, alsoStale)
    return { ...facts, ...viewOf(report, address), error: null }
  } catch (error) {
    const coded = error instanceof CodedError ? error : new CodedError('INTERNAL_ERROR', String(error))
    return { ...nothing, error: { code: coded.code, message: coded.message } }
  }
}

/** Changes nothing. What another licence would be needed for only shows when it is bound. */
async function planned(
  b24: B24OAuth, declared: readonly Binding[], former: readonly Binding[], alsoStale: (binding: Binding) => boolean,
): Promise<BindingReport> {
  const existing = await readBindings(b24)
  const plan = planBindings(declared, existing, [...former, ...existing.filter(alsoStale)])
  if (plan.missing.length === 0) return { ...plan, refused: [] }
  const { offered, granted } = await readOffer(b24)
  const refused = plan.missing.filter(({ event }) => !offered.has(event)).map((binding) => {
    const scope = missingScope(binding.event, granted)
    return { binding, reason: scope === undefined ? NOT_OFFERED : `${NOT_OFFERED}: it needs the permission ${scope}` }
  })
  return { ...plan, refused }
}

function viewOf({ missing, kept, stale, foreign, refused }: BindingReport, address: string) {
  const not = new Set(refused.map(({ binding }) => binding))
  return {
    bound: missing.filter((binding) => !not.has(binding)).map(bindingView),
    unbound: stale.map(bindingView),
    kept: kept.length,
    refused: refused.map(({ binding, reason }) => ({ ...bindingView(binding), reason })),
    foreign: foreign.map((binding) => ({ ...bindingView(binding), moved: isMoved(binding, address) })),
  }
}
