/** Markdown, and figures as people read them. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return drawn(head, head.map((_, column) => (column === 0 ? '---' : '---:')), rows)
}

/** Of words, not of figures. */
export function facts(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return drawn(head, head.map(() => '---'), rows)
}

function drawn(head: readonly string[], rule: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(rule), ...rows.map(line)].join('\n')
}

const NONE = '–'

/** Why is told under "What was not measured". */
export function notMeasured(label: string, columns: number): string[] {
  return [label, 'not measured', ...Array.from({ length: columns - 2 }, () => NONE)]
}

export function count(value: number): string {
  return Number.isFinite(value) ? Math.round(value).toLocaleString('en-US') : NONE
}

/** Three significant digits and the unit that suits. */
export function duration(ms: number): string {
  if (!Number.isFinite(ms)) return NONE
  if (ms >= 10_000) return `${(ms / 1_000).toFixed(1)} s`
  if (ms >= 1) return `${ms >= 100 ? count(ms) : ms.toPrecision(3)} ms`
  return `${count(ms * 1_000)} µs`
}

/** A handler may begin before its sender has read the answer. */
export function sinceAnswered(ms: number): string {
  return ms < 0 ? `${duration(-ms)} before` : duration(ms)
}

export function ratio(value: number, reference: number): string {
  const times = value / reference
  if (!Number.isFinite(times)) return NONE
  return `${times >= 10 ? times.toFixed(0) : times.toFixed(2)}×`
}

export function mebibytes(bytes: number): string {
  return Number.isFinite(bytes) ? count(bytes / 1_048_576) : NONE
}

export function percent(share: number): string {
  return Number.isFinite(share) ? `${Math.round(share * 100)} %` : NONE
}
