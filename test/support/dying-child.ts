import { appendFileSync, closeSync } from 'node:fs'
import { defineApp } from 'portline'
import { startAppSide } from 'portline/serve/start-app-side.ts'

/** An app side whose handler ends the process when the event says so. `ready <url>` goes to stdout. */
const [dataDir = '', port = '0', authServers = '', handledFile = ''] = process.argv.slice(2)

const SLOW_MS = 150
const STDERR = 2

const app = defineApp({ name: 'crash' }).on('ONAPPTEST', async ({ event, installation }) => {
  const wish = wishOf(event.data)
  appendFileSync(handledFile, `${installation.memberId} ${event.id} ${wish}\n`)
  if (wish === 'exit') process.exit(9)
  if (wish === 'slow') await new Promise((resolve) => setTimeout(resolve, SLOW_MS))
  if (wish !== 'throw') return
  setImmediate(() => {
    // Its last words are no news to whoever runs the tests.
    closeSync(STDERR)
    throw new Error('nobody can catch this')
  })
  await new Promise(() => {})
}, { retryDelaysMs: [5, 5, 5, 5, 5, 5] })

function wishOf(data: unknown): string {
  return typeof data === 'object' && data !== null && 'WISH' in data ? String(data.WISH) : ''
}

const { url } = await startAppSide({
  apps: [{ app, clientId: 'app.crash', clientSecret: 'crash secret' }], host: '127.0.0.1', port: Number(port), dataDir, authServers: authServers.split(','),
})
process.stdout.write(`ready ${url}\n`)
