import { expect, test } from 'vitest'
import type { Answer, TestWorld } from '../test-support/world.ts'
import {
  CLIENT_ID, CLIENT_SECRET, installUiApp, registerUiApp, send, startTestPortal, startWorld,
} from '../test-support/world.ts'

const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' }

/** A browser of a kind: keeps the cookies, follows nothing by itself. */
class Visitor {
  readonly #url: string
  readonly #cookies = new Map<string, string>()

  constructor({ portal }: Pick<TestWorld, 'portal'>, query = `client_id=${CLIENT_ID}&state=a%26b`) {
    this.#url = `${portal.url}/oauth/authorize/?${query}`
  }

  open(language = 'en'): Promise<Answer> {
    return this.#send({ headers: { 'Accept-Language': language, Cookie: this.#cookie() } })
  }

  press(form: Record<string, string>): Promise<Answer> {
    return this.#send({ method: 'POST', headers: { ...FORM, Cookie: this.#cookie() }, body: new URLSearchParams(form) })
  }

  /** The consent's proof, from the page that asks for it. */
  async proof(): Promise<string> {
    return /name="allow" value="([0-9a-f]+)"/.exec(textOf(await this.open()))?.[1] ?? ''
  }

  #cookie(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  async #send(init: RequestInit): Promise<Answer> {
    const answer = await send(this.#url, init)
    for (const cookie of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      this.#cookies.set(name, value)
    }
    return answer
  }
}

function textOf({ body }: Answer): string {
  return String(body['text'])
}

function redeem({ portal }: Pick<TestWorld, 'portal'>, code: string, client = CLIENT_ID): Promise<Answer> {
  const query = { grant_type: 'authorization_code', client_id: client, client_secret: CLIENT_SECRET, code }
  return send(`${portal.oauthUrl}/oauth/token/?${new URLSearchParams(query)}`)
}

test('a user logs in, consents and goes back to the app with a code; the second time nothing is asked', async () => {
  const world = await startWorld()
  await installUiApp(world)
  const visitor = new Visitor(world, `client_id=${CLIENT_ID}&state=a%26b&redirect_uri=http://evil.example/&response_type=code`)
  const login = await visitor.open()
  expect(login.status).toBe(200)
  expect(textOf(login)).toMatch(/Emil Novak.*employee/s)
  expect(await visitor.press({ login: '2' })).toMatchObject({ status: 303 })
  const consent = await visitor.open()
  expect(textOf(consent)).toMatch(/<strong>Example<\/strong>.*<code>imopenlines<\/code>.*<code>crm<\/code>.*Emil Novak/s)
  expect(consent.headers.get('cache-control')).toBe('no-store')
  const allowed = await visitor.press({ allow: await visitor.proof() })
  expect(allowed.status).toBe(302)
  const target = new URL(allowed.headers.get('location') ?? '')
  expect(target.origin + target.pathname).toBe(`${world.receiver.url}/oauth`)
  expect(target.searchParams.get('state')).toBe('a&b')
  expect((await redeem(world, target.searchParams.get('code') ?? '')).body).toMatchObject({ user_id: 2 })
  expect((await visitor.open()).status).toBe(302)
})

test('another scope on the card, another installation and another user are asked again', async () => {
  const world = await startWorld()
  await installUiApp(world)
  const visitor = new Visitor(world)
  const consent = async (login: string): Promise<number> => {
    await visitor.press({ login })
    const before = (await visitor.open()).status
    await visitor.press({ allow: await visitor.proof() })
    return before
  }
  expect([await consent('1'), await consent('1'), await consent('2')]).toEqual([200, 302, 200])
  world.portal.control.registerApp({ name: 'Example', kind: 'local', client_id: CLIENT_ID, scope: ['crm', 'task'] })
  expect(await consent('2')).toBe(200)
  world.portal.control.uninstall(CLIENT_ID, { clean: false })
  await world.portal.control.install(CLIENT_ID)
  expect(await consent('2')).toBe(200)
})

