import { BASIC_SCOPE } from '@portline/wire/rest.ts'
import { isoSeconds } from '../envelope.ts'
import type { RestMethod } from '../method.ts'

/** api-reference/common/system/server-time.md */
export const serverTime: RestMethod = {
  name: 'server.time',
  scopes: [BASIC_SCOPE],
  run: ({ context }) => isoSeconds(context.clock.now()),
}
