import { defineApp } from 'portline'
import type { Browser, Page } from 'playwright-core'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openBrowser, problemsOf } from './support/browser.ts'
import { openHouse } from './support/house.ts'
import type { House } from './support/house.ts'

/** The page where the operator API wants a token, in a real Chromium. */
let house: House
let browser: Browser
let page: Page
let problems: string[]

beforeEach(async () => {
  house = await openHouse({ app: defineApp({ name: 'guarded' }), side: { operatorToken: 'sesame' } })
  browser = await openBrowser()
  page = await browser.newPage({ locale: 'en-US' })
  problems = problemsOf(page)
})
afterEach(async () => {
  await browser.close()
  await house.close()
})

async function enter(token: string): Promise<void> {
  await page.getByLabel('Operator token').fill(token)
  await page.getByRole('button', { name: 'Continue' }).click()
}

const kept = (): Promise<unknown> => page.evaluate('sessionStorage.getItem("portline.operator-token")')

test('a token that cannot be sent is not kept: it is asked for again, and the right one opens the page', async () => {
  await page.goto(house.side.url)
  await page.getByText('Enter the PORTLINE_OPERATOR_TOKEN').waitFor()
  await enter('пароль')
  await page.getByText('That token was not accepted.').waitFor()
  expect(await kept()).toBeNull()
  await enter('sesame')
  await page.locator('#connection[data-state="live"]').waitFor()
  expect(await kept()).toBe('sesame')
})

test('one that this tab has kept from before is asked for anew', async () => {
  await page.addInitScript('sessionStorage.getItem("portline.operator-token") ?? sessionStorage.setItem("portline.operator-token", "пароль")')
  await page.goto(house.side.url)
  await page.getByText('Enter the PORTLINE_OPERATOR_TOKEN').waitFor()
  await enter('sesame')
  await page.locator('#connection[data-state="live"]').waitFor()
  // Chromium itself tells of the one answer that wanted a token.
  expect(problems.filter((text) => !text.includes('401'))).toEqual([])
})
