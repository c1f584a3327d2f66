import { expect, test } from 'vitest'
import { startOAuthServer } from './start-oauth-server.ts'
import { startPortal } from './start-portal.ts'

/** 203.0.113.0/24 is for documents: no machine has such an address. */
const NOT_HERE = '203.0.113.9'

test('a host that is none of this machine is told apart from a failure of the portal', async () => {
  await expect(startPortal({ host: NOT_HERE, port: 0, oauthPort: 0 })).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining(NOT_HERE) as string })
})

test('so it is where servers are made at their first connection', async () => {
  const oauth = await startOAuthServer({ port: 0 })
  try {
    await expect(startPortal({ host: NOT_HERE, port: 0, oauth, late: true })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  } finally {
    await oauth.stop()
  }
})
