import { LONG } from './bench.ts'
import type { Extent } from './bench.ts'
import { count } from './table.ts'

/** What the extent that was chosen leaves out of the parts that were measured, so that nobody takes a part for the whole. */
export function leftOut(extent: Extent, sections: readonly string[]): string[] {
  const largest = (of: Extent): number => Math.max(...of.stores.map(({ events }) => events))
  const lines: string[] = []
  if (sections.includes('cold-start') && largest(extent) < largest(LONG)) {
    lines.push(`a cold start with ${count(largest(LONG))} events in the store: only \`--long\` measures it; here ${count(largest(extent))} at most`)
  }
  if (sections.includes('memory') && extent.memoryS < LONG.memoryS) {
    lines.push(`memory over ${LONG.memoryS / 60} minutes: only \`--long\` measures it; here ${extent.memoryS} s`)
  }
  if (sections.includes('lanes') && extent.lanes < LONG.lanes) {
    lines.push(`${count(LONG.lanes)} lanes, and ${count(LONG.queued)} events queued or parked: not with \`--quick\`; here ${count(extent.lanes)} and ${count(extent.queued)}`)
  }
  return lines
}
