import { printable } from './printable.ts'

/** Names and values under each other; what has no value is left out. */
export function facts(pairs: readonly Fact[]): string {
  const shown = pairs.map(([name, value]) => [name, String(value ?? '')] as const).filter(([, value]) => value !== '')
  const width = Math.max(0, ...shown.map(([name]) => name.length))
  const nextLine = `\n${' '.repeat(width + 2)}`
  return shown.map(([name, value]) => `${name.padEnd(width)}  ${printable(value).replaceAll('\n', nextLine)}`).join('\n')
}

export type Fact = readonly [name: string, value: string | number | null | undefined]
