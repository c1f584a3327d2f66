import type { B24OAuth } from '@bitrix24/b24jssdk'
import type { AuthBlock } from '@portline/wire/envelope.ts'
import { textField } from '@portline/wire/form/value.ts'
import type { Clock } from '@portline/runtime/clock.ts'
import { CodedError } from '@portline/wire/errors.ts'
import { ACCESS_TOKEN_LIFETIME_S } from '@portline/wire/oauth.ts'
import { codedCauseOf } from '../bitrix24/call-rest.ts'
import { registerConnectors } from '../connectors/register-connectors.ts'
import type { App } from '../define-app.ts'
import { believedRaisedAtMs } from '../raised-at.ts'
import type { Account } from '../store/accounts.ts'
import type { Binding, Installation, InstallationPatch, NewEvent, StoredEvent, Store } from '../store/port.ts'
import type { Credentials } from '../tokens/auth-server.ts'
import { placeOf } from '../tokens/account-place.ts'
import { sealAccount } from '../tokens/token-pair.ts'
import type { TokenPair } from '../tokens/token-pair.ts'
import type { Sealer } from '../tokens/sealer.ts'
import type { Prover } from '../trust/prover.ts'
import { boundBy, declaredBindings, makeBindingsTrue, planBindings, readBindings } from './bindings.ts'
import type { BindingReport } from './bindings.ts'
import { byEvent } from './installations.ts'
import type { Installations } from './installations.ts'

/**
 * What the app side itself does with a proven event before the app's handler sees it. Every step may run again after a
 * crash or a failure, so each is idempotent.
 */
export interface LifecycleParts {
  readonly store: Store
  readonly installations: Installations
  readonly sealer: Sealer
  readonly prover: Prover
  readonly credentialsOf: (app: string) => Credentials
  readonly clock: Clock
  readonly publicUrl: string
  /** Fetches what waits in an offline queue that the app has no bindings for any more. */
  readonly leaveQueue: (installation: Installation, queue: string) => Promise<void>
}

export interface LifecycleStep {
  readonly app: App
  readonly event: StoredEvent
  readonly installation: Installation
  readonly auth: AuthBlock
  readonly b24: () => Promise<B24OAuth>
  readonly note: (text: string) => void
}

export async function runLifecycleStep(parts: LifecycleParts, step: LifecycleStep): Promise<Installation> {
  switch (step.event.code) {
    case 'ONAPPINSTALL':
    case 'ONAPPUPDATE':
      return installed(parts, step)
    case 'ONAPPUNINSTALL':
      return uninstalled(parts, step)
    case 'ONAPPPAYMENT':
      await paid(parts, step)
      break
    case 'ONIMCONNECTORSTATUSDELETE':
      await connectorOff(parts, step, textField(step.event.data, 'connector'), textField(step.event.data, 'line'))
      break
    case 'ONIMCONNECTORLINEDELETE':
      await lineDeleted(parts, step)
  }
  return activated(parts, step)
}

/** Whether the uninstall asks for the portal's data to go (`CLEAN`, api-reference/common/events/on-app-uninstall.md). */
export function asksToClean(event: Pick<StoredEvent, 'code' | 'data'>): boolean {
  return event.code === 'ONAPPUNINSTALL' && textField(event.data, 'CLEAN') === '1'
}

/** The address events are bound to, and the one connectors' settings open. */
export function eventsUrl(publicUrl: string, app: string): string {
  return `${publicUrl}/apps/${app}/events`
}

export function placementUrl(publicUrl: string, app: string): string {
  return `${publicUrl}/apps/${app}/placement`
}

export type EquipParts = Pick<LifecycleParts, 'store' | 'publicUrl' | 'leaveQueue'>
export type EquipStep = Pick<LifecycleStep, 'app' | 'installation' | 'note'>

/** Binds and registers what the app declares. Also run by the install page, before the installation is complete. */
export async function equipPortal(parts: EquipParts, step: EquipStep, b24: B24OAuth): Promise<void> {
  await bindPortal(parts, step, b24)
  await registerConnectors(b24, step.app.connectors, placementUrl(parts.publicUrl, step.app.name))
}

