/** What was thrown as a text: anything can be thrown, also what cannot be made one. */
export function textOfThrown(thrown: unknown, kind: 'message' | 'stack' = 'message'): string {
  try {
    if (!(thrown instanceof Error)) return String(thrown)
    return `${kind === 'stack' ? (thrown.stack ?? thrown.message) : thrown.message}`
  } catch {
    return 'something was thrown that has no text'
  }
}
