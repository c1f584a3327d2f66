import type { Mutant } from './mutant.ts'

/** Taking in, handing on, writing down what became of it. */
export const INBOX_MUTANTS: readonly Mutant[] = [
  {
    name: 'an event is answered before it is on disk',
    file: 'app/inbox/inbox.ts',
    find: `    const { seq, leased } = await appender.append({ event, sealed, wanted: !uninstall && lanes.wants(event) })
    onAccepted(event)`,
    replace: `    const appending = appender.append({ event, sealed, wanted: false })
    appending.then(() => lanes.wake(event), () => {})
    if (!uninstall) return { id: event.id, state: 'pending' }
    const { seq, leased } = await appending
    onAccepted(event)`,
  },
  {
    name: 'a held event that could not be stored is answered as if it were',
    file: 'app/inbox/inbox.ts',
    find: `      held.remove([event.id])
      throw error`,
    replace: `      held.remove([event.id])
      return acceptedOf(event)`,
  },
  {
    name: 'followers of an update under proof are refused',
    file: 'app/inbox/inbox.ts',
    find: `const awaited = judged.kind === 'refused' && claimed.isClaimed(portal, auth.application_token)`,
    replace: 'const awaited = false',
  },
  { name: 'held events are given up after a day', file: 'app/limits.ts', find: 'HELD_EVENT_AGE_MS = 3 * 24', replace: 'HELD_EVENT_AGE_MS = 24' },
  {
    name: 'held events are looked through once and never again',
    file: 'app/inbox/inbox.ts',
    find: 'if (!this.#stopped) this.#sweep = clock.setTimer(EXPIRY_SWEEP_MS, () => void this.#expireHeld())',
    replace: '',
  },
  {
    name: 'tokens in data are sealed without the data',
    file: 'app/inbox/inbox.ts',
    find: 'auth: isOpened ? sealParts(sealer, portal, envelope).auth',
    replace: 'auth: isOpened ? sealParts(sealer, portal, { auth }).auth',
  },
  {
    name: 'a group that could not be stored is answered as if it were',
    file: 'app/inbox/appender.ts',
    find: 'for (const waiting of group) waiting.reject(error)',
    replace: 'for (const waiting of group) waiting.resolve({ seq: 0, leased: false })',
  },
  {
    name: 'events beyond what fits into a group are forgotten',
    file: 'app/inbox/appender.ts',
    find: `    const group = this.#gathering.splice(0, GROUP_MAX_EVENTS)
    this.#ripen()`,
    replace: `    const group = this.#gathering.splice(0, 16)
    this.#gathering = []
    this.#ripen()`,
  },
  {
    name: 'a repeat is dropped whose first was not stored',
    file: 'app/inbox/inbox.ts',
    find: 'window.settle(claimed.first, false)',
    replace: 'window.settle(claimed.first, true)',
  },
  {
    name: 'what became of events is forgotten when the store fails',
    file: 'app/inbox/settler.ts',
    find: '        await new Promise<void>((resolve) => clock.setTimer(STORE_RETRY_MS, resolve))',
    replace: '        return',
  },
  {
    name: 'a lane does not wait for what became of its events',
    file: 'app/inbox/settler.ts',
    find: `    if (this.#gathering.size === 0) return this.#writing ?? Promise.resolve()`,
    replace: `    if (this.#failing || this.#gathering.size === 0) return Promise.resolve()`,
  },
  {
    name: 'a lane goes on after a failure',
    file: 'app/inbox/lanes.ts',
    find: '      if (untilMs !== undefined) return this.#giveBack(lane, untilMs)',
    replace: '',
  },
  {
    name: 'grants that come while a lane is leased anew are lost',
    file: 'app/inbox/lanes.ts',
    find: 'for (const { queued, leased } of lane.late) if (queued.event.seq > answer.asOfSeq) this.#take(lane, queued, leased)',
    replace: '',
  },
  {
    name: 'grants that come while a lane is given back are kept',
    file: 'app/inbox/lanes.ts',
    find: `    this.#drop(lane)
    lane.late = []
    await this.#settler.flushed()`,
    replace: `    this.#drop(lane)
    await this.#settler.flushed()`,
  },
  {
    name: 'a grant that the lease has taken account of counts twice',
    file: 'app/inbox/lanes.ts',
    find: 'if (queued.event.seq > answer.asOfSeq) this.#take',
    replace: 'if (queued.event.seq >= answer.asOfSeq) this.#take',
  },
  {
    name: 'a lane is woken in the middle of its turn and starts another',
    file: 'app/inbox/lanes.ts',
    find: `    if (lane.state === 'blocked') this.#makeReady(lane)`,
    replace: `    if (lane.state !== 'ready') this.#makeReady(lane)`,
  },
  {
    name: 'a lane that became due while it was asked about is forgotten',
    file: 'app/inbox/lanes.ts',
    find: `        lane.more = true
        return answer.untilMs`,
    replace: `        return answer.untilMs`,
  },
  {
    name: 'what a lease leaves behind is not leased next',
    file: 'app/inbox/lanes.ts',
    find: '        lane.more = answer.more || isParkedDue\n',
    replace: '',
  },
  {
    name: 'what is granted while a lane waits for the disk is run twice',
    file: 'app/inbox/lanes.ts',
    find: `    lane.late = []
    await this.#settler.flushed()
    lane.more = false`,
    replace: `    await this.#settler.flushed()
    lane.late = []
    lane.more = false`,
  },
  {
    name: 'a lane waits for its parked events',
    file: 'app/inbox/lanes.ts',
    find: `settlements.find(({ state, parked }) => state === 'pending' && parked !== true)?.dueAtMs`,
    replace: `settlements.find(({ state }) => state === 'pending')?.dueAtMs`,
  },
  {
    name: 'a blocked lane has no alarm',
    file: 'app/inbox/lanes.ts',
    find: `      lane.state = 'blocked'
      this.#alarms.set(lane.portal, untilMs)`,
    replace: `      lane.state = 'blocked'`,
  },
  {
    name: 'an alarm forgets the earlier one',
    file: 'app/inbox/alarms.ts',
    find: '    if (this.#stopped) return',
    replace: '    if (this.#stopped || this.#alarms.has(keyOf(portal))) return',
  },
  {
    name: 'the last step of the retry schedule is left out',
    file: 'app/inbox/retry.ts',
    find: 'delaysMs[attempt - 1]',
    replace: 'delaysMs[attempt]',
  },
  {
    name: 'what fails for good is tried again',
    file: 'app/inbox/failure.ts',
    find: '  if (failure.final) return',
    replace: `  if (failure.final && policy === undefined) return`,
  },
  {
    name: 'who should block is parked',
    file: 'app/inbox/failure.ts',
    find: `policy?.onFailure === 'park' ? { parked: true as const } : {}`,
    replace: `policy?.onFailure !== undefined ? { parked: true as const } : {}`,
  },
  {
    name: 'one more of a group is done than was taken',
    file: 'app/inbox/run-events.ts',
    find: 'Math.min(failure.delivered, opened.length - 1)',
    replace: 'Math.min(failure.delivered + 1, opened.length)',
  },
  {
    name: 'attempts count from where they were',
    file: 'app/inbox/run-events.ts',
    find: 'const record = { n: event.attempts + 1,',
    replace: 'const record = { n: Math.max(1, event.attempts),',
  },
  {
    name: 'events of different codes are handed on together',
    file: 'app/inbox/run-events.ts',
    find: 'each.event.code !== head.code || each.event.generation !== head.generation',
    replace: 'each.event.generation !== head.generation',
  },
  {
    name: 'events of a former installation are handed on',
    file: 'app/inbox/run-events.ts',
    find: `    if (known.generation !== event.generation) throw new CodedError('FORMER_INSTALLATION')`,
    replace: '',
  },
  {
    name: 'a handler past its timeout holds its lane',
    file: 'app/inbox/deadline.ts',
    find: '      reject(error)\n',
    replace: '',
  },
  {
    name: 'one more handler at once than its limit',
    file: 'runtime/gate.ts',
    find: 'if (this.#running >= this.#places) await',
    replace: 'if (this.#running > this.#places) await',
  },
]
