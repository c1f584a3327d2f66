import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { VirtualClock } from '@portline/runtime/clock.ts'
import { systemRandom } from '@portline/runtime/random.ts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CHANGES_PER_HOUR } from '../limits.ts'
import { verifyAudit } from '../audit/verify-audit.ts'
import type { AuditRecord } from '../store/audit.ts'
import type { Installation, PortalKey, Store } from '../store/port.ts'
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts'
import { createSealer } from '../tokens/sealer.ts'
import { KnownPortals } from '../trust/known-portals.ts'
import { createInstallations } from './installations.ts'
import type { Installations } from './installations.ts'
import { PORTAL_BLOCKS, nextStatus } from './states.ts'

let folder: string
let store: Store
let installations: Installations
const clock = new VirtualClock()
const sealer = createSealer(new Uint8Array(32), systemRandom)

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portline-states-'))
  store = await openSqliteStore(join(folder, 'store.sqlite'))
  installations = createInstallations({ store, sealer, known: new KnownPortals(sealer), clock })
})
afterAll(async () => {
  await store.close()
  await rm(folder, { recursive: true })
})

const PROVEN = { serverEndpoint: 'https://o.example/rest/', userId: '1', installed: true, version: '1', appStatus: 'L', scope: 'crm' }
const EVENT = { by: 'event', ref: 'e1', proof: 'application_token' } as const

interface Step {
  readonly name: string
  run(portal: PortalKey, installation: Installation | undefined, atMs: number): Promise<unknown>
}

function confirmStep(status: 'new' | 'active', domain: string, applicationToken: string | undefined): Step {
  return {
    name: `${status} at ${domain}`,
    run: (portal, _installation, atMs) => {
      const place = { domain: `${portal.memberId}.${domain}`, clientEndpoint: `https://${portal.memberId}.${domain}/rest/` }
      const pair = { accessToken: 'a', refreshToken: 'r', expiresAtMs: 1 }
      // A proof that was under way during an uninstall is refused; asking again is not.
      return installations.confirm(portal, { ...PROVEN, ...place }, { status, askedAtMs: atMs, applicationToken, pair, cause: { by: 'installer' } })
    },
  }
}

const whenKnown = (name: string, run: (portal: PortalKey, installation: Installation, atMs: number) => Promise<unknown>): Step => ({
  name,
  run: async (portal, installation, atMs) => (installation === undefined ? undefined : run(portal, installation, atMs)),
})

const STEPS: readonly Step[] = [
  confirmStep('new', 'a.example', 'token'), confirmStep('active', 'a.example', 'token'), confirmStep('active', 'b.example', 'other'), confirmStep('active', 'a.example', undefined),
  whenKnown('install', (portal) => installations.patch(portal, { status: 'active', installedAtMs: 5, version: '2' }, undefined, EVENT)),
  whenKnown('uninstall', (portal, { generation }) => installations.close(portal, { id: `u${generation}`, generation }, EVENT)),
  whenKnown('unpaid', (portal, _known, atMs) => installations.block(portal, 'PORTAL_UNPAID', EVENT, atMs)),
  whenKnown('inactive', (portal, _known, atMs) => installations.block(portal, 'PORTAL_INACTIVE', { by: 'app side' }, atMs)),
  whenKnown('operator blocks', (portal, _known, atMs) => installations.block(portal, 'PORTAL_BLOCKED', { by: 'operator' }, atMs)),
  whenKnown('paid', (portal, _known, atMs) => installations.unblock(portal, PORTAL_BLOCKS, EVENT, atMs)),
  whenKnown('operator unblocks', (portal, _known, atMs) => installations.unblock(portal, ['PORTAL_BLOCKED'], { by: 'operator' }, atMs)),
  whenKnown('clone', (portal) => installations.noticeClone(portal, EVENT)),
  whenKnown('tokens die', async (portal) => {
    const [account] = await store.accounts(portal)
    if (account !== undefined) await store.saveAccount({ ...account, state: 'dead' })
    await installations.relearn(portal)
  }),
]

const STATUS_VERBS = new Set(['installationCreated', 'applicationInstalled', 'applicationUninstalled', 'markAsBlocked', 'markAsActive'])

