import { sleep, systemClock } from '@portline/runtime/clock.ts'

/** For what an app module left behind to end by itself: its own goodbyes to a database, say. */
const LINGER_MS = 1_000
/** For whoever reads what was written, after that. Both are over before an orchestrator kills. */
const READ_MS = 2_000

/**
 * Ends the process when nothing is left to do, and a server's soon, whatever is: a timer or a connection of the app module, a handler
 * that does not end, a pipe that nobody reads. A command that any signal ends waits for its reader as long as it takes, as filters do.
 */
export function endProcess(exitCode: number): void {
  process.exitCode = exitCode
  if (process.listenerCount('SIGTERM') === 0) return
  systemClock.setTimer(LINGER_MS, () => {
    void Promise.race([written(), sleep(systemClock, READ_MS)]).then(() => process.exit(exitCode))
  })
}

async function written(): Promise<void> {
  const waiting = [process.stdout, process.stderr].filter(({ writableLength }) => writableLength > 0)
  await Promise.all(waiting.map((stream) => new Promise<void>((resolve) => stream.write('', () => resolve()))))
}
