import type { Store } from '../port.ts'
import { BootingThread } from './booting-thread.ts'
import { LateReader } from './late-reader.ts'
import { packEvents } from './rows.ts'
import { SqliteThread } from './sqlite-thread.ts'
import type { StoreWorker } from './sqlite-thread.ts'

/** Opens or creates the file. `booting` is a thread that was started beforehand. Errors: STORE_IN_USE, STORE_NEWER, STORE_UNAVAILABLE. */
export async function openSqliteStore(file: string, booting = new BootingThread('thread.ts')): Promise<Store> {
  const openReader = async (): Promise<SqliteThread> => new SqliteThread(await new BootingThread('read-thread.ts').open(file))
  return asStore(new SqliteThread(await booting.open(file)), new LateReader(openReader), async (snapshot) => {
    // Takes as long as the store is big: on a thread of its own it holds up no list either.
    const reader = await openReader()
    await reader.call('writeSnapshot', snapshot).finally(() => reader.close())
  })
}

/** `reader` does what looks at many rows; where there is only one thread it is the same. */
export function asStore(
  thread: StoreWorker,
  reader: StoreWorker = thread,
  writeSnapshot: Store['writeSnapshot'] = (file) => reader.call('writeSnapshot', file),
): Store {
  return {
    ...(thread.gone === undefined ? {} : { gone: thread.gone }),
    appendEvents: ({ events, ...batch }) => thread.call('appendEvents', packEvents(events), batch),
    heldEntries: () => reader.call('heldEntries'),
    heldOfInstalled: (codes, limit) => thread.call('heldOfInstalled', codes, limit),
    saveNote: (name, text) => thread.call('saveNote', name, text),
    note: (name) => thread.call('note', name),
    heldEvents: (portal) => thread.call('heldEvents', portal),
    portalsWithHeld: () => thread.call('portalsWithHeld'),
    resealHeld: (...args) => thread.call('resealHeld', ...args),
    settleHeld: (...args) => thread.call('settleHeld', ...args),
    expireHeld: (...args) => thread.call('expireHeld', ...args),
    dueLanes: (nowMs, limit) => thread.call('dueLanes', nowMs, limit),
    leaseLane: (portal, lease) => thread.call('leaseLane', portal, lease),
    settle: (owner, results) => thread.call(results.some(({ started }) => started !== undefined) ? 'settleAtOnce' : 'settle', owner, JSON.stringify(results)),
    renewLeases: (owner, lanes, untilMs) => thread.call('renewLeases', owner, lanes, untilMs),
    async hastenLane(portal) {
      for (const seqs of await thread.call('hastenLane', portal)) await thread.call('hastenSlice', portal, seqs)
    },
    hastenEvent: (id) => thread.call('hastenEvent', id),
    eventBefore: (id) => thread.call('eventBefore', id),
    laneState: (portal) => thread.call('laneState', portal),
    replay: async (id, atMs) => (await thread.call('replayEvents', [id], atMs)).length > 0,
    replayEvents: (ids, atMs) => thread.call('replayEvents', ids, atMs),
    importEvents: (records) => thread.call('importEvents', records),
    deleteSettled: (...args) => thread.call('deleteSettled', ...args),
    listEvents: (filter) => reader.call('listEvents', filter),
    event: (id) => reader.call('event', id),
    listedEvent: (id) => reader.call('listedEvent', id),
    attempts: (id) => reader.call('attempts', id),
    lastSeq: () => reader.call('lastSeq'),
    readEvents: (page) => reader.call('readEvents', page),
    replayCandidates: (...args) => reader.call('replayCandidates', ...args),
    // While nothing is old enough no other thread is started.
    settledWindow: async (before, afterSeq) =>
      afterSeq === 0 && (await thread.call('isTooYoung', before)) ? { kind: 'end' } : reader.call('settledWindow', before, afterSeq),
    size: () => thread.call('size'),
    rememberedEvents: (...args) => reader.call('rememberedEvents', ...args),
    writeSnapshot,
    installations: () => thread.call('installations'),
    listInstallations: (page) => reader.call('listInstallations', page),
    installation: (portal) => thread.call('installation', portal),
    saveInstallation: (...args) => thread.call('saveInstallation', ...args),
    patchInstallation: (...args) => thread.call('patchInstallation', ...args),
    replaceAccount: (...args) => thread.call('replaceAccount', ...args),
    claimRenewal: (...args) => thread.call('claimRenewal', ...args),
    releaseRenewal: (...args) => thread.call('releaseRenewal', ...args),
    buryAccount: (...args) => thread.call('buryAccount', ...args),
    forgetFormerTokens: (account) => thread.call('forgetFormerTokens', account),
    agingAccounts: (...args) => reader.call('agingAccounts', ...args),
    sealedOtherwise: (page) => reader.call('sealedOtherwise', page),
    sealedSamples: () => reader.call('sealedSamples'),
    replaceSealed: (changes) => thread.call('replaceSealed', changes),
    accounts: (portal) => thread.call('accounts', portal),
    saveAccount: (...args) => thread.call('saveAccount', ...args),
    saveBindings: (portal, bindings) => thread.call('saveBindings', portal, bindings),
    bindings: (portal) => thread.call('bindings', portal),
    appendTaken: (portal, rows) => thread.call('appendTaken', portal, rows.map(({ key }) => key), packEvents(rows.map(({ event }) => event))),
    forgetTaken: (portal) => thread.call('forgetTaken', portal),
    saveConnectorLine: (portal, line) => thread.call('saveConnectorLine', portal, line),
    connectorLines: (portal) => thread.call('connectorLines', portal),
    beginErasure: (erasure) => thread.call('beginErasure', erasure),
    erasures: () => thread.call('erasures'),
    erasureSlice: (...args) => reader.call('erasureSlice', ...args),
    eraseSlice: (...args) => thread.call('eraseSlice', ...args),
    endErasure: (...args) => thread.call('endErasure', ...args),
    scrub: () => thread.call('scrub'),
    appendAudit: (entry) => thread.call('appendAudit', entry),
    audit: (filter) => reader.call('audit', filter),
    auditHead: () => thread.call('auditHead'),
    sealAudit: (...args) => thread.call('sealAudit', ...args),
    saveRefusal: (refusal, keep) => thread.call('saveRefusal', refusal, keep),
    refusals: (limit) => thread.call('refusals', limit),
    // The last connection to close empties the log into the file: the one that may write.
    async close() {
      // A store that cannot take it finds a death where there was none: then a few events are started with care.
      await thread.call('endProcess').catch(() => {})
      if (reader !== thread) await reader.close()
      await thread.close()
    },
  }
}
