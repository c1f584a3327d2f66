import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sleep, systemClock } from '@portline/runtime/clock.ts'
import { connect } from 'amqplib'
import type { ChannelModel } from 'amqplib'

/** A real rabbitmq-server on loopback, with ports, data and a name of its own. */
export interface Broker {
  readonly url: string
  readonly port: number
  /** The same broker on the same data. */
  start(): Promise<void>
  /** kill -9. */
  kill(): Promise<void>
  /** Stops it from answering, as a machine that hangs does. */
  freeze(): void
  thaw(): void
  /** Runs rabbitmqctl against it. */
  ctl(...args: string[]): Promise<void>
  /** Ends it and takes its data away. */
  close(): Promise<void>
}

/** Debian's own start script is for root and the user rabbitmq alone; the one behind it is for everybody. */
const SERVERS = ['/usr/lib/rabbitmq/bin/rabbitmq-server', '/opt/homebrew/sbin/rabbitmq-server', '/usr/local/sbin/rabbitmq-server']

export async function startBroker(): Promise<Broker> {
  const server = process.env['RABBITMQ_SERVER'] ?? SERVERS.find(existsSync)
  if (server === undefined) throw new Error('there is no rabbitmq-server: npm test installs it, or set RABBITMQ_SERVER')
  const folder = await mkdtemp(join(tmpdir(), 'portline-broker-'))
  const [port = 0, distributionPort = 0, epmdPort = 0] = await freePorts(3)
  await writeFile(join(folder, 'rabbitmq.conf'), `listeners.tcp.1 = 127.0.0.1:${port}\nlog.console = false\n`)
  await writeFile(join(folder, 'enabled_plugins'), '[].')
  const env = {
    ...process.env,
    HOME: folder,
    ERL_EPMD_PORT: String(epmdPort),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_NODENAME: `portline-${port}@localhost`,
    RABBITMQ_DIST_PORT: String(distributionPort),
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
    RABBITMQ_CONF_ENV_FILE: '/dev/null',
    RABBITMQ_MNESIA_BASE: folder,
    RABBITMQ_LOG_BASE: folder,
    // The start script then becomes the server instead of watching over it: its pid is the server's.
    RABBITMQ_ALLOW_INPUT: '1',
  }
  const output = join(folder, 'output')
  const run = (command: string, args: readonly string[]): ChildProcess => {
    const script = 'out="$1"; shift; exec "$@" >>"$out" 2>&1 </dev/null'
    const child = spawn('/bin/sh', ['-c', script, 'sh', output, command, ...args], { env, stdio: 'ignore' })
    // Should a test run end without closing it.
    const onExit = (): void => void child.kill('SIGKILL')
    process.once('exit', onExit)
    child.once('exit', () => process.off('exit', onExit))
    return child
  }
  // Erlang's name server, which the broker would else start as a daemon that outlives it.
  const names = run('epmd', ['-port', String(epmdPort), '-address', '127.0.0.1'])
  let serving: ChildProcess | undefined

  const broker: Broker = {
    url: `amqp://guest:guest@127.0.0.1:${port}`,
    port,
    async start() {
      serving = run(server, ['-noinput'])
      await answering(broker.url, serving).catch(async (error: unknown) => {
        throw new Error(`${String(error)}\n${await readFile(output, 'utf8').catch(() => '')}`)
      })
    },
    kill: () => end(serving, 'SIGKILL'),
    freeze: () => void serving?.kill('SIGSTOP'),
    thaw: () => void serving?.kill('SIGCONT'),
    async ctl(...args) {
      const child = run(server.replace(/rabbitmq-server$/, 'rabbitmqctl'), ['-n', env.RABBITMQ_NODENAME, ...args])
      const code = await new Promise<number | null>((resolve) => {
        child.once('exit', resolve)
      })
      if (code !== 0) throw new Error(`rabbitmqctl ${args.join(' ')}: ${code}\n${await readFile(output, 'utf8')}`)
    },
    async close() {
      // Nothing of it is needed any more, and a kind stop takes seconds.
      await end(serving, 'SIGKILL')
      await end(names, 'SIGKILL')
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
  await broker.start().catch(async (error: unknown) => {
    await broker.close()
    throw error
  })
  return broker
}

const START_TRIES = 600
const TRY_EVERY_MS = 100

async function answering(url: string, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < START_TRIES; attempt++) {
    const model: ChannelModel | undefined = await connect(url).catch(() => undefined)
    if (model !== undefined) return await model.close()
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('rabbitmq-server ended')
    await sleep(systemClock, TRY_EVERY_MS)
  }
  throw new Error('rabbitmq-server does not answer')
}

async function end(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => {
    child.once('exit', resolve)
  })
  child.kill(signal)
  await ended
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => listening()))
  return await Promise.all(
    servers.map(async (server) => {
      const { port } = server.address() as AddressInfo
      await new Promise((resolve) => {
        server.close(resolve)
      })
      return port
    }),
  )
}

function listening(): Promise<ReturnType<typeof createServer>> {
  return new Promise((resolve) => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => resolve(server))
  })
}
