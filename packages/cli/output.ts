/** Where a command writes. A test hands in its own. */
export interface Output {
  /** What was asked for. */
  out(text: string): void
  /** Everything else: hints, failures. */
  err(text: string): void
}

export const standardOutput: Output = {
  out: (text) => void process.stdout.write(`${text}\n`),
  err: (text) => void process.stderr.write(`${text}\n`),
}