async function recordsOf(portal: PortalKey): Promise<AuditRecord[]> {
  return (await store.audit({ ...portal, afterSeq: 0, limit: 1_000 })).records
}

function stateOf({ updatedAtMs: _1, installerProvenAtMs: _2, statusAtMs: _3, ...state }: Installation): object {
  return state
}

let portals = 0

test('whatever happens in whatever order, the table holds, a repeat changes and tells nothing, and the trail is whole', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...STEPS), { minLength: 1, maxLength: 14 }), async (steps) => {
      const portal = { app: 'hello', memberId: `p${++portals}` }
      let before: Installation | undefined
      for (const step of steps) {
        await clock.advance(1_000)
        const atMs = clock.now()
        await step.run(portal, before, atMs)
        const after = await store.installation(portal)
        const told = await recordsOf(portal)
        if (after !== undefined) nextStatus(before?.status, after.status)
        const isReopened = after !== undefined && (before === undefined || (before.status === 'deleted' && after.status !== 'deleted'))
        expect(after?.generation ?? 0).toBe((before?.generation ?? 0) + (isReopened ? 1 : 0))
        if (before?.status === 'blocked' && before.reason === 'PORTAL_BLOCKED' && step.name !== 'operator unblocks' && after?.status !== 'deleted') expect(after).toMatchObject({ status: 'blocked', reason: 'PORTAL_BLOCKED' })
        if (before?.status === 'deleted' && before.reason === 'PORTAL_BLOCKED' && isReopened) expect(after).toMatchObject({ status: 'blocked', reason: 'PORTAL_BLOCKED' })

        await clock.advance(1)
        await step.run(portal, after, atMs + 1)
        const again = await store.installation(portal)
        if (after !== undefined && again !== undefined && step.name !== 'tokens die') expect(stateOf(again)).toEqual(stateOf(after))
        // An installer's tokens are told each time they are brought.
        const more = (await recordsOf(portal)).slice(told.length).filter(({ verb }) => verb !== 'renewAuthToken')
        expect(more).toEqual([])
        before = again
      }
      const statuses = (await recordsOf(portal)).filter(({ verb }) => STATUS_VERBS.has(verb)).map(({ from, to }) => ({ from, to }))
      statuses.forEach(({ from }, index) => expect(from).toBe(index === 0 ? 'none' : statuses[index - 1]?.to))
      expect(statuses.at(-1)?.to).toBe(before?.status)
    }),
    { numRuns: 40 },
  )
  expect(await verifyAudit(store, undefined)).toMatchObject({ ok: true, problem: null })
})

test('a payment that is told late changes nothing that was told after it', async () => {
  const portal = { app: 'hello', memberId: 'late' }
  await confirmStep('active', 'late.example', 'token').run(portal, undefined, clock.now())
  await installations.unblock(portal, ['PORTAL_UNPAID'], EVENT, 5_000)
  await installations.block(portal, 'PORTAL_UNPAID', EVENT, 4_000)
  expect((await installations.get(portal))?.status).toBe('active')
  await installations.block(portal, 'PORTAL_UNPAID', EVENT, 6_000)
  await installations.unblock(portal, ['PORTAL_UNPAID'], EVENT, 5_500)
  expect(await installations.get(portal)).toMatchObject({ status: 'blocked', reason: 'PORTAL_UNPAID' })
})

test('a portal whose accounts are all dead says that it needs a reinstall, and an installer who was proven ends that', async () => {
  const portal = { app: 'hello', memberId: 'dead' }
  const confirm = confirmStep('active', 'dead.example', 'token')
  await confirm.run(portal, undefined, clock.now())
  const [account] = await store.accounts(portal)
  if (account === undefined) throw new Error('no account')
  await store.saveAccount({ ...account, state: 'dead' })
  await installations.relearn(portal)
  expect(await installations.get(portal)).toMatchObject({ status: 'active', reason: 'NEED_REINSTALL' })
  await confirm.run(portal, undefined, clock.now())
  expect(await installations.get(portal)).not.toHaveProperty('reason')
})

