import Table from 'cli-table3'
import { printable } from './printable.ts'

const NO_BORDERS = {
  'top': '', 'top-mid': '', 'top-left': '', 'top-right': '',
  'bottom': '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '',
  'left': '', 'left-mid': '', 'mid': '', 'mid-mid': '', 'right': '', 'right-mid': '', 'middle': '  ',
}
const NO_STYLE = { 'head': [], 'border': [], 'padding-left': 0, 'padding-right': 0 }

/** A plain table: nothing but text, so that it reads the same in a terminal, a pipe and a log. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const made = new Table({ head: [...head], chars: NO_BORDERS, style: NO_STYLE })
  made.push(...rows.map((row) => row.map(printable)))
  return trimLines(made.toString())
}

/** A moment as tables show it, in UTC and to the second; of more there is no room. */
export function moment(iso: string | null): string {
  return (iso ?? '').slice(0, '2026-01-31T12:00:00'.length).replace('T', ' ')
}

function trimLines(text: string): string {
  return text.split('\n').map((line) => line.trimEnd()).join('\n')
}
