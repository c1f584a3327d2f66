import { main } from '@portline/cli/main.ts'
import type { Environment } from '@portline/cli/settings.ts'

/** A command of ours in this process, with all that it writes. */
export async function runCommand(args: readonly string[], env: Environment): Promise<{ exitCode: number; out: string; err: string }> {
  const written = { out: '', err: '' }
  const output = {
    out: (text: string) => void (written.out += `${text}\n`),
    write: (text: string) => Promise.resolve(void (written.out += text)),
    err: (text: string) => void (written.err += `${text}\n`),
  }
  return { exitCode: await main(args, env, output), ...written }
}
