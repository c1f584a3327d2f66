import { chown, mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { endProcess, outputOf, spawnOwned } from '../lib/processes.ts'
import { findProgram, freePort, logOf, until } from './server.ts'
import type { ServerKind } from './server.ts'

const FOLDERS = ['/usr/lib/postgresql/*/bin']
/** It refuses to run as root. */
const USER = process.getuid?.() === 0 ? 'postgres' : undefined
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  // Room for every contender's pool, and no checkpoint in the middle of a round because of a small log.
  max_connections: '200',
  shared_buffers: '256MB',
  max_wal_size: '4GB',
}

function program(name: string): string {
  return findProgram(name, FOLDERS) ?? name
}

export const postgres: ServerKind = {
  name: 'PostgreSQL',
  durability: 'fsync on, synchronous_commit on, full_page_writes on',
  missing: () => (findProgram('postgres', FOLDERS) === undefined ? 'postgres is not installed' : undefined),
  version: async () => /[\d.]+/.exec(await outputOf(program('postgres'), ['--version']))?.[0] ?? '',
  async start(folder) {
    const data = join(folder, 'data')
    await mkdir(data, { mode: 0o700 })
    if (USER !== undefined) {
      const id = Number(await outputOf('id', ['-u', USER]))
      for (const path of [folder, data]) await chown(path, id, -1)
    }
    const port = await freePort()
    const cluster = ['-D', data, '-U', 'bench', '--auth=trust', '--no-sync', '-E', 'UTF8', '--locale=C']
    await outputOf(program('initdb'), cluster, { user: USER, cwd: folder })
    const settings = Object.entries({ ...SETTINGS, port: String(port), unix_socket_directories: folder })
    const args = ['-D', data, ...settings.flatMap(([name, value]) => ['-c', `${name}=${value}`])]
    const child = spawnOwned(program('postgres'), args, { user: USER, cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
    const isReady = (): Promise<boolean> =>
      outputOf(join(dirname(program('postgres')), 'pg_isready'), ['-q', '-h', '127.0.0.1', '-p', String(port)]).then(() => true, () => false)
    await until(isReady, child, logOf(child))
    // SIGINT is its fast shutdown: sessions are ended, the log is whole.
    return { url: `postgres://bench@127.0.0.1:${port}/postgres`, pid: child.pid ?? 0, stop: () => endProcess(child, 'SIGINT') }
  },
}
