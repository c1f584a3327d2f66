import { EXPORT_PAGE_EVENTS, IMPORT_SLICE_EVENTS } from '../limits.ts'
import type { EventConditions } from '../store/keeping.ts'
import type { PortalKey, Store } from '../store/port.ts'
import { keyOf } from '../store/portal-key.ts'
import type { Sealer } from '../tokens/sealer.ts'
import { lineOf, recordOf } from './event-lines.ts'

/** Export and import of events as NDJSON, from a running app side or straight from a store. */

/** Lines in pieces of some pages, oldest event first; whoever reads slowly is not overrun. Events that come meanwhile are left out. */
export async function* exportedLines(store: Store, filter: EventConditions, sealer: Sealer | undefined): AsyncGenerator<string> {
  const page = { filter, upToSeq: await store.lastSeq(), limit: EXPORT_PAGE_EVENTS, withAuth: sealer !== undefined }
  for (let afterSeq: number | undefined = 0; afterSeq !== undefined; ) {
    const { records, nextSeq } = await store.readEvents({ ...page, afterSeq })
    if (records.length > 0) yield records.map((record) => `${lineOf(record, sealer)}\n`).join('')
    afterSeq = nextSeq
  }
}

export interface ImportReport {
  readonly lines: number
  readonly imported: number
  /** Were there already. */
  readonly skipped: number
}

export interface ImportParts {
  readonly store: Store
  /** Events sealed with another key are refused; absent: they are not looked into. */
  readonly sealer: Sealer | undefined
  /** A lane has new events. */
  readonly wake: (portal: PortalKey) => void
}

/** Reads all lines before it takes the first. Errors: IMPORT_INVALID, STORE_UNAVAILABLE. */
export async function importLines({ store, sealer, wake }: ImportParts, text: string, firstLine = 1): Promise<ImportReport> {
  const records = text.split('\n').flatMap((line, index) => (line.trim() === '' ? [] : [recordOf(line, firstLine + index, sealer)]))
  const portals = new Map<string, PortalKey>()
  let imported = 0
  for (let from = 0; from < records.length; from += IMPORT_SLICE_EVENTS) {
    imported += (await store.importEvents(records.slice(from, from + IMPORT_SLICE_EVENTS))).length
  }
  for (const { event } of records) if (event.state === 'pending') portals.set(keyOf(event), { app: event.app, memberId: event.memberId })
  for (const portal of portals.values()) wake(portal)
  return { lines: records.length, imported, skipped: records.length - imported }
}
