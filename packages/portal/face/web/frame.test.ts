import type { Browser, FrameLocator, Page } from 'playwright-core'
import { chromium } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { VirtualClock } from '@portline/runtime/clock.ts'
import type { FrameApp } from '../../test-support/frame-app.ts'
import { startFrameApp } from '../../test-support/frame-app.ts'
import type { TestWorld } from '../../test-support/world.ts'
import { call, CLIENT_ID, CLIENT_SECRET, field, startWorld } from '../../test-support/world.ts'

/**
 * An app's pages in the portal's frame, in a real Chromium: once with the official SDK as it is published, once with the
 * portal's own script.
 */
const FLAGS = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
]
const TOKEN_LIFETIME_MS = 3_600_000

let browser: Browser
let page: Page
let world: TestWorld
let app: FrameApp
let problems: string[]

beforeAll(async () => {
  browser = await chromium.launch({ executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', args: FLAGS })
})
afterAll(() => browser.close())

beforeEach(async () => {
  world = await startWorld({ clock: new VirtualClock(Date.now()) })
  app = await startFrameApp(world.portal.url)
  page = await browser.newPage({ locale: 'en-US' })
  problems = []
  page.on('pageerror', (error) => void problems.push(error.message))
})
afterEach(async () => {
  await page.close()
  await app.stop()
})

function register(library: 'sdk' | 'bx24', card: object = {}): void {
  world.portal.control.registerApp({
    name: 'Framed', kind: 'local', client_id: CLIENT_ID, client_secret: CLIENT_SECRET, scope: ['placement', 'crm'],
    install_url: `${app.url}/${library}/install`, handler_url: `${app.url}/${library}/app`, ...card,
  })
}

/** What the app's page has shown under a name; waits for it. */
async function shown(name: string, where: Page | FrameLocator = page): Promise<unknown> {
  const out = where.frameLocator('#app-frame').locator('#out')
  const line = new RegExp(`^${name}=(.*)$`, 'm')
  await out.filter({ hasText: line }).waitFor({ timeout: 20_000 })
  return JSON.parse([...(await out.innerText()).matchAll(new RegExp(line, 'gm'))].at(-1)?.[1] ?? 'null')
}

function press(name: string, where: Page | FrameLocator = page): Promise<void> {
  return where.frameLocator('#app-frame').getByRole('button', { name, exact: true }).click()
}

/** From the portal's first page into the installer. */
async function startInstaller(): Promise<void> {
  await page.goto(world.portal.url)
  await page.getByRole('button', { name: 'Install', exact: true }).click()
  await page.waitForURL('**/marketplace/app/1/')
}

/** Installed without an installer page, its page opened by the administrator. */
async function openInstalled(library: 'sdk' | 'bx24'): Promise<void> {
  register(library, { install_url: undefined })
  await page.goto(world.portal.url)
  await page.getByRole('button', { name: 'Install', exact: true }).click()
  await page.getByRole('link', { name: 'Open', exact: true }).click()
}

function frameText(): Promise<string> {
  return page.frameLocator('#app-frame').locator('#out').innerText()
}

async function finishAndOpen(): Promise<void> {
  await press('finish')
  await page.waitForURL('**/marketplace/app/1/?install_finished=Y')
}

test('the unmodified SDK installs an app: init, REST, a renewal after the token ended, installFinish, ONAPPINSTALL', async () => {
  register('sdk')
  await startInstaller()
  expect(await shown('ready')).toBe(true)
  expect(await shown('init')).toEqual({
    install: true, firstRun: true, lang: 'en', admin: true, placement: 'DEFAULT', options: {}, slider: false,
    memberId: world.portal.memberId,
  })
  expect(await shown('profile')).toBe('Anna')
  expect(await shown('installed')).toBe(false)
  expect(await page.title()).toBe('Told by the app')
  expect(await page.locator('#layout').boundingBox()).toMatchObject({ width: 480, height: 520 })
  const [opened] = app.posts
  if (opened === undefined) throw new Error('The installer was not opened')
  expect(opened.query.get('DOMAIN')).toBe(world.portal.domain)
  expect(opened.form).toMatchObject({ member_id: world.portal.memberId, PLACEMENT: 'DEFAULT', AUTH_EXPIRES: '3600' })

  await world.clock.advance(TOKEN_LIFETIME_MS + 1_000)
  await press('call')
  expect(await shown('admin')).toBe(true)
  await press('refresh')
  expect(await shown('refreshed')).not.toBe(field(opened.form, 'AUTH_ID'))

  expect(world.portal.control.app(CLIENT_ID).installed).toBe(false)
  await finishAndOpen()
  expect(await shown('init')).toMatchObject({ install: false, firstRun: false })
  expect(await shown('installed')).toBe(true)
  await world.settle()
  const event = app.posts.find(({ path }) => path === '/events')
  expect(event?.form).toMatchObject({ event: 'ONAPPINSTALL', data: { INSTALLED: 'Y', ACTIVE: 'Y' }, auth: { user_id: '1' } })
  expect(problems).toEqual([])
})

test('the unmodified SDK runs batches, keeps options, chooses a user and learns what the place can do', async () => {
  await openInstalled('sdk')
  expect(await shown('ready')).toBe(true)
  await press('batch')
  expect(await shown('batch')).toBe('Anna')
  await press('option')
  expect(await shown('options')).toEqual(['blue', 'small', 'blue'])
  await press('place')
  expect(await shown('interface')).toEqual({ command: [], event: [] })
  await press('users')
  await page.getByRole('radio', { name: 'Emil Novak' }).check()
  await page.getByRole('button', { name: 'Choose' }).click()
  expect(await shown('user')).toEqual({ id: 2, name: 'Emil Novak' })
  await page.reload()
  expect(await shown('ready')).toBe(true)
  await press('option')
  expect(await shown('options')).toEqual(['blue', 'small', 'blue'])
  expect(problems).toEqual([])
})

test.each(['sdk', 'bx24'] as const)('a %s page opens another page of its app in a slider, which closes itself', async (library) => {
  await openInstalled(library)
  expect(await shown('ready')).toBe(true)
  await press('slide')
  const slider = page.frameLocator('#slider-frame')
  expect(JSON.stringify(await shown('init', slider))).toContain('"colour":"red","IFRAME":"Y"')
  expect(await page.locator('#slider-title').innerText()).toBe('Slid')
  await press('close', slider)
  await expect.poll(() => page.locator('#slider').isVisible()).toBe(false)
  await expect.poll(() => frameText()).toContain('closed=')
})

test.each(['sdk', 'bx24'] as const)('a bound place opens the %s page given for it, with its options', async (library) => {
  await openInstalled(library)
  expect(await shown('ready')).toBe(true)
  const auth = field(app.posts.at(-1)?.form ?? {}, 'AUTH_ID')
  const bound = await call(world.portal, 'placement.bind', {
    auth, PLACEMENT: 'CRM_DEAL_DETAIL_TAB', HANDLER: `${app.url}/${library}/place`, TITLE: 'Deal tab',
  })
  expect(bound.body).toMatchObject({ result: true })
  await page.goto(world.portal.url)
  await page.getByRole('link', { name: 'Deal tab' }).click()
  expect(await shown('ready')).toBe(true)
  await page.goto(`${page.url()}&PLACEMENT_OPTIONS=${encodeURIComponent('{"ID":"5"}')}`)
  expect(JSON.stringify(await shown('init'))).toMatch(/"placement":"CRM_DEAL_DETAIL_TAB","options":\{"ID":"5"\}/)
  expect(app.posts.at(-1)?.path).toBe(`/${library}/place`)
  await press('place')
  expect(await shown('interface')).toEqual({ command: ['reloadData'], event: [] })
})

test('a message counts only from the frame, from the origin of the app and with its APP_SID', async () => {
  await openInstalled('sdk')
  expect(await shown('ready')).toBe(true)
  const forge = (appSid: string): string => `parent.postMessage('setTitle:{"title":"Forged"}:x:${appSid}', '*')`
  const [frame] = page.frames().filter((one) => one.url().startsWith(app.url))
  const appSid = new URL(frame?.url() ?? '').searchParams.get('APP_SID') ?? ''
  // The page itself is of the portal's origin, not the app's.
  await page.evaluate(forge(appSid))
  await frame?.evaluate(forge('0'.repeat(32)))
  await frame?.evaluate(`parent.postMessage('constructor:{}:x:${appSid}', '*'); parent.postMessage('setTitle:{"title:x:${appSid}', '*')`)
  await press('call')
  expect(await shown('admin')).toBe(true)
  expect(await page.title()).toBe('Told by the app')
  await frame?.evaluate(forge(appSid))
  await expect.poll(() => page.title()).toBe('Forged')
})

test("the portal's own script does the same for a page written for BX24", async () => {
  register('bx24')
  await startInstaller()
  expect(await shown('first')).toBe(true)
  expect(await shown('bound')).toBe(true)
  await world.clock.advance(TOKEN_LIFETIME_MS + 1_000)
  await press('call')
  expect(await shown('admin')).toBe(true)
  await finishAndOpen()
  expect(await shown('ready')).toBe(true)
  expect(await shown('init')).toEqual({
    lang: 'en', admin: true, domain: world.portal.domain, info: { placement: 'DEFAULT', options: {} }, memberId: world.portal.memberId,
  })
  expect(await shown('installed')).toBe(true)
  await world.settle()
  expect(app.posts.filter(({ path }) => path === '/events')).toHaveLength(1)
  expect(problems).toEqual([])
})

test("an installer that only calls installFinish is done at once, and the app's page follows", async () => {
  register('bx24', { install_url: `${app.url}/bx24/finish` })
  await page.goto(world.portal.url)
  await page.getByRole('button', { name: 'Install', exact: true }).click()
  await page.waitForURL('**/marketplace/app/1/?install_finished=Y')
  expect(await shown('ready')).toBe(true)
  expect(world.portal.control.app(CLIENT_ID).installed).toBe(true)
})

test("the portal's own script runs batches, keeps options and chooses users", async () => {
  await openInstalled('bx24')
  expect(await shown('ready')).toBe(true)
  await press('batch')
  expect(await shown('batch')).toEqual(['Anna', 'ERROR_METHOD_NOT_FOUND'])
  await press('option')
  expect(await shown('options')).toEqual([{ colour: 'blue' }, 'blue', 'small'])
  await press('users')
  await page.getByRole('checkbox', { name: 'Anna Berg' }).check()
  await page.getByRole('checkbox', { name: 'Emil Novak' }).check()
  await page.getByRole('button', { name: 'Choose' }).click()
  expect(await shown('users')).toEqual([{ id: 1, name: 'Anna Berg' }, { id: 2, name: 'Emil Novak' }])
  await press('refresh')
  expect(await shown('refreshed')).not.toBe(field(app.posts.at(-1)?.form ?? {}, 'AUTH_ID'))
  world.portal.control.uninstall(CLIENT_ID, { clean: false })
  await press('refresh')
  await page.getByText('BAD_REQUEST The app is not installed').waitFor()
  expect(problems).toEqual([])
})

test('an employee opens the app for the first time: the handlers of install run, then those of init', async () => {
  await openInstalled('bx24')
  await page.goto(world.portal.url)
  await page.getByLabel('You are').selectOption({ label: 'Emil Novak' })
  await page.getByRole('button', { name: 'Switch' }).click()
  await page.getByRole('link', { name: 'Open', exact: true }).click()
  expect(await shown('first')).toBe(true)
  expect(await shown('init')).toMatchObject({ admin: false })
  expect(await shown('profile')).toBe('Emil')
  await page.reload()
  expect(await shown('ready')).toBe(true)
  expect(await frameText()).not.toContain('first=')
})

test('the first page shows deliveries as they happen, works by keyboard, fits a phone and leaves no error in the console', async () => {
  page.on('console', (message) => void (message.type() === 'error' && problems.push(message.text())))
  register('sdk', { install_url: undefined })
  await page.goto(world.portal.url)
  await page.getByText('Nothing has been sent yet.').waitFor()
  await page.getByRole('button', { name: 'Install', exact: true }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('link', { name: 'Open', exact: true }).focus()
  await page.keyboard.press('Enter')
  expect(await shown('ready')).toBe(true)
  const auth = field(app.posts.at(-1)?.form ?? {}, 'AUTH_ID')
  await call(world.portal, 'event.bind', { auth, event: 'ONAPPTEST', handler: `${app.url}/events` })
  await page.goBack()
  world.portal.control.fireEvent({ event: 'ONAPPTEST', client_id: CLIENT_ID, data: { QUERY: { X: '<img src=x>' } } })
  const event = page.locator('summary', { hasText: 'ONAPPTEST' })
  await event.focus()
  await page.keyboard.press('Enter')
  await page.getByText('data[QUERY][X] = <img src=x>').waitFor()
  await world.settle()
  await page.locator('td.outcome', { hasText: '200' }).waitFor()
  expect(await page.locator('details[open] summary', { hasText: 'ONAPPTEST' }).count()).toBe(1)
  await page.getByRole('button', { name: 'RU' }).click()
  await page.locator('html[lang="ru"]').waitFor({ state: 'attached' })
  await page.setViewportSize({ width: 360, height: 740 })
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360)
  expect(problems).toEqual([])
})
