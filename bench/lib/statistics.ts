/** Of no values it is NaN, which the tables show as a dash. */
export function median(values: readonly number[]): number {
  return percentile(values, 50)
}

/** Nearest rank. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN
}

export interface Latencies {
  readonly p50: number
  readonly p99: number
  readonly p999: number
  readonly max: number
}

export function latenciesOf(values: readonly number[]): Latencies {
  return { p50: percentile(values, 50), p99: percentile(values, 99), p999: percentile(values, 99.9), max: percentile(values, 100) }
}
