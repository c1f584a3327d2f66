import { systemRandom } from '@portline/runtime/random.ts'
import type { AuthBlock } from '@portline/wire/envelope.ts'
import { describe, expect, test } from 'vitest'
import { INSTALLER_FRESH_MS } from '../limits.ts'
import type { Installation } from '../store/port.ts'
import { uninstallMark } from '../installations/uninstall-mark.ts'
import { createSealer } from '../tokens/sealer.ts'
import { judge } from './judge.ts'
import { sealApplicationToken } from '../tokens/application-token.ts'
import { KnownPortals } from './known-portals.ts'
import type { KnownPortal } from './known-portals.ts'

const NOW_MS = 1_800_000_000_000
const PORTAL = { app: 'hello', memberId: 'm' }
const sealer = createSealer(new Uint8Array(32), systemRandom)

function portal(fields: Partial<Installation>, token?: string): KnownPortal | undefined {
  const known = new KnownPortals(sealer)
  const applicationToken = token === undefined ? {} : { applicationToken: sealApplicationToken(sealer, PORTAL, token) }
  known.learn({
    ...PORTAL, status: 'active', generation: 1, domain: '', clientEndpoint: '', serverEndpoint: '', updatedAtMs: 0, ...applicationToken, ...fields,
  })
  return known.get(PORTAL)
}

const live = portal({}, 'right')
const SECONDS = NOW_MS / 1_000
/** Installed again a hundred seconds ago, by the portal's clock; the uninstall before that is remembered. */
const again = portal({ generation: 2, raisedAtMs: NOW_MS - 100_000, uninstalls: [uninstallMark({ ts: String(SECONDS - 50) }) ?? ''] }, 'right')
const openedByInstaller = portal({ status: 'new', generation: 2, installerProvenAtMs: NOW_MS - 100_500 }, 'right')
const deleted = portal({ status: 'deleted', deletedAtMs: NOW_MS }, 'right')
const freshlyOpened = portal({ status: 'new', installerProvenAtMs: NOW_MS - INSTALLER_FRESH_MS })
const longOpened = portal({ status: 'new', installerProvenAtMs: NOW_MS - INSTALLER_FRESH_MS - 1 })

function verdict(known: KnownPortal | undefined, event: string, auth: AuthBlock, ts?: string) {
  return judge(known, { event, auth: { member_id: 'm', ...auth }, ...(ts === undefined ? {} : { ts }) }, NOW_MS)
}

const right = { application_token: 'right' }
const wrong = { application_token: 'wrong' }
const withToken = { access_token: 'a' }
const held = { kind: 'held', provable: false }
const proven = { kind: 'proven', proof: 'application_token' }
const doubted = { kind: 'doubted' }
const former = { kind: 'settled', proof: 'application_token', reason: 'FORMER_INSTALLATION' }
const provable = { kind: 'held', provable: true }
const mismatch = { kind: 'refused', code: 'APPLICATION_TOKEN_MISMATCH' }

describe('the verdict table', () => {
  const rows: [string, KnownPortal | undefined, string, AuthBlock, object, string?][] = [
    ['no application_token, unknown portal', undefined, 'ONAPPTEST', {}, { kind: 'refused', code: 'APPLICATION_TOKEN_MISSING' }],
    ['empty application_token, live portal', live, 'ONAPPTEST', { application_token: '' }, { kind: 'refused', code: 'APPLICATION_TOKEN_MISSING' }],
    ['unknown portal', undefined, 'ONAPPTEST', right, held],
    ['unknown portal, install with a token', undefined, 'ONAPPINSTALL', { ...right, ...withToken }, provable],
    ['unknown portal, install without', undefined, 'ONAPPINSTALL', right, held],
    ['unknown portal, other event with a token', undefined, 'ONAPPTEST', { ...right, ...withToken }, held],
    ['live portal', live, 'ONAPPTEST', right, { kind: 'proven', proof: 'application_token' }],
    ['live portal, uninstall', live, 'ONAPPUNINSTALL', right, { kind: 'proven', proof: 'application_token' }],
    ['live portal, wrong token', live, 'ONAPPTEST', wrong, mismatch],
    ['live portal, wrong token, access token beside it', live, 'ONAPPTEST', { ...wrong, ...withToken }, mismatch],
    ['live portal, a copy of the uninstall before', again, 'ONAPPUNINSTALL', right, former, String(SECONDS - 50)],
    ['live portal, another event of that second', again, 'ONAPPTEST', right, proven, String(SECONDS - 50)],
    ['live portal, uninstall older than its install', again, 'ONAPPUNINSTALL', right, doubted, String(SECONDS - 101)],
    ['live portal, uninstall of its install\'s second', again, 'ONAPPUNINSTALL', right, proven, String(SECONDS - 100)],
    ['live portal, uninstall without ts', again, 'ONAPPUNINSTALL', right, proven],
    ['live portal, uninstall with a ts that is no time', again, 'ONAPPUNINSTALL', right, proven, '99999999999999999999'],
    ['installer proven, uninstall older than that', openedByInstaller, 'ONAPPUNINSTALL', right, doubted, String(SECONDS - 102)],
    ['installer proven, uninstall of that second', openedByInstaller, 'ONAPPUNINSTALL', right, proven, String(SECONDS - 101)],
    ['live portal, uninstall with a wrong token', live, 'ONAPPUNINSTALL', { ...wrong, ...withToken }, mismatch],
    ['live portal, forged install without access token', live, 'ONAPPINSTALL', wrong, mismatch],
    ['live portal, install with another token', live, 'ONAPPINSTALL', { ...wrong, ...withToken }, provable],
    ['live portal, update with another token', live, 'ONAPPUPDATE', { ...wrong, ...withToken }, provable],
    ['installer just proven, install without token', freshlyOpened, 'ONAPPINSTALL', right, provable],
    ['installer just proven, other event', freshlyOpened, 'ONAPPTEST', right, held],
    ['installer proven long ago, install without token', longOpened, 'ONAPPINSTALL', right, held],
    ['deleted portal, uninstall again', deleted, 'ONAPPUNINSTALL', right, { kind: 'settled', proof: 'application_token', reason: 'ALREADY_UNINSTALLED' }],
    ['deleted portal, install with a token', deleted, 'ONAPPINSTALL', { ...right, ...withToken }, provable],
    ['deleted portal, install without', deleted, 'ONAPPINSTALL', right, held],
    ['deleted portal, late event', deleted, 'ONAPPTEST', right, { kind: 'refused', code: 'INSTALLATION_DELETED' }, String(NOW_MS / 1_000 - 1)],
    ['deleted portal, event after the uninstall', deleted, 'ONAPPTEST', right, held, String(NOW_MS / 1_000)],
    ['deleted portal, wrong token', deleted, 'ONAPPTEST', wrong, mismatch],
  ]
  test.each(rows)('%s', (_name, known, event, auth, expected, ts) => {
    expect(verdict(known, event, auth, ts)).toEqual(expected)
  })
})
