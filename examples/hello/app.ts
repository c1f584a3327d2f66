import { defineApp } from 'portline'

const app = defineApp({
  name: 'hello',
  connectors: [{ id: 'portline_hello', name: 'Hello from Portline' }],
})

app.on('ONAPPINSTALL', async ({ event, installation, b24, note }) => {
  const profile = await b24.actions.v2.call.make<{ NAME: string }>({ method: 'profile' })
  note(`installed version ${event.data.VERSION} on ${installation.domain}, speaking as ${profile.getData()?.result.NAME}`)
})

app.on('ONAPPUPDATE', ({ event, note }) => {
  note(`updated from version ${event.data.PREVIOUS_VERSION} to ${event.data.VERSION}`)
})

app.on('ONAPPUNINSTALL', ({ event, note }) => {
  note(event.data.CLEAN === '1' ? 'goodbye, and everything is forgotten' : 'goodbye, see you again')
})

app.on('ONIMCONNECTORSTATUSDELETE', ({ event, note }) => {
  note(`connector ${event.data.connector} no longer serves line ${event.data.line}`)
})

export default app