test('another portal at the same address is noticed: the one that was there is marked', async () => {
  const proven = { ...PROVEN, domain: 'box.example', clientEndpoint: 'https://box.example/rest/' }
  const [old, young] = [{ app: 'hello', memberId: 'box-old' }, { app: 'hello', memberId: 'box-new' }]
  for (const portal of [old, young]) await installations.confirm(portal, proven, { status: 'active', askedAtMs: clock.now(), cause: { by: 'installer' } })
  expect(await installations.get(old)).toMatchObject({ status: 'active', reason: 'PORTAL_REPLACED' })
  expect(await installations.get(young)).not.toHaveProperty('reason')
  expect((await recordsOf(old)).at(-1)).toMatchObject({ verb: 'changeReason', to: 'PORTAL_REPLACED', by: 'installer' })
})

test('events that say now so, now so change nothing any more beyond a limit, so that the trail that keeps everything does not grow by them', async () => {
  const portal = { app: 'hello', memberId: 'fickle' }
  await confirmStep('active', 'fickle.example', 'token').run(portal, undefined, clock.now())
  const before = (await recordsOf(portal)).length
  const most = 2 * CHANGES_PER_HOUR.block + CHANGES_PER_HOUR.version
  const flip = async (n: number): Promise<void> => {
    await clock.advance(1_000)
    if (n % 2 === 0) await installations.block(portal, 'PORTAL_UNPAID', EVENT, clock.now())
    else await installations.unblock(portal, ['PORTAL_UNPAID'], EVENT, clock.now())
    await installations.patch(portal, { status: 'active', version: String(n) }, undefined, EVENT)
  }
  for (let n = 0; n < 200; n++) await flip(n)
  expect(await recordsOf(portal)).toHaveLength(before + most)
  // The last word is no block, and an operator is not counted.
  expect(await installations.get(portal)).toMatchObject({ status: 'active' })
  await installations.block(portal, 'PORTAL_BLOCKED', { by: 'operator' }, clock.now())
  await installations.unblock(portal, ['PORTAL_BLOCKED'], { by: 'operator' }, clock.now())
  expect(await recordsOf(portal)).toHaveLength(before + most + 2)
  await clock.advance(3_600_000)
  await flip(0)
  expect(await installations.get(portal)).toMatchObject({ status: 'blocked', version: '0' })
})

test('proofs that change an installation all the time are put off, and none is lost', async () => {
  const portal = { app: 'hello', memberId: 'restless' }
  const confirm = (token: string) => confirmStep('active', 'restless.example', token).run(portal, undefined, clock.now())
  for (let n = 0; n < CHANGES_PER_HOUR.proof; n++) await confirm(`token ${n}`)
  await expect(confirm('one more')).rejects.toMatchObject({ code: 'PROOF_UNAVAILABLE' })
  await clock.advance(3_600_000)
  await confirm('one more')
})

const AT_HOME = { domain: 'h.example', clientEndpoint: 'https://h.example/rest/' }
const opened = async (memberId: string): Promise<PortalKey> => {
  const portal = { app: 'hello', memberId }
  await installations.confirm(portal, { ...PROVEN, ...AT_HOME, domain: `${memberId}.example` }, { status: 'active', askedAtMs: clock.now() })
  return portal
}
const stateNow = async (portal: PortalKey) => {
  const { status, reason } = (await store.installation(portal)) ?? {}
  return { status, reason }
}

test('an installer who is proven on a portal that was blocked by itself ends the block, whether or not the installation is complete', async () => {
  for (const [memberId, status, pair] of [['visited', 'new', { accessToken: 'a', refreshToken: 'r', expiresAtMs: 9 }], ['updated', 'active', undefined]] as const) {
    const portal = await opened(memberId)
    await installations.block(portal, 'PORTAL_UNPAID', EVENT, clock.now())
    await installations.confirm(portal, { ...PROVEN, ...AT_HOME, domain: `${memberId}.example` }, { status, askedAtMs: clock.now(), pair })
    expect(await stateNow(portal)).toEqual({ status: 'active', reason: undefined })
  }
})

test('an event that proves nothing about its portal\'s access leaves a block as it is, whole', async () => {
  const portal = await opened('unpaid-update')
  await installations.block(portal, 'PORTAL_UNPAID', EVENT, clock.now())
  await installations.patch(portal, { status: 'active', version: '3' }, undefined, EVENT)
  expect(await stateNow(portal)).toEqual({ status: 'blocked', reason: 'PORTAL_UNPAID' })
  expect((await store.installation(portal))?.version).toBe('3')
  await installations.unblock(portal, PORTAL_BLOCKS, EVENT, clock.now())
  expect(await stateNow(portal)).toEqual({ status: 'active', reason: undefined })
})

