import { defineApp } from 'portline'
import { httpEndpoint } from 'portline/destinations/http-endpoint.ts'

/** An app that does all that an app can do with its secrets near: calls that fail, handlers that throw, a destination, fetched events. */
const { HOOK_URL = '', HOOK_SECRET = '' } = process.env

const app = defineApp({ name: 'secretive', connectors: [{ id: 'secretive_chat', name: 'Secretive' }] })

app.on('ONAPPINSTALL', async ({ b24, note, installation }) => {
  const profile = await b24.actions.v2.call.make<{ NAME: string }>({ method: 'profile' })
  note(`installed on ${installation.domain} by ${profile.getData()?.result.NAME}`)
})
app.on('ONAPPTEST', async ({ b24 }) => {
  await b24.actions.v2.call.make({ method: 'no.such.method' })
}, { retryDelaysMs: [0] })
app.on('ONAPPPAYMENT', ({ event, installation }) => {
  throw new Error(`no money: ${JSON.stringify({ event, installation })}`)
}, { retryDelaysMs: [] })
app.on('ONUSERADD', httpEndpoint({ url: HOOK_URL, secret: HOOK_SECRET, allowPrivate: ['127.0.0.1'] }), { retryDelaysMs: [0] })
app.on('ONCRMDEALUPDATE', ({ event, note }) => note(`deal ${event.data.FIELDS.ID}`), { offline: true })

export default app
