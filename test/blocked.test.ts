import { defineApp } from 'portline'
import { afterEach, expect, test } from 'vitest'
import { main } from '@portline/cli/main.ts'
import type { HandlerOptions } from 'portline/handler-options.ts'
import type { AuditView } from 'portline/serve/audit-api.ts'
import { installApp, openHouse, until } from './support/house.ts'
import type { House } from './support/house.ts'

/** What blocks a portal, what ends that, and what becomes of its events meanwhile. */
let house: House
let handled: string[]
afterEach(() => house.close())

async function open(handler: (call: () => Promise<unknown>) => Promise<void> = async () => {}, options: HandlerOptions = {}): Promise<void> {
  handled = []
  const app = defineApp({ name: 'blocked' })
  app.on('ONAPPTEST', async ({ event, b24 }) => {
    await handler(async () => {
      const answer = await b24.actions.v2.call.make({ method: 'profile', params: {} })
      if (!answer.isSuccess) throw [...answer.getErrors()][0] ?? new Error('no answer')
    })
    handled.push(numberIn(event.data))
  }, options)
  house = await openHouse({ app })
  await installApp(house)
}

function numberIn(data: unknown): string {
  return String(Object(Object(data).QUERY).n)
}

async function send(event: string, data: Record<string, unknown>): Promise<string> {
  const { application_token } = house.portal.control.app(house.clientId)
  const { body } = await house.post({ event, ts: '1', data: data as Record<string, string>, auth: { member_id: house.portal.memberId, application_token } })
  return body.id ?? ''
}

const status = async () => {
  const { status: now, reason } = await house.installation()
  return [now, reason]
}
const becomes = (wanted: readonly (string | null)[]) =>
  until(async () => (JSON.stringify(await status()) === JSON.stringify(wanted) ? true : undefined), wanted.join(', '))
class NotWanted extends Error {}
/** Over, or waiting for its next try. */
const ended = (id: string) =>
  until(async () => {
    const event = await house.event(id)
    return event.state === 'pending' && event.dueAt === null ? undefined : event
  }, `${id} to end or wait`)
const isNotWanted = (error: unknown): boolean => error instanceof NotWanted
const isHandled = (n: string) => until(() => (handled.includes(n) ? true : undefined), `event ${n} to be handled`)

async function command(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const [out, err]: string[][] = [[], []]
  const write = (text: string): Promise<void> => Promise.resolve(void out?.push(text))
  const code = await main(args, { PORTLINE_URL: house.side.url }, { out: (text) => out?.push(text), write, err: (text) => err?.push(text) })
  return { code, out: (out ?? []).join('\n'), err: (err ?? []).join('\n') }
}

async function auditTrail(): Promise<AuditView[]> {
  const { out } = await command('audit', 'list', '--json')
  return out.split('\n').map((line) => JSON.parse(line) as AuditView)
}

test('ONAPPPAYMENT blocks and unblocks the portal, whatever is sent twice; events go on being handled', async () => {
  await open()
  const expired = { CODE: 'x', VERSION: '1', STATUS: 'P', PAYMENT_EXPIRED: 'Y', DAYS: '-1' }
  for (let times = 0; times < 2; times++) await send('ONAPPPAYMENT', expired)
  await becomes(['blocked', 'PORTAL_UNPAID'])
  await send('ONAPPTEST', { QUERY: { n: '1' } })
  await isHandled('1')
  for (let times = 0; times < 2; times++) await send('ONAPPPAYMENT', { ...expired, PAYMENT_EXPIRED: 'N' })
  await becomes(['active', null])
  const told = (await auditTrail()).filter(({ verb }) => verb === 'markAsBlocked' || verb === 'markAsActive')
  expect(told.map(({ verb, from, to, by, proof }) => ({ verb, from, to, by, proof }))).toEqual([
    { verb: 'markAsBlocked', from: 'active', to: 'blocked', by: 'event', proof: 'application_token' },
    { verb: 'markAsActive', from: 'blocked', to: 'active', by: 'event', proof: 'application_token' },
  ])
})