const installerOf = (memberId: string, userId: string) => ({ ...PROVEN, ...AT_HOME, domain: `${memberId}.example`, userId })
const accountsOf = async (portal: PortalKey) => (await store.accounts(portal)).map(({ userId, master, state, expiresAtMs }) => `${userId} ${state} ${expiresAtMs}${master ? ' master' : ''}`)
const pairUntil = (expiresAtMs: number) => ({ accessToken: `a${expiresAtMs}`, refreshToken: `r${expiresAtMs}`, expiresAtMs })

test('the accounts of a former installation are gone when an installer opens the next: their tokens are revoked, and none may become the master', async () => {
  const portal = { app: 'hello', memberId: 'reinstalled' }
  const open = (userId: string, expiresAtMs: number | undefined) => installations.confirm(portal, installerOf('reinstalled', userId), {
    status: 'active', askedAtMs: clock.now(), pair: expiresAtMs === undefined ? undefined : pairUntil(expiresAtMs),
  })
  await open('1', 10)
  await open('2', 20)
  expect(await accountsOf(portal)).toEqual(['2 live 20 master', '1 live 10'])
  await installations.close(portal, { id: 'u', generation: 1 }, EVENT)
  expect(await accountsOf(portal)).toHaveLength(2)
  await clock.advance(1)
  await open('3', 5)
  expect(await accountsOf(portal)).toEqual(['3 live 5 master'])
})

test('an older pair of another administrator is kept beside the master\'s, and never takes the place of a newer one of its own user', async () => {
  const portal = { app: 'hello', memberId: 'two-admins' }
  const bring = (userId: string, expiresAtMs: number) =>
    installations.confirm(portal, installerOf('two-admins', userId), { status: 'active', askedAtMs: clock.now(), pair: pairUntil(expiresAtMs) })
  await bring('1', 100)
  await bring('2', 90)
  expect(await accountsOf(portal)).toEqual(['1 live 100 master', '2 live 90'])
  await bring('2', 80)
  await bring('1', 70)
  expect(await accountsOf(portal)).toEqual(['1 live 100 master', '2 live 90'])
  await bring('2', 95)
  expect(await accountsOf(portal)).toEqual(['1 live 100 master', '2 live 95'])
  await bring('2', 200)
  expect(await accountsOf(portal)).toEqual(['2 live 200 master', '1 live 100'])
})

test('a word of dead tokens that was overtaken by new ones does not mark the installation', async () => {
  const portal = await opened('overtaken')
  const pair = { accessToken: 'a', refreshToken: 'r', expiresAtMs: clock.now() + 1 }
  await installations.confirm(portal, { ...PROVEN, ...AT_HOME }, { status: 'active', askedAtMs: clock.now(), pair })
  const [account] = await store.accounts(portal)
  if (account === undefined) throw new Error('there is no account')
  await store.saveAccount({ ...account, state: 'dead' })
  let installed: Promise<unknown> = Promise.resolve()
  const slowStore: Store = {
    ...store,
    accounts: async (asked) => {
      const accounts = await store.accounts(asked)
      const next = { accessToken: 'b', refreshToken: 's', expiresAtMs: clock.now() + 2 }
      installed = meeting.confirm(portal, { ...PROVEN, ...AT_HOME }, { status: 'active', askedAtMs: clock.now(), pair: next })
      slowStore.accounts = store.accounts
      // Long enough for the install, unless that waits for its turn.
      for (let reads = 0; reads < 20; reads++) await store.installation(asked)
      return accounts
    },
  }
  const known = new KnownPortals(sealer)
  const meeting = createInstallations({ store: slowStore, sealer, known, clock })
  await meeting.relearn(portal)
  await installed
  expect((await store.accounts(portal)).map(({ state }) => state)).toEqual(['live'])
  expect(await stateNow(portal)).toEqual({ status: 'active', reason: undefined })
  expect(known.get(portal)?.installation.reason).toBeUndefined()
})
