import type { Browser, Page } from 'playwright-core'
import { chromium } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TestWorld } from '../test-support/world.ts'
import { CLIENT_ID, CLIENT_SECRET, installUiApp, send, startWorld } from '../test-support/world.ts'

/** The pages in a real Chromium, worked by keyboard, in both languages and both colour schemes. */
const FLAGS = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
]

let browser: Browser

beforeAll(async () => {
  browser = await chromium.launch({ executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', args: FLAGS })
})
afterAll(() => browser.close())

interface Look {
  readonly locale: string
  readonly colorScheme: 'light' | 'dark'
  readonly loginTitle: string
  readonly allow: string
  /** Channels of the ground, from dark to light. */
  readonly ground: RegExp
}

async function open({ portal }: TestWorld, { locale, colorScheme }: Look): Promise<{ page: Page; problems: string[] }> {
  const page = await (await browser.newContext({ locale, colorScheme, viewport: { width: 390, height: 700 } })).newPage()
  const problems: string[] = []
  page.on('console', (message) => void (message.type() === 'error' && problems.push(message.text())))
  page.on('pageerror', (error) => void problems.push(error.message))
  await page.goto(`${portal.url}/oauth/authorize/?client_id=${CLIENT_ID}&state=from+the+app`)
  return { page, problems }
}

test.each<Look>([
  { locale: 'en-GB', colorScheme: 'light', loginTitle: 'Who are you?', allow: 'Allow', ground: /^rgb\(2/ },
  { locale: 'ru-RU', colorScheme: 'dark', loginTitle: 'Кто вы?', allow: 'Разрешить', ground: /^rgb\(16/ },
])('from the login to the app by keyboard alone: $locale, $colorScheme', async (look) => {
  const world = await startWorld()
  await installUiApp(world)
  const { page, problems } = await open(world, look)
  expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe(look.loginTitle)
  expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toMatch(look.ground)
  expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
  // Anna, then Emil.
  await page.keyboard.press('Tab')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: look.allow }).waitFor()
  expect(await page.locator('main').innerText()).toContain('Emil Novak')
  await page.keyboard.press('Tab')
  expect(await page.evaluate('document.activeElement.textContent')).toBe(look.allow)
  await page.keyboard.press('Enter')
  await page.waitForURL(`${world.receiver.url}/**`)
  const target = new URL(page.url())
  expect([...target.searchParams.keys()]).toEqual(['code', 'state', 'domain', 'member_id', 'scope', 'server_domain'])
  expect(target.searchParams.get('state')).toBe('from the app')
  const code = target.searchParams.get('code') ?? ''
  const grant = { grant_type: 'authorization_code', client_id: CLIENT_ID, client_secret: CLIENT_SECRET, code }
  const tokens = await send(`${world.portal.oauthUrl}/oauth/token/?${new URLSearchParams(grant)}`)
  expect(tokens.body).toMatchObject({ user_id: 2, member_id: world.portal.memberId })
  expect(problems).toEqual([])
  await page.context().close()
})

test('refusing stays on the portal, in the language that was chosen meanwhile', async () => {
  const world = await startWorld()
  await installUiApp(world)
  const before = world.receiver.received.length
  const { page } = await open(world, { locale: 'en-GB', colorScheme: 'light', loginTitle: '', allow: '', ground: /./ })
  await page.getByRole('button', { name: 'Anna Berg' }).click()
  await page.getByRole('button', { name: 'Русский' }).click()
  await page.getByRole('button', { name: 'Отказать' }).click()
  await page.getByRole('heading', { name: 'Доступ не предоставлен' }).waitFor()
  expect(new URL(page.url()).origin).toBe(world.portal.url)
  expect(world.receiver.received).toHaveLength(before)
  await page.context().close()
})
