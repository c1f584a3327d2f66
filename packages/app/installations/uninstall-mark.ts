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