test.each([
  ['payment_required', {}, 'PORTAL_UNPAID'],
  ['error_answer', { status: 401, error: 'ACCESS_DENIED', error_description: 'REST is available only on commercial plans.' }, 'PORTAL_UNPAID'],
  ['error_answer', { status: 401, error: 'APPLICATION_NOT_FOUND', error_description: 'Application not found' }, 'PORTAL_INACTIVE'],
] as const)('a portal that answers %s %o is blocked; its event waits without using up an attempt and goes on after the payment', async (fault, more, reason) => {
  await open((call) => call().then(() => {}))
  const { id: faultId } = house.portal.control.faults.add({ fault, on: 'rest', method: 'profile', ...more } as Parameters<typeof house.portal.control.faults.add>[0])
  const id = await send('ONAPPTEST', { QUERY: { n: '1' } })
  await becomes(['blocked', reason])
  const waiting = await until(async () => (await house.event(id)).dueAt === null ? undefined : house.event(id), 'the event to wait')
  expect(waiting).toMatchObject({ state: 'pending', reason, attempts: 0, attemptLog: [] })
  house.portal.control.faults.remove(faultId)
  if (reason === 'PORTAL_UNPAID') await send('ONAPPPAYMENT', { PAYMENT_EXPIRED: 'N' })
  else expect((await command('portals', 'unblock', house.portal.memberId)).code).toBe(0)
  await isHandled('1')
  expect(await status()).toEqual(['active', null])
})

test.each([
  ['the call that asked for them', (call: () => Promise<unknown>) => call().then(() => {})],
  ['a later one, for which nobody was asked', (call: () => Promise<unknown>) => call().catch(() => {}).then(call).then(() => {})],
])('a portal whose tokens are not renewed for want of payment is blocked, and an event that fails of %s waits without using up an attempt', async (_name, handler) => {
  await open(handler)
  const { faults } = house.portal.control
  const { id: unpaid } = faults.add({ fault: 'payment_required', on: 'token' })
  const { id: expired } = faults.add({ fault: 'expired_token', on: 'rest', method: 'profile' })
  const id = await send('ONAPPTEST', { QUERY: { n: '1' } })
  await becomes(['blocked', 'PORTAL_UNPAID'])
  const waiting = await until(async () => (await house.event(id)).dueAt === null ? undefined : house.event(id), 'the event to wait')
  expect(waiting).toMatchObject({ state: 'pending', reason: 'PORTAL_UNPAID', attempts: 0, attemptLog: [] })
  for (const fault of [unpaid, expired]) faults.remove(fault)
  await send('ONAPPPAYMENT', { PAYMENT_EXPIRED: 'N' })
  await isHandled('1')
  expect(await status()).toEqual(['active', null])
})

test.each([
  ['has the refusal behind it', (cause: unknown) => new Error('no profile', { cause }), {}],
  ['does not name it', () => new Error('no profile'), {}],
  ['is the refusal, which it takes for final', (cause: unknown) => cause, { isFinal: () => true }],
])('an event waits too when what the handler throws %s', async (_name, wrapped, options) => {
  await open((call) => call().then(() => {}, (cause: unknown) => {
    throw wrapped(cause)
  }), { retryDelaysMs: [], ...options })
  house.portal.control.faults.add({ fault: 'payment_required', on: 'rest', method: 'profile' })
  const id = await send('ONAPPTEST', { QUERY: { n: '1' } })
  expect(await ended(id)).toMatchObject({ state: 'pending', reason: 'PORTAL_UNPAID', attempts: 0, attemptLog: [] })
})

