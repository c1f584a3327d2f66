import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadApp } from './load-app.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portline-app-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function write(content: object): Promise<string> {
  const file = join(folder, 'app.json')
  await writeFile(file, JSON.stringify(content))
  return file
}

const http = { url: 'https://shop.example/hook', secretEnv: 'SHOP_SECRET' }
const ENV = { SHOP_SECRET: `whsec_${Buffer.alloc(32, 1).toString('base64')}` }

test('an app file is an app whose events go to its destination', async () => {
  const file = await write({ name: 'shop', events: ['ONCRMDEALADD', 'ONCRMLEADADD'], destination: { http: { ...http, timeoutMs: 9_000 } } })
  const app = await loadApp(file, ENV)
  expect(app).toMatchObject({ name: 'shop', codes: ['ONCRMDEALADD', 'ONCRMLEADADD'] })
  for (const code of app.codes) {
    expect(app.handlerOf(code)).toMatchObject({ kind: 'destination', destination: { name: http.url }, policy: { timeoutMs: 9_000 } })
  }
})

test('an app file is refused for what is wrong in it, its secret is read from the environment alone', async () => {
  const app = { name: 'shop', events: ['ONCRMDEALADD'], destination: { http } }
  await expect(loadApp(await write(app), {})).rejects.toMatchObject({ code: 'APP_FILE_INVALID', message: expect.stringContaining('SHOP_SECRET') as string })
  await expect(loadApp(await write({ ...app, name: 'My Shop' }), ENV)).rejects.toMatchObject({ code: 'APP_DEFINITION_INVALID' })
  await expect(loadApp(await write({ ...app, connectors: [{ id: 'My.Chat' }] }), ENV)).rejects.toMatchObject({ code: 'APP_DEFINITION_INVALID' })
  await expect(loadApp(join(folder, 'none.json'), ENV)).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
})
