import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { call, field, last, send, startWorld } from '../test-support/world.ts'

const PAGE = readFileSync(new URL('../../../docs/portal/control.md', import.meta.url), 'utf8')
const CURL_LINE = /^ {4}curl -s (?:-X (?<method>POST) )?'?http:\/\/127\.0\.0\.1:4480(?<path>[^\s']+)'?(?: -d '(?<body>.+)')?$/

interface DocumentedCall {
  readonly method: string
  readonly path: string
  readonly body: string | undefined
}

test('every curl line of docs/portal/control.md works, in the order of the page', async () => {
  const { portal, receiver } = await startWorld({ queue: { maxDelayMs: 0 } })
  const statuses: string[] = []
  for (const { method, path, body } of documentedCalls()) {
    const given = body?.replaceAll('http://127.0.0.1:4400', receiver.url)
    const answer = await send(portal.url + path, { method, ...(given === undefined ? {} : { body: given }) })
    statuses.push(`${answer.status} ${path}`)
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

function documentedCalls(): DocumentedCall[] {
  const lines = PAGE.split('\n').filter((line) => line.includes('curl '))
  return lines.map((line) => {
    const { method, path, body } = CURL_LINE.exec(line)?.groups ?? {}
    if (path === undefined) throw new Error(`Not a line this test understands: ${line}`)
    return { path, body, method: method ?? (body === undefined ? 'GET' : 'POST') }
  })
}