/** `alsoStale` says of bindings that nobody here remembers which are ours all the same. */
export async function bindPortal(
  { store, publicUrl, leaveQueue }: EquipParts,
  { app, installation, note }: EquipStep,
  b24: B24OAuth,
  alsoStale: (binding: Binding) => boolean = () => false,
): Promise<BindingReport> {
  const declared = declaredBindings(app, eventsUrl(publicUrl, app.name))
  const [existing, former] = [await readBindings(b24), await store.bindings(installation)]
  const report = await makeBindingsTrue(b24, planBindings(declared, existing, [...former, ...existing.filter(alsoStale)]), note)
  const used = new Set(declared.map(({ queue }) => queue))
  const left = new Set(former.map(({ queue }) => queue))
  // Before they are forgotten here: what happened up to now is still in there.
  for (const queue of left) if (queue !== undefined && !used.has(queue)) await leaveQueue(installation, queue)
  await store.saveBindings(installation, boundBy(report))
  return report
}

async function installed(parts: LifecycleParts, step: LifecycleStep): Promise<Installation> {
  const { event, installation } = step
  if (installation.status === 'deleted') return installation
  const account = await accountToAdopt(parts, step)
  // Run again after a newer one (a replay), or a copy that came late: it must not turn back what that one said.
  const raised = believedRaisedAtMs(event.ts, parts.clock.now())
  const isLate = raised !== undefined && raised < (installation.raisedAtMs ?? 0)
  const isNewest = event.receivedAtMs >= (installation.lifecycleAtMs ?? 0) && !isLate
  const version = isNewest ? textField(event.data, 'VERSION') : undefined
  const language = isNewest ? textField(event.data, 'LANGUAGE_ID') : undefined
  const patch: Omit<InstallationPatch, 'updatedAtMs'> = {
    status: 'active',
    installedAtMs: installation.installedAtMs ?? parts.clock.now(),
    ...(isNewest ? { lifecycleAtMs: event.receivedAtMs } : {}),
    ...(raised === undefined || raised <= (installation.raisedAtMs ?? 0) ? {} : { raisedAtMs: raised }),
    ...(version === undefined ? {} : { version }),
    ...(language === undefined ? {} : { language }),
    ...(account === undefined ? {} : { clearReason: true }),
  }
  const current = await parts.installations.patch(installation, patch, account, byEvent(event))
  const equipped = await equipWithTokensThatWork(parts, { ...step, installation: current })
  step.note('bindings and connectors are in place')
  return equipped
}

/** That the portal's own tokens are dead may show only now: then those of the event are the ones to keep, and nobody sends them twice. */
async function equipWithTokensThatWork(parts: LifecycleParts, step: LifecycleStep): Promise<Installation> {
  const equip = async (installation: Installation): Promise<Installation> => {
    await equipPortal(parts, { ...step, installation }, await step.b24())
    return installation
  }
  try {
    return await equip(step.installation)
  } catch (error) {
    if (codedCauseOf(error)?.code !== 'TOKENS_DEAD') throw error
    const account = await accountToAdopt(parts, step)
    if (account !== undefined) return equip(await parts.installations.patch(step.installation, { status: 'active', clearReason: true }, account, byEvent(step.event)))
    // A visit may have brought some meanwhile.
    if ((await parts.store.accounts(step.installation)).some(({ state }) => state === 'live')) return equip(step.installation)
    throw error
  }
}

/**
 * The tokens of a proven install are its installer's and take the master's place, or stand beside it when they are older; those of an
 * update are taken only where there are none alive: they are just some administrator's.
 */
async function accountToAdopt(parts: LifecycleParts, step: LifecycleStep): Promise<Account | undefined> {
  const { store, sealer, clock } = parts
  const { event, installation, auth } = step
  const pair = pairIn(auth, event)
  if (pair === undefined) return undefined
  const placeFor = async (userId: string): Promise<'master' | 'own' | 'none'> => {
    const accounts = await store.accounts(installation)
    if (event.code === 'ONAPPINSTALL') return placeOf(accounts, userId, pair)
    return accounts.some(({ master, state }) => master && state === 'live') ? 'none' : 'master'
  }
  // What the event says of its user spares a question at most: in whose name the pair is kept the authorization server says.
  if ((await placeFor(auth.user_id ?? '')) === 'none') return undefined
  const userId = await provenUser(parts, step, pair.accessToken)
  if (userId === undefined) return undefined
  // Looked at anew: while the server was asked a newer pair may have come.
  const place = await placeFor(userId)
  return place === 'none' ? undefined : sealAccount(sealer, { portal: installation, userId, master: place === 'master', pair, nowMs: clock.now() })
}

