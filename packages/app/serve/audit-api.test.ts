import { describe, expect, test } from 'vitest'
import type { AuditRecord } from '../store/audit.ts'
import { auditView } from './audit-api.ts'

/** What somebody wrote into the store's file must not keep the operator from seeing the rest of the trail. */
const RECORD: AuditRecord = {
  seq: 1, atMs: 1_000, app: 'a', memberId: 'p', generation: 1, verb: 'changeDomainUrl', by: 'event', previous: '0', hash: '1', detailsHash: '2',
  details: { salt: 's', text: '{"from":"a.example","to":"b.example","userId":"7"}' },
}

describe('a record is shown', () => {
  test('with its details', () => {
    expect(auditView(RECORD)).toMatchObject({ at: '1970-01-01T00:00:01.000Z', from: 'a.example', to: 'b.example', userId: '7', erased: false })
  })

  test.each(['x', '', 'null', '[]', '7'])('without them where they are %j', (text) => {
    expect(auditView({ ...RECORD, details: { salt: 's', text } })).toMatchObject({ from: null, to: null, userId: null, erased: false })
  })

  test.each([9e15, Number.NaN, -9e15])('with a time that is none: %d', (atMs) => {
    expect(auditView({ ...RECORD, atMs })).toMatchObject({ at: String(atMs), to: 'b.example' })
  })
})
