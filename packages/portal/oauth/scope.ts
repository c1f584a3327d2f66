/** Whether a `scope` parameter, separated by commas or spaces, asks for more than the card has. Absent: it asks for nothing. */
export function isWiderThan(asked: string | undefined, granted: readonly string[]): boolean {
  return (asked ?? '').split(/[,\s]+/).some((scope) => scope !== '' && !granted.includes(scope))
}
