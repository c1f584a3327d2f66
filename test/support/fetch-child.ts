import { appendFileSync } from 'node:fs'
import { defineApp } from 'portline'
import { startAppSide } from 'portline/serve/start-app-side.ts'

/** An app side to be killed that fetches its events: its handler writes the deal's id into a file, and `ready <url>` goes to stdout. */
const [dataDir = '', port = '0', authServer = '', handledFile = ''] = process.argv.slice(2)

const app = defineApp({ name: 'fetcher' }).on('ONCRMDEALUPDATE', ({ event }) => appendFileSync(handledFile, `${event.data.FIELDS.ID}\n`), { offline: true })

const { url } = await startAppSide({
  apps: [{ app, clientId: 'app.fetcher', clientSecret: 'fetch secret' }], host: '127.0.0.1', port: Number(port), dataDir, authServers: [authServer],
})
process.stdout.write(`ready ${url}\n`)
