import { endProcess, outputOf, spawnOwned } from '../lib/processes.ts'
import { findProgram, freePort, logOf, untilListening } from './server.ts'
import type { ServerKind } from './server.ts'

const PROGRAM = 'redis-server'
const DURABILITY = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', '']

export const redis: ServerKind = {
  name: 'Redis',
  durability: 'appendonly yes, appendfsync always',
  missing: () => (findProgram(PROGRAM) === undefined ? 'redis-server is not installed' : undefined),
  version: async () => /v=([\d.]+)/.exec(await outputOf(PROGRAM, ['--version']))?.[1] ?? '',
  async start(folder) {
    const port = await freePort()
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, ...DURABILITY, '--maxmemory-policy', 'noeviction']
    const child = spawnOwned(PROGRAM, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    await untilListening(port, child, logOf(child))
    return { url: `redis://127.0.0.1:${port}`, pid: child.pid ?? 0, stop: () => endProcess(child, 'SIGTERM') }
  },
}
