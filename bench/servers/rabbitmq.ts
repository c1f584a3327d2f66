import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { endProcess, outputOf, spawnOwned } from '../lib/processes.ts'
import { findProgram, freePort, logOf, untilListening } from './server.ts'
import type { ServerKind } from './server.ts'

/** Not the one in /usr/sbin, which changes its user and writes into the machine's own folders. */
const FOLDERS = ['/usr/lib/rabbitmq/bin']
const PROGRAM = 'rabbitmq-server'

export const rabbitmq: ServerKind = {
  name: 'RabbitMQ',
  durability: 'quorum queue (synced before the confirm), persistent messages, publisher confirms',
  missing: () => {
    const absent = [findProgram(PROGRAM, FOLDERS) === undefined && PROGRAM, findProgram('epmd') === undefined && 'epmd'].filter(Boolean)
    return absent.length === 0 ? undefined : `${absent.join(' and ')} not installed`
  },
  version: async () => /^\d[\d.]*/.exec(await outputOf('dpkg-query', ['-W', '-f', '${Version}', PROGRAM]).catch(() => ''))?.[0] ?? '?',
  async start(folder) {
    const [port, distributionPort, epmdPort] = [await freePort(), await freePort(), await freePort()]
    await mkdir(join(folder, 'home'))
    await writeFile(join(folder, 'rabbitmq.conf'), `listeners.tcp.default = 127.0.0.1:${port}\nlog.console = true\nlog.console.level = error\n`)
    await writeFile(join(folder, 'enabled_plugins'), '[].\n')
    // Erlang would start its own as a daemon that stays behind.
    const epmd = spawnOwned('epmd', ['-port', String(epmdPort), '-address', '127.0.0.1'], { stdio: 'ignore' })
    const env = {
      ...process.env,
      HOME: join(folder, 'home'),
      ERL_EPMD_PORT: String(epmdPort),
      ERL_EPMD_ADDRESS: '127.0.0.1',
      // The script becomes the server instead of waiting for it, so that whatever ends the one ends the other.
      RUNNING_UNDER_SYSTEMD: 'yes',
      RABBITMQ_NODENAME: `bench${port}@localhost`,
      RABBITMQ_DIST_PORT: String(distributionPort),
      RABBITMQ_MNESIA_BASE: join(folder, 'mnesia'),
      RABBITMQ_LOG_BASE: join(folder, 'log'),
      RABBITMQ_PID_FILE: join(folder, 'pid'),
      RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
      // An idle Erlang spins for a while otherwise, which others on a small machine pay for.
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '+sbwt none +sbwtdcpu none +sbwtdio none',
    }
    const child = spawnOwned(findProgram(PROGRAM, FOLDERS) ?? PROGRAM, [], { env, cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
    await untilListening(port, child, logOf(child))
    return {
      url: `amqp://127.0.0.1:${port}`,
      pid: child.pid ?? 0,
      async stop() {
        await endProcess(child, 'SIGTERM', 20_000)
        await endProcess(epmd, 'SIGTERM')
      },
    }
  },
}
