import { hash } from 'node:crypto'
import type { FormValue } from '@portline/wire/form/value.ts'
import { UNINSTALLS_REMEMBERED } from '../limits.ts'
import { openData } from '../tokens/sealed-event.ts'

/** Enough to tell apart the few uninstalls of one portal. */
const MARK_LENGTH = 32

/**
 * What a copy of an uninstall has in common with its first: when it was raised, and what it says. Without `ts` nothing tells two
 * uninstalls apart: then there is none.
 */
export function uninstallMark({ ts, data }: { readonly ts?: string | undefined; readonly data?: FormValue | undefined }): string | undefined {
  return ts === undefined ? undefined : hash('sha256', JSON.stringify([ts, openData(data) ?? null]), 'hex').slice(0, MARK_LENGTH)
}

export function withMark(marks: readonly string[] | undefined, mark: string): readonly string[] {
  return [mark, ...(marks ?? []).filter((other) => other !== mark)].slice(0, UNINSTALLS_REMEMBERED)
}

const SECOND_MS = 1_000

/** `ts` has whole seconds of the portal's clock. Undefined when there is none that is a time. */
export function raisedAtMs(ts: string | undefined): number | undefined {
  const atMs = ts === undefined ? Number.NaN : Number(ts) * SECOND_MS
  return Number.isSafeInteger(atMs) ? atMs : undefined
}

/** Whether an event of this second was certainly raised before. */
export function isRaisedBefore(ts: string | undefined, atMs: number | undefined): boolean {
  const secondMs = raisedAtMs(ts)
  return secondMs !== undefined && atMs !== undefined && secondMs + SECOND_MS <= atMs
}
