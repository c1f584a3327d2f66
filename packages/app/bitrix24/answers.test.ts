import { createServer } from 'node:http'
import type { Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { systemClock } from '@portline/runtime/clock.ts'
import { afterEach, expect, test } from 'vitest'
import { installation } from '../store/battery-parts.ts'
import type { TokenKeeper } from '../tokens/token-keeper.ts'
import { AttemptRecorder, currentAttempt } from './call-recorder.ts'
import { callRest } from './call-rest.ts'
import { wordsOf } from './portal-words.ts'
import { createRestClients } from './rest-clients.ts'

/** A portal may be anybody's server: its answers cost us a bounded time and room, and nothing of them shows a token. */
const TOKEN = '5505026b00000001000000010000000100010'
let portal: Server
afterEach(() => {
  portal.closeAllConnections()
  portal.close()
})

async function call(answer: (response: ServerResponse) => void, clock = systemClock): Promise<unknown> {
  portal = createServer((request, response) => {
    request.resume().on('end', () => {
      response.setHeader('content-type', 'application/json')
      answer(response)
    })
  })
  await new Promise<void>((resolve) => portal.listen(0, '127.0.0.1', resolve))
  const clientEndpoint = `http://127.0.0.1:${(portal.address() as AddressInfo).port}/rest/`
  const clients = createRestClients({
    // A visit brings its token along: nobody is asked for one.
    tokens: {} as TokenKeeper,
    credentialsOf: () => ({ clientId: 'app.test', clientSecret: 'secret' }), clock, currentOf: () => undefined,
    limits: { callMs: 300, maxBytes: 100_000 },
  })
  const b24 = await clients.ofVisit(installation({ clientEndpoint }), { accessToken: TOKEN, refreshToken: '', expiresAtMs: Date.now() + 3_600_000 })
  return callRest(b24, 'app.info')
}

test('an answer that comes byte by byte and never ends is given up', async () => {
  await expect(call((response) => {
    response.write('{"result":"')
    const drops = setInterval(() => response.write('a'), 20)
    response.on('close', () => clearInterval(drops))
  })).rejects.toMatchObject({ code: 'REST_FAILED' })
})

test('an answer that is larger than any is given up before it is read', async () => {
  let wrote = 0
  await expect(call((response) => {
    const chunk = 'a'.repeat(50_000)
    response.write('{"result":"')
    const more = (): void => {
      wrote += chunk.length
      if (wrote > 100_000_000) response.end('"}')
      else response.write(chunk, () => more())
    }
    more()
  })).rejects.toMatchObject({ code: 'REST_FAILED', message: expect.stringContaining('maxContentLength') as string })
  expect(wrote).toBeLessThan(100_000_000)
})

test('a portal that puts our token into its error does not put it into ours', async () => {
  const failure = await call((response) => {
    response.writeHead(400)
    response.end(JSON.stringify({ error: `NO_${TOKEN}`, error_description: `${TOKEN} is not welcome, ${TOKEN}` }))
  }).catch((error: unknown) => error)
  expect(failure).toMatchObject({ code: 'REST_FAILED', message: expect.stringContaining('is not welcome') as string })
  expect(`${String(failure)} ${JSON.stringify(failure)} ${(failure as Error).message}`).not.toContain(TOKEN)
})

test('nor does one whose errors have the form of the third version', async () => {
  const failure = await call((response) => {
    response.writeHead(400)
    response.end(JSON.stringify({ error: { code: `NO_${TOKEN}`, message: `${TOKEN} is not welcome` } }))
  }).catch((error: unknown) => error)
  expect(failure).toMatchObject({ code: 'REST_FAILED', message: expect.stringContaining('is not welcome') as string })
  expect(`${String(failure)} ${JSON.stringify(failure)} ${(failure as Error).message}`).not.toContain(TOKEN)
})

test('what a portal says of an error stays one line: it adds none of its own to what an operator reads', async () => {
  await expect(call((response) => {
    response.writeHead(400)
    response.end(JSON.stringify({ error: 'X', error_description: 'no\nall is well\r\n\tindeed' }))
  })).rejects.toMatchObject({ message: 'app.info: X no all is well indeed' })
})

test('a portal that gives no code is quoted by its words', async () => {
  const failure = await call((response) => {
    response.writeHead(400)
    response.end(JSON.stringify({ error: '', error_description: 'Not found' }))
  }).catch((error: unknown) => error)
  expect(failure).toMatchObject({ code: 'REST_FAILED', message: 'app.info: Not found' })
})

test('what a portal says is cut, and so is a code that is none', () => {
  const said = wordsOf({ error: 'x'.repeat(600), error_description: 'y'.repeat(600) })
  expect([said?.code.length, said?.description.length]).toEqual([500, 500])
})

test.each([
  [{ error: 'ACCESS_DENIED', error_description: 'Access denied!' }, 'ACCESS_DENIED', 'Access denied!'],
  [{ error: { code: 'BITRIX_REST_X', message: 'Wrong field.' } }, 'BITRIX_REST_X', 'Wrong field.'],
  [{ error: '0', error_description: 'wrong task id' }, '', 'wrong task id'],
  [{ error: 100, error_description: 'no fields' }, '100', 'no fields'],
])('a refusal %j has the code %s and the words %s', (data, code, description) => {
  expect(wordsOf(data)).toEqual({ code, description })
})

test.each([undefined, null, '<html>', {}, { result: true }, { error: '' }])('an answer %j says nothing', (data) => {
  expect(wordsOf(data)).toBeUndefined()
})

test('any other answer is taken as it is', async () => {
  expect(await call((response) => response.end(JSON.stringify({ result: { a: ['b'] }, time: {} })))).toEqual({ a: ['b'] })
})

test('a call during which the clock was set back took no time, not less', async () => {
  let nowMs = Date.now()
  const recorder = new AttemptRecorder()
  await currentAttempt.run(recorder, () => call((response) => {
    nowMs -= 3_600_000
    response.end(JSON.stringify({ result: {}, time: {} }))
  }, { ...systemClock, now: () => nowMs }))
  expect(recorder.calls).toEqual([{ method: 'app.info', durationMs: 0 }])
})

test('a client is of the very SDK that an app imports, so that the app knows its errors', async () => {
  const { B24OAuth } = await import('@bitrix24/b24jssdk')
  const clients = createRestClients({
    tokens: {} as TokenKeeper, credentialsOf: () => ({ clientId: 'app.test', clientSecret: 'secret' }), clock: systemClock, currentOf: () => undefined,
  })
  expect(clients.ofPortalNow(installation({ clientEndpoint: 'https://portal.example/rest/' }))).toBeInstanceOf(B24OAuth)
})
