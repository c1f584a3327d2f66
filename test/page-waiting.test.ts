import { readdir } from 'node:fs/promises'
import { ERROR_TABLE } from '@portline/wire/errors.ts'
import { defineApp } from 'portline'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { openBrowser, problemsOf } from './support/browser.ts'
import { installApp, openHouse, until } from './support/house.ts'
import type { House } from './support/house.ts'

/** Why an event is where it is, and what can be done about it, as the page tells it. */
const DAY_MS = 86_400_000

let house: House
let browser: Browser
let page: Page
let problems: string[]
let failing: boolean

beforeAll(async () => void (browser = await openBrowser()))
afterAll(() => browser.close())

beforeEach(async () => {
  failing = true
  const app = defineApp({ name: 'patient' })
    .on('ONCRMDEALADD', () => {
      if (failing) throw new Error('the warehouse does not answer')
    }, { retryDelaysMs: [DAY_MS] })
    .on('ONCRMLEADADD', () => { throw new Error('no such lead') }, { retryDelaysMs: [] })
  house = await openHouse({ app })
})
afterEach(async () => {
  await page.close()
  await house.close()
})

async function open(locale = 'en-US'): Promise<void> {
  page = await browser.newPage({ locale })
  problems = problemsOf(page)
  await page.goto(house.side.url)
}

async function post(event: string): Promise<void> {
  const { application_token } = house.portal.control.app(house.clientId)
  const { status } = await house.post({ event, data: { FIELDS: { ID: '1' } }, ts: '1700000000', auth: { member_id: house.portal.memberId, application_token } })
  expect(status).toBe(200)
}

const row = (code: string) => page.locator('tbody tr').filter({ hasText: code })
const detail = () => page.getByRole('dialog')

async function openByKeyboard(code: string): Promise<void> {
  await row(code).getByRole('button').focus()
  await page.keyboard.press('Enter')
}

test('an event that waits for its next try says when that is, and is tried now by keyboard', async () => {
  await installApp(house)
  await open()
  await post('ONCRMDEALADD')
  await row('ONCRMDEALADD').getByText('HANDLER_FAILED').waitFor()
  await row('ONCRMDEALADD').getByText('Next attempt: ').waitFor()
  await openByKeyboard('ONCRMDEALADD')
  await detail().getByText('Next attempt').waitFor()
  await detail().getByText('the warehouse does not answer').waitFor()
  failing = false
  await detail().getByRole('button', { name: 'Retry now' }).focus()
  await page.keyboard.press('Enter')
  await detail().getByText('Attempt 2').first().waitFor()
  await detail().getByRole('button', { name: 'Replay' }).waitFor()
  expect(await detail().getByRole('button', { name: 'Retry now' }).count()).toBe(0)
  // The button that was pressed is gone; the keyboard is still in the dialog.
  expect(await page.evaluate(`document.getElementById('detail').contains(document.activeElement)`)).toBe(true)
  expect(await house.settled('ONCRMDEALADD')).toMatchObject({ state: 'done', attempts: 2, replayedAt: null })
  expect(problems).toEqual([])
})

test('one that stands behind another names it, leads to it, and cannot be tried before it', async () => {
  await installApp(house)
  await open()
  await post('ONCRMDEALADD')
  await row('ONCRMDEALADD').getByText('HANDLER_FAILED').waitFor()
  await post('ONCRMLEADADD')
  await row('ONCRMLEADADD').waitFor()
  await openByKeyboard('ONCRMLEADADD')
  const link = detail().getByRole('button', { name: /^ONCRMDEALADD 0/ })
  await link.waitFor()
  expect(await detail().getByRole('button', { name: 'Retry now' }).count()).toBe(0)
  await link.focus()
  await page.keyboard.press('Enter')
  await detail().getByRole('heading', { name: 'ONCRMDEALADD' }).waitFor()
  failing = false
  await detail().getByRole('button', { name: 'Retry now' }).click()
  await detail().getByRole('button', { name: 'Replay' }).waitFor()
  await page.keyboard.press('Escape')
  await row('ONCRMLEADADD').getByText('dead').waitFor()
})

test('one whose portal is blocked says so, and by whom', async () => {
  await installApp(house)
  await open()
  await fetch(`${house.side.url}/api/installations/patient/${house.portal.memberId}/block`, { method: 'POST' })
  await page.getByText('portline portals unblock', { exact: false }).first().waitFor()
  await post('ONCRMDEALADD')
  await openByKeyboard('ONCRMDEALADD')
  await detail().getByText('its portal, which is blocked').waitFor()
  await detail().getByText('PORTAL_BLOCKED').waitFor()
  await fetch(`${house.side.url}/api/installations/patient/${house.portal.memberId}/unblock`, { method: 'POST' })
  await detail().getByText('its portal, which is blocked').waitFor({ state: 'detached' })
})

test('a dead event tells its reason, where that comes from and what to do, in both languages', async () => {
  await installApp(house)
  await open('ru-RU')
  await post('ONCRMLEADADD')
  await row('ONCRMLEADADD').getByText('Событие не удалось столько раз, сколько разрешает расписание попыток.').waitFor()
  await openByKeyboard('ONCRMLEADADD')
  await detail().getByText('Устраните причину и обработайте событие заново.').waitFor()
  expect(await detail().getByRole('heading', { name: 'Попытка 1' }).textContent()).toMatch(/ошибка \d+\sмс,/)
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'EN' }).click()
  const { meaning, cause, todo } = ERROR_TABLE.ATTEMPTS_EXHAUSTED
  await row('ONCRMLEADADD').getByText(meaning).waitFor()
  await openByKeyboard('ONCRMLEADADD')
  for (const words of [meaning, cause, todo]) await detail().getByText(words).first().waitFor()
  expect(problems).toEqual([])
})

test('an app side that has received nothing says so, and loads without an error', async () => {
  await open()
  await page.getByText('Nothing has arrived yet.').waitFor()
  await page.getByText('No portal has installed an app yet.').waitFor()
  expect(problems).toEqual([])
})

test('each file of the page is served, and each Russian reason is one that exists', async () => {
  await open()
  const files = await readdir(new URL('../packages/app/serve/page/', import.meta.url))
  for (const file of files) expect([file, (await fetch(`${house.side.url}/${file === 'index.html' ? '' : file}`)).status]).toEqual([file, 200])
  const codes = await until(() => page.evaluate<string[]>(`import('/reasons-ru.js').then(({ REASONS_RU }) => Object.keys(REASONS_RU))`), 'the module')
  expect(codes.filter((code) => !Object.hasOwn(ERROR_TABLE, code))).toEqual([])
})
