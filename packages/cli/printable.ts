/** Control characters a terminal would obey. Line feed and tab stay. */
const TERMINAL_CONTROLS = /(?![\n\t])\p{Cc}/gu

/** Events and answers carry strangers' text: on a terminal it must not move the cursor, change colours or set the title. */
export function printable(text: string): string {
  return text.replaceAll(TERMINAL_CONTROLS, '\uFFFD')
}
