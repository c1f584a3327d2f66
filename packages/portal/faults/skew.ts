/** Shifts the times an answer tells; everything else of it stays. Numbers are seconds, texts ISO 8601. */
export function skewAnswer(json: string, skewMs: number): string {
  const answer = parseObject(json)
  if (answer === undefined) return json
  shiftAll(answer, ['expires'], skewMs)
  const { time, result } = answer
  if (isObject(time)) shiftAll(time, ['start', 'finish', 'date_start', 'date_finish', 'operating_reset_at'], skewMs)
  if (isObject(result)) shiftAll(result, ['expires'], skewMs)
  // server.time
  if (typeof result === 'string') answer['result'] = shifted(result, skewMs)
  return JSON.stringify(answer)
}

/** Shifts `ts` and `auth[expires]` of an event's body; keys of the data are nested, so they are never touched. */
export function skewEvent(body: string, skewMs: number): string {
  const shift = (seconds: string): string => String(Number(seconds) + Math.round(skewMs / 1_000))
  return body
    .replace(/(^|&)ts=(\d+)(?=&|$)/, (_match, before: string, seconds: string) => `${before}ts=${shift(seconds)}`)
    .replace(/(?<=&auth%5Bexpires%5D=)\d+(?=&|$)/, shift)
}

function shiftAll(map: Record<string, unknown>, keys: readonly string[], skewMs: number): void {
  for (const key of keys) if (Object.hasOwn(map, key)) map[key] = shifted(map[key], skewMs)
}

function shifted(value: unknown, skewMs: number): unknown {
  if (typeof value === 'number') return value + skewMs / 1_000
  if (typeof value !== 'string' || !ISO_TIME.test(value)) return value
  return `${new Date(Date.parse(value) + skewMs).toISOString().slice(0, 19)}+00:00`
}

const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$/

function parseObject(json: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(json)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
