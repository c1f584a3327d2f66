import { systemRandom } from '@portline/runtime/random.ts'
import { expect, test } from 'vitest'
import { LanesHouse } from '../test-support/lanes-house.ts'
import { createSealer } from '../tokens/sealer.ts'
import { KnownPortals } from '../trust/known-portals.ts'
import { createInstallations } from './installations.ts'

const PORTAL = { app: 'hello', memberId: 'm' }
const PROVEN = { serverEndpoint: 'https://o.example/rest/', clientEndpoint: 'https://p.example/rest/', domain: 'p.example', userId: '1', installed: true, version: '1', appStatus: 'L', scope: 'crm' }
const BLOCKED_FOR_MS = 300_000

test('the end of a block has its lane go on though what waits for it is on its way to the disk only', async () => {
  const house = await LanesHouse.open()
  const disk = house.slowDisk()
  const lanes = house.lanes({ settle: disk.settle })
  const sealer = createSealer(new Uint8Array(32), systemRandom)
  const { clock, store } = house
  const installations = createInstallations({ store, sealer, known: new KnownPortals(sealer), clock, hasten: (portal) => lanes.hasten(portal) })
  await installations.confirm(PORTAL, PROVEN, { status: 'active', askedAtMs: clock.now() })
  await installations.block(PORTAL, 'PORTAL_BLOCKED', { by: 'app side' }, clock.now())
  await house.append(PORTAL, 'a1')
  house.endings.set('a1', () => (house.ran.length > 1 ? 'done' : { againAfterMs: BLOCKED_FOR_MS }))
  lanes.wake(PORTAL)
  await house.soon(disk.asked)
  const unblocking = installations.unblock(PORTAL, ['PORTAL_BLOCKED'], { by: 'app side' }, clock.now())
  await house.soon(async () => (await store.installation(PORTAL))?.status === 'active')
  // The store has taken all that was asked of it before: a hastening that does not wait for the outcome, too.
  await store.laneState(PORTAL)
  disk.write()
  await unblocking
  await house.soon(() => house.isEnded('a1'))
  expect(house.ran).toEqual(['a1', 'a1'])
  await house.close()
})
