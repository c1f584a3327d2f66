import type { AuditLink, AuditNote, HistoryItem, InstallationState } from '../history.ts'
import { laneOf } from './ledger.ts'
import type { Promised, Violation } from './ledger.ts'

/** Before the first record. */
const BEGIN = '0'.repeat(64)

/**
 * The audit trail: each change of an installation stands in it by the same commit; its records have no gap and each carries the hash
 * of the one before; and none is ever changed or taken back, whatever crashes.
 */
export const auditIsWhole: Promised = (items) => {
  const broken: Violation[] = []
  const states = new Map<string, InstallationState>()
  const known = new Map<number, string>()
  let lastSeq = 0
  items.forEach((item: HistoryItem, index) => {
    const report = (what: string): void => void broken.push({ promise: 'the audit trail is whole', what, item: index })
    if (item.kind === 'installations') {
      for (const { seq } of item.audited) {
        if (seq !== lastSeq + 1) report(`audit record ${seq} follows ${lastSeq}`)
        lastSeq = seq
      }
      for (const state of item.installations) {
        const what = untold(states.get(laneOf(state)), state, item.audited)
        if (what !== undefined) report(what)
        states.set(laneOf(state), state)
      }
    }
    if (item.kind !== 'snapshot') return
    for (const what of wrongChain(item.audit, known)) report(what)
    for (const state of item.installations) states.set(laneOf(state), state)
    lastSeq = item.audit.at(-1)?.seq ?? 0
  })
  return broken
}

const VERBS: Readonly<Record<string, readonly string[]>> = {
  new: ['installationCreated'],
  active: ['applicationInstalled', 'markAsActive'],
  blocked: ['markAsBlocked'],
  deleted: ['applicationUninstalled'],
}

function untold(before: InstallationState | undefined, after: InstallationState, audited: readonly AuditNote[]): string | undefined {
  if (before?.status === after.status && before.generation === after.generation) return undefined
  const told = audited.some((note) => laneOf(note) === laneOf(after) && note.generation === after.generation && VERBS[after.status]?.includes(note.verb) === true)
  return told ? undefined : `${laneOf(after)} went from ${before?.status} to ${after.status} and nothing tells of it`
}

/** `known`: what each record was when it was first found. */
function* wrongChain(links: readonly AuditLink[], known: Map<number, string>): Generator<string> {
  let previous = BEGIN
  let last = 0
  for (const link of links) {
    if (link.seq !== last + 1) yield `audit record ${link.seq} follows ${last}`
    if (link.previous !== previous) yield `audit record ${link.seq} does not carry the hash of the one before`
    const digest = known.get(link.seq)
    if (digest !== undefined && digest !== link.digest) yield `audit record ${link.seq} has changed`
    known.set(link.seq, link.digest)
    previous = link.hash
    last = link.seq
  }
  if (known.size > links.length) yield `${known.size - links.length} audit records are gone`
}
