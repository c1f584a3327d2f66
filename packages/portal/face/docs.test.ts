import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Portal } from '../start-portal.ts'
import { call, field, last, send, startWorld } from '../test-support/world.ts'

const PAGE = readFileSync(new URL('../../../docs/portal/control.md', import.meta.url), 'utf8')
const CURL_LINE = /^ {4}curl -s (?:-X (?<method>[A-Z]+) )?'?http:\/\/127\.0\.0\.1:4480(?<path>[^\s']+)'?(?: > portal\.json)?(?: -d '?(?<body>.+?)'?)?$/

interface DocumentedCall {
  readonly method: string
  readonly path: string
  readonly body: string | undefined
}

test('every curl line of docs/portal/control.md works, in the order of the page', async () => {
  const { portal, receiver } = await startWorld({ queue: { maxDelayMs: 0 } })
  const statuses: string[] = []
  let saved = ''
  for (const { method, path, body } of documentedCalls()) {
    const given = body === '@portal.json' ? saved : body?.replaceAll('http://127.0.0.1:4400', receiver.url)
    const answer = await send(portal.url + path, { method, ...(given === undefined ? {} : { body: given }) })
    statuses.push(`${answer.status} ${path}`)
    if (path === '/control/state' && method === 'GET') saved = JSON.stringify(answer.body)
    if (path.endsWith('/connectors/demo_chat') && body?.includes('true')) {
      await receiveMessage(portal, field(last(receiver).form, 'AUTH_ID'))
    }
    // What the app itself has to do: register its connector in the installer.
    if (path.endsWith('/install')) {
      const auth = field(last(receiver).form, 'AUTH_ID')
      await call(portal, 'imconnector.register', {
        auth, ID: 'demo_chat', NAME: 'Demo', ICON: { DATA_IMAGE: 'data:,' }, PLACEMENT_HANDLER: `${receiver.url}/settings`,
      })
    }
  }
  expect(statuses.length).toBeGreaterThan(18)
  expect(statuses.filter((status) => !/^20[01] /.test(status))).toEqual([])
})

/** What the settings page has to do, and a first message from the site, which makes the chat of the lines that follow. */
async function receiveMessage(portal: Portal, auth: string): Promise<void> {
  const channel = { auth, CONNECTOR: 'demo_chat', LINE: 107 }
  await call(portal, 'imconnector.activate', { ...channel, ACTIVE: 1 })
  await call(portal, 'imconnector.connector.data.set', { ...channel, DATA: { ID: 'site' } })
  const message = { user: { id: 'v1', name: 'Eve' }, message: { id: 'm1', text: 'Hello' }, chat: { id: 'site' } }
  await call(portal, 'imconnector.send.messages', { ...channel, MESSAGES: [message] })
}

function documentedCalls(): DocumentedCall[] {
  const lines = PAGE.split('\n').filter((line) => line.includes('curl '))
  return lines.map((line) => {
    const { method, path, body } = CURL_LINE.exec(line)?.groups ?? {}
    if (path === undefined) throw new Error(`Not a line this test understands: ${line}`)
    return { path, body, method: method ?? (body === undefined ? 'GET' : 'POST') }
  })
}
