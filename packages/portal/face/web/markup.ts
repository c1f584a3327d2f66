import { escapeHtml } from '../html.ts'

/** A piece of a page. Only html`` makes one, so a stranger's text can't get into a page unescaped. */
export class Markup {
  readonly source: string

  constructor(source: string) {
    this.source = source
  }
}

type Part = Markup | string | number | undefined | readonly Part[]

/** Texts are escaped, also for attributes in double quotes; undefined leaves nothing. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(strings.map((text, index) => text + (index < parts.length ? render(parts[index]) : '')).join(''))
}

function render(part: Part): string {
  if (part === undefined) return ''
  if (part instanceof Markup) return part.source
  return typeof part === 'object' ? part.map((item) => render(item)).join('') : escapeHtml(String(part))
}

/** For a script of our own to read; no text in it can end the element. */
export function jsonElement(id: string, value: unknown): Markup {
  const json = JSON.stringify(value).replaceAll('<', String.raw`\u003c`)
  return new Markup(`<script type="application/json" id="${escapeHtml(id)}">${json}</script>`)
}