test.each([
  ['what it throws next is final', () => Promise.reject(new NotWanted('422')), { isFinal: isNotWanted }, 'HANDLER_FAILED'],
  ['what it throws next has the refusal behind it and is final', (cause: unknown) => Promise.reject(new NotWanted('no', { cause })), { isFinal: isNotWanted }, 'HANDLER_FAILED'],
  ['a later call is answered', (_cause: unknown, call: () => Promise<unknown>) => call().then(() => Promise.reject(new Error('the ERP is down'))), { retryDelaysMs: [] }, 'ATTEMPTS_EXHAUSTED'],
  ['it does not end in time', () => new Promise<void>(() => {}), { retryDelaysMs: [], timeoutMs: 500 }, 'ATTEMPTS_EXHAUSTED'],
])('an event whose handler goes on after a refused call does not wait for the portal when %s', async (_name, goOn, options, reason) => {
  await open((call) => call().then(() => {}, (cause: unknown) => goOn(cause, call)), options)
  house.portal.control.faults.add({ fault: 'payment_required', on: 'rest', method: 'profile', first: 1 })
  const id = await send('ONAPPTEST', { QUERY: { n: '1' } })
  expect(await ended(id)).toMatchObject({ state: 'dead', reason, attempts: 1, attemptLog: [{ calls: expect.arrayContaining([expect.objectContaining({ method: 'profile', error: 'PAYMENT_REQUIRED' })]) as unknown }] })
})

test('an event that fails of another answer than the refusal before it does not wait for the portal', async () => {
  await open((call) => call().catch(() => {}).then(call).then(() => {}, () => Promise.reject(new Error('bad field'))), { retryDelaysMs: [] })
  const { faults } = house.portal.control
  faults.add({ fault: 'payment_required', on: 'rest', method: 'profile', first: 1 })
  faults.add({ fault: 'error_answer', on: 'rest', method: 'profile', status: 400, error: 'ERROR_ARGUMENT', error_description: 'no' } as Parameters<typeof faults.add>[0])
  expect(await ended(await send('ONAPPTEST', { QUERY: { n: '1' } }))).toMatchObject({ state: 'dead', reason: 'ATTEMPTS_EXHAUSTED', attempts: 1 })
})

test('what a batch had done before the portal refused stays done; the others wait without an attempt', async () => {
  let release: () => void = () => {}
  const gate = new Promise<void>((resolve) => (release = resolve))
  const app = defineApp({ name: 'blocked' }).onBatch('ONAPPTEST', async ({ events, b24 }) => {
    if (numberIn(events[0]?.data) === '0') return gate
    for (const [delivered, { data }] of events.entries()) {
      if (numberIn(data) !== '3') continue
      await b24.actions.v2.call.make({ method: 'profile', params: {} }).catch((error: object) => {
        throw Object.assign(error, { delivered })
      })
    }
  })
  house = await openHouse({ app })
  await installApp(house)
  house.portal.control.faults.add({ fault: 'payment_required', on: 'rest', method: 'profile' })
  const ids: string[] = []
  for (const n of ['0', '1', '2', '3', '4']) ids.push(await send('ONAPPTEST', { QUERY: { n } }))
  release()
  await ended(ids[4] ?? '')
  const events = await Promise.all(ids.map((id) => house.event(id)))
  expect(events.map(({ state, attempts }) => [state, attempts])).toEqual([['done', 1], ['done', 1], ['done', 1], ['pending', 0], ['pending', 0]])
  expect(events[3]).toMatchObject({ reason: 'PORTAL_UNPAID', attemptLog: [] })
})

test('a user who may not call one method blocks nobody', async () => {
  await open((call) => call().then(() => {}))
  house.portal.control.faults.add({ fault: 'error_answer', on: 'rest', method: 'profile', status: 403, error: 'ACCESS_DENIED', error_description: 'Access denied.', first: 1 } as Parameters<typeof house.portal.control.faults.add>[0])
  const id = await send('ONAPPTEST', { QUERY: { n: '1' } })
  await until(async () => ((await house.event(id)).attempts > 0 ? true : undefined), 'an attempt')
  expect(await status()).toEqual(['active', null])
})

