import type { ErrorCode } from '@portline/wire/errors.ts'
import { EXPORT_PAGE_EVENTS, HELD_EVENT_AGE_MS, IMPORT_SLICE_EVENTS } from '../limits.ts'
import type { EventConditions, ImportedEvent } from '../store/keeping.ts'
import type { EventState, Installation, PortalKey, Store } from '../store/port.ts'
import { keyOf } from '../store/portal-key.ts'
import type { Sealer } from '../tokens/sealer.ts'
import { lineOf, recordOf } from './event-lines.ts'
import type { EventLine } from './event-lines.ts'
import { generationHere, markOf } from './imported-generation.ts'

/** Export and import of events as NDJSON, from a running app side or straight from a store. */

/** Lines in pieces of some pages, oldest event first; whoever reads slowly is not overrun. Events that come meanwhile are left out. */
export async function* exportedLines(store: Store, filter: EventConditions, sealer: Sealer | undefined): AsyncGenerator<string> {
  const page = { filter, upToSeq: await store.lastSeq(), limit: EXPORT_PAGE_EVENTS, withAuth: sealer !== undefined }
  for (let afterSeq: number | undefined = 0; afterSeq !== undefined; ) {
    const { records, nextSeq } = await store.readEvents({ ...page, afterSeq })
    // After the events, and not those of the page before: what is newer than its installation would pass for a former one's.
    const installations = await installationsOf(store, records.map(({ event }) => event))
    if (records.length > 0) yield records.map((record) => `${lineOf(record, sealer, markOf(record.event, installations.get(keyOf(record.event))))}\n`).join('')
    afterSeq = nextSeq
  }
}

export interface ImportReport {
  readonly lines: number
  readonly imported: number
  /** Were there already. */
  readonly skipped: number
  /** Held events that were left out, counted by what would have become of them; absent when there are none. */
  readonly refused?: Readonly<Partial<Record<ErrorCode, number>>>
}

export interface ImportParts {
  readonly store: Store
  /** What another key has sealed is refused; absent: whatever is sealed. */
  readonly sealer: Sealer | undefined
  /** A lane has new events. */
  readonly wake: (portal: PortalKey) => void
  /** For held events, which somebody has to judge; absent: they are left out. */
  readonly held?: HeldParts
}

export interface HeldParts {
  readonly nowMs: () => number
  readonly review: (portal: PortalKey) => void
}

/** Reads all lines before it takes the first. Errors: IMPORT_INVALID, STORE_UNAVAILABLE. */
export async function importLines({ store, sealer, wake, held }: ImportParts, text: string, firstLine = 1): Promise<ImportReport> {
  const lines = text.split('\n').flatMap((line, index) => (line.trim() === '' ? [] : [recordOf(line, firstLine + index, sealer)]))
  const refused: Partial<Record<ErrorCode, number>> = {}
  const wanted: EventLine[] = []
  for (const line of lines) {
    const code = whyNotHeld(line, held)
    if (code === undefined) wanted.push(line)
    else refused[code] = (refused[code] ?? 0) + 1
  }
  let imported = 0
  for (let from = 0; from < wanted.length; from += IMPORT_SLICE_EVENTS) {
    imported += (await store.importEvents(await ofThisStore(store, wanted.slice(from, from + IMPORT_SLICE_EVENTS)))).length
  }
  for (const portal of portalsOf(wanted, 'pending')) wake(portal)
  for (const portal of portalsOf(wanted, 'held')) held?.review(portal)
  const report = { lines: lines.length, imported, skipped: wanted.length - imported }
  return wanted.length === lines.length ? report : { ...report, refused }
}

/** What is judged without its auth block, or has been held too long, ends at once and loses its content: it had better stay where it is. */
function whyNotHeld({ record: { event: { state, auth, receivedAtMs } }, unopened }: EventLine, held: HeldParts | undefined): ErrorCode | undefined {
  if (state !== 'held') return undefined
  if (auth.length === 0) return unopened ? 'KEY_INVALID' : 'APPLICATION_TOKEN_MISSING'
  if (held === undefined) return 'AWAITING_PROOF'
  return receivedAtMs < held.nowMs() - HELD_EVENT_AGE_MS ? 'HELD_TOO_LONG' : undefined
}

async function ofThisStore(store: Store, lines: readonly EventLine[]): Promise<ImportedEvent[]> {
  const installations = await installationsOf(store, lines.map(({ record }) => record.event))
  return lines.map(({ record: { event, attempts }, mark }) => {
    return { event: { ...event, generation: generationHere(event, mark, installations.get(keyOf(event))) }, attempts }
  })
}

async function installationsOf(store: Store, portals: readonly PortalKey[]): Promise<Map<string, Installation>> {
  const distinct = new Map(portals.map((portal) => [keyOf(portal), { app: portal.app, memberId: portal.memberId }]))
  const found = await Promise.all([...distinct].map(async ([key, portal]) => [key, await store.installation(portal)] as const))
  return new Map(found.flatMap(([key, installation]) => (installation === undefined ? [] : [[key, installation] as const])))
}

function portalsOf(lines: readonly EventLine[], state: EventState): Iterable<PortalKey> {
  const events = lines.map(({ record }) => record.event).filter((event) => event.state === state)
  return new Map(events.map(({ app, memberId }) => [keyOf({ app, memberId }), { app, memberId }])).values()
}
