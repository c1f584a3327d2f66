import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineApp } from 'portline'
import { LIST_MAX_ROWS } from 'portline/limits.ts'
import { startAppSide } from 'portline/serve/start-app-side.ts'
import type { AppSide } from 'portline/serve/start-app-side.ts'
import { STORE_FILE } from 'portline/store/sqlite/store-file.ts'
import { openSqliteStore } from 'portline/store/sqlite/sqlite-store.ts'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openBrowser, problemsOf } from './support/browser.ts'

/** The page of an app side with more portals than one answer of the operator API holds. */
const PORTALS = LIST_MAX_ROWS + 3

let dataDir: string
let side: AppSide
let browser: Browser

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'portline-many-'))
  const store = await openSqliteStore(join(dataDir, STORE_FILE))
  for (let n = 0; n < PORTALS; n++) {
    const domain = `portal-${n}.example`
    await store.saveInstallation({
      app: 'many', memberId: `member-${n}`, status: 'deleted', generation: 1, domain, clientEndpoint: `https://${domain}/rest/`,
      serverEndpoint: 'https://oauth.example/rest/', updatedAtMs: n,
    })
  }
  await store.close()
  side = await startAppSide({
    apps: [{ app: defineApp({ name: 'many' }), clientId: 'many', clientSecret: 'many secret' }], host: '127.0.0.1', port: 0, dataDir, authServers: ['http://127.0.0.1:9'],
  })
  browser = await openBrowser()
})
afterAll(async () => {
  await browser.close()
  await side.stop()
  await rm(dataDir, { recursive: true })
})

test('the portals that changed last are shown first, and the others when they are asked for', async () => {
  const page = await browser.newPage({ locale: 'en-US' })
  const problems = problemsOf(page)
  await page.goto(side.url)
  const cards = page.locator('#installations-list > li')
  await cards.first().waitFor()
  expect([await cards.count(), await page.locator('#installations-count').textContent()]).toEqual([LIST_MAX_ROWS, `${LIST_MAX_ROWS}+`])
  expect(await cards.first().getByRole('heading').textContent()).toBe(`portal-${PORTALS - 1}.example`)
  const more = page.getByRole('button', { name: 'More installations' })
  await more.focus()
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'portal-0.example' }).waitFor()
  expect([await cards.count(), await page.locator('#installations-count').textContent(), await more.count()]).toEqual([PORTALS, String(PORTALS), 0])
  expect(await page.evaluate('document.activeElement.id')).toBe('events')
  expect(problems).toEqual([])
})
