import { appendFileSync } from 'node:fs'
import { defineApp } from 'portline'
import { startAppSide } from 'portline/serve/start-app-side.ts'

// A file that may not grow ends the process unless somebody listens; then the write fails, as on a full disk.
process.on('SIGXFSZ', () => {})

/** An app side to be killed: its handler writes what it was handed into a file, and `ready <url>` goes to stdout. */
const [dataDir = '', port = '0', authServers = '', handledFile = '', formerKeyRestMs] = process.argv.slice(2)

const app = defineApp({ name: 'crash' }).on('ONAPPTEST', ({ event, installation }) => {
  appendFileSync(handledFile, `${installation.memberId} ${event.id}\n`)
  // A failed attempt there is only where a kill has hit one event again and again.
}, { retryDelaysMs: [1_000, 5_000, 10_000] })

const { url } = await startAppSide({
  apps: [{ app, clientId: 'app.crash', clientSecret: 'crash secret' }],
  host: '127.0.0.1',
  port: Number(port),
  dataDir,
  authServers: authServers.split(','),
  ...(formerKeyRestMs === undefined ? {} : { formerKeyRestMs: Number(formerKeyRestMs) }),
})
process.stdout.write(`ready ${url}\n`)
