/**
 * An answer as XML (settings/how-to-call-rest-api/general-principles.md): the same names as elements, items of a list as
 * `item`. Names that XML does not know as such become `item` too.
 */
export function toXml(body: object): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<response>${content(body)}</response>`
}

function content(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'boolean') return value ? '1' : '0'
  if (typeof value !== 'object') return escape(String(value))
  return Object.entries(value).map(([key, item]) => element(Array.isArray(value) ? 'item' : key, item)).join('')
}

function element(key: string, value: unknown): string {
  const name = /^[A-Za-z_][\w.-]*$/.test(key) ? key : 'item'
  return `<${name}>${content(value)}</${name}>`
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** Control characters have no place in XML 1.0, escaped or not. */
function escape(text: string): string {
  // oxlint-disable-next-line eslint/no-control-regex -- these are what is taken out
  return text.replaceAll(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, '')
    .replaceAll(/[&<>"]/g, (char) => ENTITIES[char] ?? char)
}
