/** Control characters a terminal would obey. Line feed and tab stay. */
// oxlint-disable-next-line no-control-regex -- they are what this is about
const TERMINAL_CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g

/** Events and answers carry strangers' text: on a terminal it must not move the cursor, change colours or set the title. */
export function printable(text: string): string {
  return text.replaceAll(TERMINAL_CONTROLS, '\uFFFD')
}
