/** Where a command writes. A test hands in its own. */
export interface Output {
  /** What was asked for. */
  out(text: string): void
  /** The same in pieces, of which many may come; resolves when there is room for the next. */
  write(text: string): Promise<void>
  /** Everything else: hints, failures. */
  err(text: string): void
}

// A reader that has seen enough (`| head`) is no failure, and must not stop a server.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
}

export const standardOutput: Output = {
  out: (text) => void process.stdout.write(`${text}\n`),
  write: (text) => new Promise((resolve) => process.stdout.write(text, () => resolve())),
  err: (text) => void process.stderr.write(`${text}\n`),
}
