import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { FAULT_PLACES_BY_NAME } from './faults/table.ts'
import { startTestPortal } from './test-support/world.ts'

function read(path: string): string {
  return readFileSync(new URL(path, import.meta.url), 'utf8')
}

test('the example of docs/portal/test-kit.md is the one that runs as a test, to the letter', () => {
  const example = /```ts\n(.+?)```/s.exec(read('../../docs/portal/test-kit.md'))?.[1]
  expect(example).toBe(read('test-kit-example.test.ts'))
})

test('docs/portal/faults.md has a row for every fault, with the places it can strike', () => {
  const table = read('../../docs/portal/faults.md').split('## The faults')[1] ?? ''
  const rows = [...table.matchAll(/^\| `(\w+)` \| ([^|]+) \|/gm)]
  const documented = Object.fromEntries(rows.map(([, name, places]) => [name, places?.split(',').map((place) => place.trim())]))
  expect(documented).toEqual(FAULT_PLACES_BY_NAME)
})

test('await using stops the portal: its ports are free afterwards', async () => {
  let [url, oauthUrl] = ['', '']
  {
    await using portal = await startTestPortal({})
    url = portal.url
    oauthUrl = portal.oauthUrl
    expect((await fetch(`${url}/control/portal`)).status).toBe(200)
  }
  for (const address of [`${url}/control/portal`, `${oauthUrl}/rest/app.info`]) await expect(fetch(address)).rejects.toThrow()
})