test('no page but the portal\'s own can consent, and a refusal stays on the portal', async () => {
  const world = await startWorld()
  await installUiApp(world)
  const visitor = new Visitor(world)
  expect(await visitor.press({ allow: 'x' })).toMatchObject({ status: 303 })
  await visitor.press({ login: '1' })
  const proofOfAnna = await visitor.proof()
  await visitor.press({ login: '2' })
  for (const form of [{ allow: 'x' }, { allow: proofOfAnna }, {}, { deny: '1' }]) {
    const answer = await visitor.press(form)
    expect([answer.status, answer.headers.get('location')]).toEqual([403, null])
  }
  expect(textOf(await visitor.press({ deny: '1' }))).toContain('You refused.')
  expect((await visitor.press({ login: '99' })).status).toBe(403)
  await visitor.press({ logout: '1' })
  expect(textOf(await visitor.open())).toContain('Who are you?')
})

test.each([
  ['client_id=nobody', 'Application not found'],
  ['', 'Application not found'],
  [`client_id=${CLIENT_ID}`, 'Application not installed'],
  [`client_id=${CLIENT_ID}&user_id=99`, 'Application not installed'],
])('%s ends on a page of the portal', async (query, text) => {
  const world = await startWorld()
  registerUiApp(world)
  const answer = await new Visitor(world, query).open()
  expect([answer.status, answer.headers.get('location')]).toEqual([403, null])
  expect(textOf(answer)).toContain(text)
})

test.each([
  ['user_id=99', 'Unable to authorize user'], ['user_id=x', 'Unable to authorize user'],
  ['response_type=token', 'response_type'], ['scope=crm,telephony', 'not on its card'],
])('with the app installed, %s is refused', async (query, text) => {
  const world = await startWorld()
  await installUiApp(world)
  expect(textOf(await new Visitor(world, `client_id=${CLIENT_ID}&${query}`).open())).toContain(text)
})

test('pages speak the language of the browser or the one that was chosen, and escape names', async () => {
  const world = await startWorld()
  world.portal.control.registerApp({ name: '<b>x', kind: 'local', client_id: CLIENT_ID, scope: ['crm', '__proto__'] })
  await world.portal.control.install(CLIENT_ID)
  const visitor = new Visitor(world)
  expect(textOf(await visitor.open('ru-RU,ru'))).toContain('<html lang="ru">')
  expect(textOf(await visitor.open('de'))).toContain('<html lang="en">')
  await visitor.press({ language: 'ru' })
  await visitor.press({ login: '1' })
  const consent = textOf(await visitor.open('en'))
  expect(consent).toContain('Разрешить')
  expect(consent).toContain('&#60;b&#62;x')
  expect(consent).not.toContain('<b>x')
})

test('without a redirect_uri six digits are shown, good once, for that app and for five minutes', async () => {
  const world = await startWorld()
  for (const client_id of [CLIENT_ID, 'local.other']) {
    world.portal.control.registerApp({ name: 'Tool', kind: 'local', client_id, client_secret: CLIENT_SECRET })
    await world.portal.control.install(client_id)
  }
  const digits = async (): Promise<string> => {
    const page = await new Visitor(world, `client_id=${CLIENT_ID}&user_id=2`).open()
    return /<code>(\d{6})<\/code>/.exec(textOf(page))?.[1] ?? ''
  }
  const code = await digits()
  expect(await redeem(world, code, 'local.other')).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
  expect((await redeem(world, code)).body).toMatchObject({ user_id: 2 })
  expect(await redeem(world, code)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
  const late = await digits()
  await world.clock.advance(300_000)
  expect(await redeem(world, late)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
})

test('a login is good on its own portal only', async () => {
  const world = await startWorld()
  await installUiApp(world)
  const other = await startTestPortal({ seed: 'other' })
  const cookie = (await new Visitor(world).press({ login: '1' })).headers.get('set-cookie') ?? ''
  other.control.registerApp({ name: 'Example', kind: 'local', client_id: CLIENT_ID })
  await other.control.install(CLIENT_ID)
  const answer = await send(`${other.url}/oauth/authorize/?client_id=${CLIENT_ID}`, { headers: { Cookie: cookie } })
  expect(textOf(answer)).toContain('Who are you?')
})
