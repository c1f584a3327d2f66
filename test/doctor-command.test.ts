import { main } from '@portline/cli/main.ts'
import { defineApp } from 'portline'
import type { Diagnosis } from 'portline/doctor/doctor.ts'
import { afterEach, expect, test } from 'vitest'
import { installApp, openHouse } from './support/house.ts'
import type { House } from './support/house.ts'

/** What `portline doctor` says of the findings, and of what it cannot examine. */
const app = () => defineApp({ name: 'patient' }).on('ONAPPTEST', () => {})

let house: House | undefined
afterEach(async () => {
  await house?.close()
  house = undefined
})

async function open(): Promise<House> {
  house = await openHouse({ app: app() })
  await installApp(house)
  return house
}

async function portline({ side }: House, ...args: string[]): Promise<{ exitCode: number; out: string; err: string }> {
  const written = { out: '', err: '' }
  const output = {
    out: (text: string) => void (written.out += `${text}\n`),
    write: (text: string) => Promise.resolve(void (written.out += text)),
    err: (text: string) => void (written.err += `${text}\n`),
  }
  return { exitCode: await main(['doctor', ...args], { PORTLINE_URL: side.url }, output), ...written }
}

test('exit code 0 and one line when all is well, 1 with what to do when not', async () => {
  const opened = await open()
  const well = await portline(opened)
  expect([well.exitCode, well.out]).toEqual([0, expect.stringMatching(/^patient on 127\.0\.0\.1:\d+ \(\w+, active\): nothing wrong; the test event came\n$/)])
  opened.portal.control.payment(opened.clientId, { expired: true })
  const wrong = await portline(opened)
  expect(wrong.exitCode).toBe(1)
  expect(wrong.out).toMatch(/something is wrong\n {2}wrong {2}PAYMENT_EXPIRED: .*\n {9}seen: .*\n {9}do: /)
  expect(JSON.parse((await portline(opened, '--json', '--no-test-event')).out)).toMatchObject({ ok: false, testEvent: null, findings: [{ code: 'PAYMENT_EXPIRED' }] })
})

test('without any installation it says how to get one', async () => {
  house = await openHouse({ app: app() })
  expect(await portline(house)).toMatchObject({ exitCode: 1, err: expect.stringContaining('No portal has the app installed') as string })
})

test('an app or a portal that is unknown is named, with those that are known', async () => {
  const opened = await open()
  expect(await portline(opened, '--app', 'nope')).toMatchObject({
    exitCode: 1, out: '', err: expect.stringMatching(/^error NOT_FOUND: no portal has an app "nope" installed; installed here: patient\n/) as string,
  })
  expect(await portline(opened, '--portal', 'nope')).toMatchObject({
    exitCode: 1, out: '', err: expect.stringMatching(/^error NOT_FOUND: no installation on a portal "nope"/) as string,
  })
  const { err } = await portline(opened, '--app', 'patient', '--portal', 'nope', '--json')
  expect(JSON.parse(err)).toMatchObject({ error: 'NOT_FOUND' })
})

test('an installation of an app that does not run here is said to be one, and the others are examined', async () => {
  const opened = await open()
  const other = defineApp({ name: 'other' }).on('ONAPPTEST', () => {})
  await opened.restart(other)
  const alone = await portline(opened, '--no-test-event')
  expect([alone.exitCode, alone.out]).toEqual([0, expect.stringMatching(/^patient on 127\.0\.0\.1:\d+ \(\w+, active\): not running here\n {2}look {3}APP_NOT_RUNNING: /)])
  const base = `${opened.side.url}/apps/other`
  opened.portal.control.registerApp({
    name: 'other', kind: 'market', client_id: opened.clientId, client_secret: opened.clientSecret, ui: true, install_url: `${base}/install`, handler_url: `${base}/placement`,
  })
  await installApp(opened)
  const { out } = await portline(opened, '--no-test-event', '--json')
  const diagnoses = out.trimEnd().split('\n').map((line) => JSON.parse(line) as Diagnosis)
  expect(diagnoses.map((one) => [one.app, one.findings.map(({ code, level }) => `${code} ${level}`)])).toEqual([
    ['other', []], ['patient', ['APP_NOT_RUNNING look']],
  ])
})
