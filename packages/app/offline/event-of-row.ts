import { decodeForm } from '@portline/wire/form/decode.ts'
import { encodeForm } from '@portline/wire/form/encode.ts'
import type { FormValue, PhpValue } from '@portline/wire/form/value.ts'
import type { Installation, TakenRow } from '../store/port.ts'
import { sealParts } from '../tokens/sealed-event.ts'
import type { Sealer } from '../tokens/sealer.ts'
import type { OfflineRow } from './offline-queue.ts'

/** A row of an offline queue as an event like any other. */
export interface EventOfRowParts {
  readonly sealer: Sealer
  readonly newId: () => string
  readonly nowMs: number
}

const SECOND_MS = 1_000
/** The portal has taken it in already: nothing of it is refused for its size. What reads an event calls itself at every level. */
const NO_LIMITS = { maxBodyBytes: Number.MAX_SAFE_INTEGER, maxParameters: Number.MAX_SAFE_INTEGER, maxDepth: 1_000, maxKeyBytes: Number.MAX_SAFE_INTEGER }

/** Never throws for what is in the row: one that cannot be read would be fetched again for ever, and everything behind it wait. */
export function takenRow({ sealer, newId, nowMs }: EventOfRowParts, installation: Installation, processId: string, row: OfflineRow): TakenRow {
  const { app, memberId, generation } = installation
  const facts = {
    app, memberId, id: newId(), code: row.event, generation, userId: row.userId, receivedAtMs: nowMs,
    ...(Number.isFinite(row.atMs) ? { ts: String(Math.floor(row.atMs / SECOND_MS)) } : {}),
  }
  const auth = { member_id: memberId, ...(row.userId === undefined ? {} : { user_id: row.userId }) }
  // A reserved row takes in nothing new: under one process_id it never changes.
  const key = `${processId}:${row.id}:${row.messageId}`
  try {
    const data = formDataOf(row.data)
    const sealed = sealParts(sealer, installation, data === undefined ? { auth } : { auth, data })
    return { key, event: { ...facts, ...sealed, state: 'pending', proof: 'own_token' } }
  } catch {
    // As proven it could be replayed, and a handler be given it without its data.
    return { key, event: { ...facts, auth: new Uint8Array(), state: 'dead', reason: 'OFFLINE_ROW_UNREADABLE' } }
  }
}

/** The data as the queue server would have sent it, so that a handler sees no difference. */
export function formDataOf(data: PhpValue): FormValue | undefined {
  return decodeForm(encodeForm({ data }), NO_LIMITS)['data']
}