/** Every user who opens the app is shown its application_token, so that vouches for no tokens: the authorization server has to. */
async function provenUser({ prover, credentialsOf }: LifecycleParts, { event, installation, auth, note }: LifecycleStep, accessToken: string): Promise<string | undefined> {
  try {
    const { clientId } = credentialsOf(event.app)
    const serverEndpoint = auth.server_endpoint ?? installation.serverEndpoint
    return (await prover.prove({ clientId, memberId: event.memberId, accessToken, serverEndpoint })).userId
  } catch (error) {
    if (!(error instanceof CodedError && (error.code === 'PROOF_REFUSED' || error.code === 'AUTH_SERVER_UNKNOWN'))) throw error
    note(`the tokens of the event are not kept: ${error.message}`)
    return undefined
  }
}

const SECOND_MS = 1_000

/** `expires` is whatever the sender wrote: kept to whole milliseconds and to the time that any token lives. */
export function pairIn(auth: AuthBlock, event: { receivedAtMs: number }): TokenPair | undefined {
  const { access_token: accessToken, refresh_token: refreshToken } = auth
  if (accessToken === undefined || refreshToken === undefined) return undefined
  const saidMs = auth.expires === undefined ? event.receivedAtMs + Number(auth.expires_in) * SECOND_MS : Number(auth.expires) * SECOND_MS
  const latestMs = event.receivedAtMs + ACCESS_TOKEN_LIFETIME_S * SECOND_MS
  return { accessToken, refreshToken, expiresAtMs: saidMs >= 0 && saidMs <= latestMs ? Math.floor(saidMs) : latestMs }
}

async function uninstalled({ installations }: LifecycleParts, { event, installation, note }: LifecycleStep): Promise<Installation> {
  await installations.close(installation, event, byEvent(event))
  note(asksToClean(event) ? 'installation closed, data will be erased' : 'installation closed, data kept')
  return (await installations.get(installation)) ?? installation
}

/**
 * PAYMENT_EXPIRED says whether events go on (api-reference/common/events/on-app-payment.md). Also run when the event comes in: behind
 * events that wait for the payment it would wait for itself.
 */
export async function paid({ installations }: Pick<LifecycleParts, 'installations'>, { event }: { event: NewEvent }): Promise<void> {
  const expired = textField(event.data, 'PAYMENT_EXPIRED')
  const cause = byEvent(event)
  if (expired === 'Y') await installations.block(event, 'PORTAL_UNPAID', cause, event.receivedAtMs)
  if (expired === 'N') await installations.unblock(event, ['PORTAL_UNPAID'], cause, event.receivedAtMs)
}

async function connectorOff(
  { store }: LifecycleParts,
  { event, installation, note }: LifecycleStep,
  connector: string | undefined,
  line: string | undefined,
): Promise<void> {
  if (connector === undefined || line === undefined) return note('the event names no connector and line')
  const known = (await store.connectorLines(installation)).find((each) => each.connector === connector && each.line === line)
  // Held up by retries, or replayed: the line may have been switched on again since.
  if (known !== undefined && known.changedAtMs > event.receivedAtMs) return note('the line was switched since: left as it is')
  await store.saveConnectorLine(installation, { connector, line, active: false, changedAtMs: event.receivedAtMs })
  note(`connector ${connector} is off on line ${line}`)
}

async function lineDeleted(parts: LifecycleParts, step: LifecycleStep): Promise<void> {
  const { data } = step.event
  const lines = await parts.store.connectorLines(step.installation)
  for (const { connector, line } of lines) if (line === data) await connectorOff(parts, step, connector, line)
}

/** Nothing is sent before the installation is complete: a proven event says that it is, even if ONAPPINSTALL was lost. */
async function activated({ installations, clock }: LifecycleParts, { installation, event }: LifecycleStep): Promise<Installation> {
  if (installation.status !== 'new') return installation
  return installations.patch(installation, { status: 'active', installedAtMs: clock.now() }, undefined, byEvent(event))
}