test('an operator blocks a portal: its events are kept and wait, an uninstall goes through, and nothing else ends the block', async () => {
  await open()
  expect(await command('portals', 'block', house.portal.memberId)).toMatchObject({ code: 0, out: expect.stringContaining('PORTAL_BLOCKED') as string })
  const id = await send('ONAPPTEST', { QUERY: { n: '1' } })
  const waiting = await until(async () => (await house.event(id)).dueAt === null ? undefined : house.event(id), 'the event to wait')
  expect(waiting).toMatchObject({ state: 'pending', reason: 'PORTAL_BLOCKED', attempts: 0 })
  await send('ONAPPPAYMENT', { PAYMENT_EXPIRED: 'N' })
  await house.portal.control.open(house.clientId)
  expect(await status()).toEqual(['blocked', 'PORTAL_BLOCKED'])
  expect(handled).toEqual([])
  expect((await command('portals', 'unblock', house.portal.memberId)).code).toBe(0)
  await isHandled('1')
  await command('portals', 'block', house.portal.memberId)
  house.portal.control.uninstall(house.clientId, { clean: true })
  expect(await house.settled('ONAPPUNINSTALL')).toMatchObject({ state: 'done' })
  expect(await status()).toEqual(['deleted', 'PORTAL_BLOCKED'])
})

test('an operator\'s block outlives uninstall and reinstall, and can be lifted in between', async () => {
  await open()
  await command('portals', 'block', house.portal.memberId)
  const uninstall = async (generation: number): Promise<void> => {
    // Two uninstalls of one second are taken for one.
    const second = Math.floor(Date.now() / 1_000)
    await until(() => (Date.now() / 1_000 > second + 1 ? true : undefined), 'the next second')
    house.portal.control.uninstall(house.clientId, { clean: true })
    await until(async () => ((await auditTrail()).some((record) => record.verb === 'eraseData' && record.generation === generation) ? true : undefined), 'the erasure')
  }
  await uninstall(1)
  await installApp(house)
  expect(await status()).toEqual(['blocked', 'PORTAL_BLOCKED'])
  expect((await auditTrail()).findLast(({ verb }) => verb === 'markAsBlocked')).toMatchObject({ from: 'deleted', to: 'blocked', generation: 2 })
  await send('ONAPPTEST', { QUERY: { n: '1' } })
  await uninstall(2)
  expect(handled).toEqual([])
  expect((await command('portals', 'unblock', house.portal.memberId)).code).toBe(0)
  expect((await auditTrail()).at(-1)).toMatchObject({ verb: 'changeReason', from: 'PORTAL_BLOCKED', to: 'none', by: 'operator' })
  await installApp(house)
  expect(await status()).toEqual(['active', null])
  await uninstall(3)
  expect(await command('portals', 'unblock', house.portal.memberId)).toMatchObject({ code: 1, err: expect.stringContaining('INSTALLATION_DELETED') as string })
})

test('the audit trail is listed and verified by the command line, of a running app side and of one that does not run', async () => {
  await open()
  const list = await command('audit', 'list', '--portal', house.portal.memberId)
  for (const word of ['installationCreated', 'applicationInstalled', 'setApplicationToken', 'renewAuthToken', 'installer']) expect(list.out).toContain(word)
  const { out } = await command('audit', 'verify', '--json')
  const { hash } = JSON.parse(out) as { hash: string }
  expect(await command('audit', 'verify', '--expect', hash)).toMatchObject({ code: 0 })
  expect(await command('audit', 'verify', '--expect', 'f'.repeat(64))).toMatchObject({ code: 1, err: expect.stringContaining('AUDIT_BROKEN') as string })
  expect(await command('audit', 'list', '--since', 'someday')).toMatchObject({ code: 1, err: expect.stringContaining('BAD_REQUEST') as string })
  await house.side.stop()
  expect(await command('audit', 'verify', '--data', house.dataDir)).toMatchObject({ code: 0, out: expect.stringContaining('whole') as string })
  expect((await command('audit', 'list', '--data', house.dataDir, '--json')).out).toContain('applicationInstalled')
  expect((await command('audit', 'list', '--data', house.dataDir, '--since', '2090-01-01')).out).toBe('No such records.')
})

test('a new sealing key is told, and the trail stays whole under it', async () => {
  await open()
  expect((await command('keys', 'rotate')).code).toBe(0)
  const told = (await auditTrail()).filter(({ verb }) => verb === 'rotateKey')
  const id: unknown = expect.stringMatching(/^[0-9a-f]{8}$/)
  expect(told).toEqual([expect.objectContaining({ by: 'operator', from: id, to: id })])
  await house.restart()
  expect(await command('audit', 'verify')).toMatchObject({ code: 0 })
})
