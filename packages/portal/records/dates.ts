/** The portal lives in UTC: its offset is `+00:00` everywhere. */
const ISO = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d))?(?:\.\d+)?\s*(Z|[+-]\d\d:?\d\d)?)?$/i
/** The portal's own format, DD.MM.YYYY HH:MI:SS. */
const OWN = /^(\d\d)\.(\d\d)\.(\d{4})(?: (\d\d):(\d\d)(?::(\d\d))?)?$/

const MINUTE_MS = 60_000

/** Unix milliseconds of what an app wrote as a date; undefined when it is none. */
export function parseDate(text: string): number | undefined {
  const own = OWN.exec(text)
  if (own !== null) return instant([own[3], own[2], own[1], own[4], own[5], own[6]], undefined)
  const iso = ISO.exec(text)
  return iso === null ? undefined : instant(iso.slice(1, 7), iso[7])
}

function instant(parts: readonly (string | undefined)[], zone: string | undefined): number | undefined {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.map((part) => Number(part ?? 0))
  const ms = Date.UTC(year, month - 1, day, hour, minute, second)
  const date = new Date(ms)
  // The 31st of February would silently become a day of March.
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day || date.getUTCHours() !== hour) return undefined
  return ms - offsetMs(zone)
}

function offsetMs(zone: string | undefined): number {
  const match = /^([+-])(\d\d):?(\d\d)$/.exec(zone ?? '')
  if (match === null) return 0
  const minutes = Number(match[2]) * 60 + Number(match[3])
  return (match[1] === '-' ? -minutes : minutes) * MINUTE_MS
}

/** `2026-01-01T12:30:00+00:00` */
export function isoDateTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}+00:00`
}

/** Midnight of the day, in the same form: dates look like this in CRM answers. */
export function isoDate(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 10)}T00:00:00+00:00`
}
