import { CodedError } from '@portline/wire/errors.ts'
import type { ErrorCode } from '@portline/wire/errors.ts'
import { z } from 'zod'
import type { Lanes } from '../inbox/lanes.ts'
import { REPLAY_EVENTS, REPLAY_LOOKS, REPLAY_SAMPLE_IDS, REPLAY_SLICE_EVENTS } from '../limits.ts'
import { keyOf } from '../store/portal-key.ts'
import type { ReplayCandidate } from '../store/keeping.ts'
import type { EventState, Store } from '../store/port.ts'
import { checked, digits, readConditions } from './event-query.ts'
import type { LiveFeed } from './live-feed.ts'
import { eventView } from './views.ts'

/** Replays: one event, or all that a filter finds, oldest first, so that each lane keeps its order. And tries before their time. */
export interface ReplayParts {
  readonly store: Store
  readonly lanes: Lanes
  readonly feed: LiveFeed
  readonly nowMs: () => number
}

const bodySchema = z.strictObject({
  filter: z.record(z.string(), z.unknown()).default({}),
  dryRun: z.boolean().default(false),
  after: z.union([digits(0), z.int().min(0)]).default(0),
})

export interface ReplayReport {
  readonly dryRun: boolean
  /** Events that the filter found. */
  readonly matched: number
  /** Of these, handed on again, or with `dryRun` to be handed on. */
  readonly replayed: number
  /** The others, counted by why not. */
  readonly refused: Readonly<Partial<Record<ErrorCode, number>>>
  /** The first ids of those replayed. */
  readonly sample: readonly string[]
  /** With it there may be more: ask again with it as `after`. */
  readonly next: string | null
}

/** Errors: NOT_FOUND, EVENT_NOT_REPLAYABLE. */
export async function replayOne({ store, lanes, feed, nowMs }: ReplayParts, id: string): Promise<{ id: string; state: 'pending' }> {
  const event = await store.listedEvent(id)
  if (event === undefined) throw new CodedError('NOT_FOUND', 'no such event')
  const installation = await store.installation(event)
  if (installation?.status === 'deleted') throw new CodedError('EVENT_NOT_REPLAYABLE', 'its portal is uninstalled')
  if (installation?.generation !== event.generation) throw new CodedError('EVENT_NOT_REPLAYABLE', 'it belongs to a former installation')
  if (!(await store.replay(id, nowMs()))) throw new CodedError('EVENT_NOT_REPLAYABLE')
  lanes.wake(event)
  feed.send('event', eventView({ ...event, state: 'pending' }))
  return { id, state: 'pending' }
}

/**
 * Tries an event now that waits for its next try. Its attempts and its place in the retry schedule stay as they are.
 * Errors: NOT_FOUND, EVENT_NOT_WAITING.
 */
export async function retryOne({ store, lanes, feed }: ReplayParts, id: string): Promise<{ id: string; state: 'pending' }> {
  const event = await store.listedEvent(id)
  if (event === undefined) throw new CodedError('NOT_FOUND', 'no such event')
  if (!(await store.hastenEvent(id))) throw new CodedError('EVENT_NOT_WAITING', whyNotWaiting(event.state, await store.eventBefore(id)))
  lanes.wake(event)
  const { dueAtMs: _now, ...due } = event
  feed.send('event', eventView(due))
  return { id, state: 'pending' }
}

function whyNotWaiting(state: EventState, before: string | undefined): string {
  if (state !== 'pending') return `it is ${state}`
  return before === undefined ? 'it runs now, or is about to' : `it waits for ${before}`
}

/** One request does a bounded part of the work and says where to go on. Errors: BAD_REQUEST, STORE_UNAVAILABLE. */
export async function replayMany(parts: ReplayParts, body: unknown): Promise<ReplayReport> {
  const { filter: asked, dryRun, after } = checked(bodySchema, body ?? {})
  const filter = readConditions({ state: 'dead', ...asked })
  if (filter.state !== 'dead' && filter.state !== 'done') throw new CodedError('BAD_REQUEST', 'state must be dead or done: others have not ended')
  const refused: Partial<Record<ErrorCode, number>> = {}
  const sample: string[] = []
  let [matched, replayed] = [0, 0]
  let next: number | undefined = after
  for (let looks = 0; next !== undefined && matched < REPLAY_EVENTS && looks < REPLAY_LOOKS; looks++) {
    const { candidates, nextSeq } = await parts.store.replayCandidates(filter, next, REPLAY_SLICE_EVENTS)
    next = nextSeq
    matched += candidates.length
    const wanted = candidates.filter((candidate) => candidate.refused === undefined)
    const ids = dryRun ? wanted.map(({ id }) => id) : await replaySlice(parts, wanted)
    replayed += ids.length
    sample.push(...ids.slice(0, REPLAY_SAMPLE_IDS - sample.length))
    for (const { refused: code } of candidates) if (code !== undefined) refused[code] = (refused[code] ?? 0) + 1
    // Settled or replayed by somebody else between the look and the replay.
    if (ids.length < wanted.length) refused.EVENT_NOT_REPLAYABLE = (refused.EVENT_NOT_REPLAYABLE ?? 0) + wanted.length - ids.length
  }
  return { dryRun, matched, replayed, refused, sample, next: next === undefined ? null : String(next) }
}

async function replaySlice({ store, lanes, nowMs }: ReplayParts, candidates: readonly ReplayCandidate[]): Promise<string[]> {
  if (candidates.length === 0) return []
  const ids = await store.replayEvents(candidates.map(({ id }) => id), nowMs())
  for (const portal of new Map(candidates.map((candidate) => [keyOf(candidate), candidate])).values()) lanes.wake(portal)
  return ids
}
