import { defineApp } from 'portline'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openBrowser, problemsOf } from './support/browser.ts'
import { installApp, openHouse, until } from './support/house.ts'
import type { House } from './support/house.ts'

/** The plain page in a real Chromium, over a real app side. */
let house: House
let browser: Browser
let page: Page
let problems: string[]

beforeAll(async () => {
  house = await openHouse({ app: defineApp({ name: 'shown', connectors: [{ id: 'shown_chat', name: 'Shown' }] }) })
  await installApp(house)
  browser = await openBrowser()
  page = await browser.newPage({ locale: 'en-US' })
  problems = problemsOf(page)
  await page.goto(house.side.url)
})
afterAll(async () => {
  await browser.close()
  await house.close()
})

test('shows the installation and its events', async () => {
  await page.getByText(house.portal.domain).first().waitFor()
  await page.getByText('ONAPPINSTALL').first().waitFor()
  await page.getByText('active').first().waitFor()
})

test('shows what happens while it is open', async () => {
  await house.portal.control.switchConnector(107, 'shown_chat', { active: true })
  await page.getByText(/shown_chat · line 107 · on/).waitFor()
  await house.portal.control.switchConnector(107, 'shown_chat', { active: false })
  await page.getByText('ONIMCONNECTORSTATUSDELETE').first().waitFor()
  await page.getByText(/shown_chat · line 107 · off/).waitFor()
})

test('an event opens by keyboard, with its data and attempts, and can be replayed', async () => {
  const row = page.locator('tr, li').filter({ hasText: 'ONIMCONNECTORSTATUSDELETE' }).filter({ hasText: 'done' }).first()
  await row.waitFor()
  const focusable = (await row.getAttribute('tabindex')) === null ? row.locator('button, a, [tabindex]').first() : row
  await focusable.focus()
  await page.keyboard.press('Enter')
  await page.getByText('"connector": "shown_chat"').waitFor()
  await page.getByRole('button', { name: 'Replay' }).click()
  await page.getByText('Attempt 2').first().waitFor()
  await page.keyboard.press('Escape')
})

test('what a stranger sends is shown as text, never run', async () => {
  await house.post({ event: 'ONAPPTEST', data: { X: '<img src=x onerror="document.title=1">' }, auth: { member_id: 'stranger', application_token: 'x' } })
  await page.getByText('stranger').first().waitFor()
  expect(await page.locator('img[src="x"]').count()).toBe(0)
  expect(await page.title()).not.toBe('1')
})

test('the app side\'s own install page, opened in the portal\'s frame, finishes the installation', async () => {
  house.portal.control.uninstall(house.clientId, { clean: false })
  await until(async () => ((await house.installation()).status === 'deleted' ? true : undefined), 'the uninstall')
  const portalPage = await browser.newPage({ locale: 'en-US' })
  await portalPage.goto(house.portal.url)
  await portalPage.getByRole('button', { name: 'Install', exact: true }).click()
  await until(() => (house.portal.control.app(house.clientId).installed ? true : undefined), 'installFinish')
  await until(async () => ((await house.installation()).status === 'active' ? true : undefined), 'ONAPPINSTALL')
  expect(await house.installation()).toMatchObject({ generation: 2, accounts: [{ state: 'live' }] })
  await portalPage.close()
})

test('speaks Russian when asked, fits a phone, and leaves no error in the console', async () => {
  await page.getByRole('button', { name: 'RU' }).click()
  await page.locator('html[lang="ru"]').waitFor({ state: 'attached' })
  await page.setViewportSize({ width: 360, height: 740 })
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360)
  expect(problems).toEqual([])
})
