import { B24OAuth } from '@bitrix24/b24jssdk'
import { expect, test } from 'vitest'
import { VirtualClock } from '@portline/runtime/clock.ts'
import type { Installed, TestWorld } from './test-support/world.ts'
import { CLIENT_ID, CLIENT_SECRET, installUiApp, startWorld } from './test-support/world.ts'

const HOUR_MS = 3_600_000

/** The official SDK as it is, over plain HTTP. It reads the real clock itself. */
function makeClient(world: TestWorld, { accessToken, refreshToken }: Installed, expiresS: number): B24OAuth {
  const client = new B24OAuth(
    {
      applicationToken: world.portal.control.app(CLIENT_ID).application_token, userId: 1, memberId: world.portal.memberId,
      accessToken, refreshToken, expires: expiresS, expiresIn: 3_600, scope: 'imopenlines,user,crm', domain: world.portal.domain,
      clientEndpoint: `${world.portal.url}/rest/`, serverEndpoint: `${world.portal.oauthUrl}/rest/`, status: 'L',
    },
    { clientId: CLIENT_ID, clientSecret: CLIENT_SECRET },
  )
  client.offClientSideWarning()
  return client
}

function inAnHour(): number {
  return Math.floor((Date.now() + HOUR_MS) / 1_000)
}

test('the unmodified SDK calls methods and runs batches', async () => {
  const world = await startWorld({ clock: new VirtualClock(Date.now()) })
  const client = makeClient(world, await installUiApp(world), inAnHour())
  const profile = await client.actions.v2.call.make({ method: 'profile', requestId: 'profile' })
  expect(profile.getData()?.result).toMatchObject({ ID: '1', ADMIN: true })
  const batch = await client.actions.v2.batch.make({
    calls: { me: { method: 'profile', params: {} }, time: { method: 'server.time', params: {} } },
    options: { isHaltOnError: true, returnAjaxResult: false, requestId: 'batch' },
  })
  expect(batch.isSuccess).toBe(true)
  expect(batch.getData()).toMatchObject({ me: { NAME: 'Anna' } })
  const list = await client.actions.v2.batch.make({
    calls: [['user.admin', {}], ['method.get', { name: 'profile' }]], options: { isHaltOnError: false, returnAjaxResult: false },
  })
  expect(list.getData()).toEqual([true, { isExisting: true, isAvailable: true }])
})

test('the unmodified SDK renews a pair it knows to be expired, and one the portal finds expired', async () => {
  const clock = new VirtualClock(Date.now())
  const world = await startWorld({ clock })
  const installed = await installUiApp(world)
  const renewals: string[] = []
  const knowing = makeClient(world, installed, Math.floor(Date.now() / 1_000) - 1)
  knowing.setCallbackRefreshAuth(async ({ b24OAuthParams }) => {
    renewals.push(b24OAuthParams.refreshToken)
  })
  expect((await knowing.actions.v2.call.make({ method: 'profile' })).isSuccess).toBe(true)
  expect(renewals).toHaveLength(1)
  await clock.advance(HOUR_MS)
  const surprised = makeClient(world, { ...installed, refreshToken: renewals[0] ?? '' }, inAnHour())
  expect((await surprised.actions.v2.call.make({ method: 'user.admin' })).getData()?.result).toBe(true)
})

test('the unmodified SDK shows Bitrix24 errors by their code', async () => {
  const world = await startWorld({ clock: new VirtualClock(Date.now()) })
  const client = makeClient(world, await installUiApp(world), inAnHour())
  const failure = client.actions.v2.call.make({ method: 'event.bind', params: {} })
  await expect(failure).rejects.toMatchObject({
    code: 'ERROR_ARGUMENT', status: 400, message: "Argument 'EVENT' is null or empty",
  })
})
