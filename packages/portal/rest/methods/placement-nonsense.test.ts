import { expect, test } from 'vitest'
import { call, CLIENT_ID, field, last, startWorld } from '../../test-support/world.ts'

const NONSENSE: readonly unknown[] = [
  null, '', 'x', -1, 1.5, true, [], [[]], {}, [{}], { en: 1 }, { iconName: {} }, 'a'.repeat(5_000),
  JSON.parse('{"__proto__": {"TITLE": {}}}'),
]
const PARAMS: readonly string[] = ['PLACEMENT', 'HANDLER', 'TITLE', 'OPTIONS', 'LANG_ALL', 'USER_ID', 'SCOPE', 'FULL']

test.each(['bind', 'unbind', 'list', 'get'])('placement.%s survives nonsense in each of its parameters', async (method) => {
  const { portal, receiver } = await startWorld()
  const handler_url = `${receiver.url}/app`
  portal.control.registerApp({ name: 'W', kind: 'local', client_id: CLIENT_ID, scope: ['placement', 'im'], handler_url })
  await portal.control.install(CLIENT_ID)
  await portal.control.open(CLIENT_ID)
  const sound = { auth: field(last(receiver).form, 'AUTH_ID'), PLACEMENT: 'IM_SIDEBAR', HANDLER: 'http://127.0.0.1:9/x' }
  for (const name of PARAMS) {
    for (const value of NONSENSE) {
      const { status, body } = await call(portal, `placement.${method}`, { ...sound, OPTIONS: { iconName: 'fa' }, [name]: value })
      expect([200, 400], `${name} = ${JSON.stringify(value)}: ${JSON.stringify(body)}`).toContain(status)
    }
  }
})
