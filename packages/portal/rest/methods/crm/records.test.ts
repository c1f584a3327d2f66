import { expect, test } from 'vitest'
import { eventsAfter, startRecordsWorld } from '../../../test-support/records.ts'

const KINDS = ['lead', 'deal', 'contact', 'company'] as const
const NOW = '2026-01-01T00:00:01+00:00'

test('a deal is added with what was given and the portal’s defaults, and shown as text', async () => {
  const { result } = await startRecordsWorld()
  const id = await result('crm.deal.add', {
    FIELDS: {
      TITLE: 'New deal', OPPORTUNITY: 1_000_000, CURRENCY_ID: 'EUR', PROBABILITY: '99', COMPANY_ID: 9, CONTACT_IDS: [84, 83],
      BEGINDATE: '2024-08-30T02:00:00+02:00', UTM_SOURCE: 'google', UF_CRM_1: 'own', ID: 77, NO_SUCH: 1,
    },
  })
  expect(id).toBe(1)
  const deal = await result('crm.deal.get', { ID: 1 })
  expect(deal).toMatchObject({
    ID: '1', TITLE: 'New deal', TYPE_ID: 'SALE', STAGE_ID: 'NEW', STAGE_SEMANTIC_ID: 'P', OPPORTUNITY: '1000000.00',
    CURRENCY_ID: 'EUR', PROBABILITY: '99', TAX_VALUE: '0.00', COMPANY_ID: '9', CONTACT_ID: '84', LEAD_ID: null, CATEGORY_ID: '0',
    IS_NEW: 'Y', OPENED: 'Y', CLOSED: 'N', BEGINDATE: '2024-08-30T00:00:00+00:00', CLOSEDATE: '2026-01-08T00:00:00+00:00',
    ASSIGNED_BY_ID: '1', CREATED_BY_ID: '1', DATE_CREATE: NOW, DATE_MODIFY: NOW, UTM_SOURCE: 'google', UTM_TERM: null,
    UF_CRM_1: 'own',
  })
  expect(deal).not.toHaveProperty('CONTACT_IDS')
  expect(deal).not.toHaveProperty('NO_SUCH')
})

test('stages lead to their semantics, and a closed deal is closed', async () => {
  const { result, clock } = await startRecordsWorld()
  await result('crm.deal.add', { fields: { CATEGORY_ID: 3 } })
  expect(await result('crm.deal.get', { id: 1 })).toMatchObject({ TITLE: 'Deal #1', STAGE_ID: 'C3:NEW', CATEGORY_ID: '3' })
  await clock.advance(60_000)
  await result('crm.deal.update', { id: 1, fields: { STAGE_ID: 'C3:WON', CATEGORY_ID: 4 } })
  expect(await result('crm.deal.get', { id: 1 })).toMatchObject({
    STAGE_SEMANTIC_ID: 'S', CLOSED: 'Y', IS_NEW: 'N', CATEGORY_ID: '3', DATE_CREATE: NOW, MOVED_TIME: '2026-01-01T00:01:01+00:00',
  })
  await result('crm.lead.add', { fields: {} })
  await result('crm.lead.update', { id: 1, fields: { STATUS_ID: 'JUNK' } })
  expect(await result('crm.lead.get', { id: 1 })).toMatchObject({
    TITLE: 'Lead #1', STATUS_SEMANTIC_ID: 'F', DATE_CLOSED: '2026-01-01T00:01:01+00:00', BIRTHDATE: '', NAME: null,
  })
})

test('phones and e-mails get ids of their own and are changed, added to and deleted by them', async () => {
  const { result } = await startRecordsWorld()
  await result('crm.contact.add', {
    fields: { NAME: 'Ada', PHONE: [{ VALUE: '+1', VALUE_TYPE: 'MOBILE' }, { VALUE: '+2' }], EMAIL: [{ VALUE: 'ada@a.example' }] },
  })
  expect(await result('crm.contact.get', { id: 1 })).toMatchObject({
    HAS_PHONE: 'Y', HAS_EMAIL: 'Y', HAS_IMOL: 'N', EXPORT: 'Y',
    PHONE: [
      { ID: '1', VALUE_TYPE: 'MOBILE', VALUE: '+1', TYPE_ID: 'PHONE' },
      { ID: '2', VALUE_TYPE: 'WORK', VALUE: '+2', TYPE_ID: 'PHONE' },
    ],
    EMAIL: [{ ID: '3', VALUE_TYPE: 'WORK', VALUE: 'ada@a.example', TYPE_ID: 'EMAIL' }],
  })
  const PHONE = [{ ID: 1, VALUE: '+10' }, { ID: 2, DELETE: 'Y' }, { VALUE: '+3', VALUE_TYPE: 'HOME' }]
  await result('crm.contact.update', { id: 1, fields: { PHONE, EMAIL: [{ ID: 3, VALUE: '' }] } })
  const contact = await result('crm.contact.get', { id: 1 })
  expect(contact).toMatchObject({
    HAS_EMAIL: 'N',
    PHONE: [{ ID: '1', VALUE_TYPE: 'MOBILE', VALUE: '+10' }, { ID: '4', VALUE_TYPE: 'HOME', VALUE: '+3' }],
  })
  expect(contact).not.toHaveProperty('EMAIL')
})

test.each(KINDS)('every change of a %s raises its event with the id, in the crm queue, by the user who made it', async (kind) => {
  const code = `ONCRM${kind.toUpperCase()}`
  const world = await startRecordsWorld([`${code}ADD`, `${code}UPDATE`, `${code}DELETE`])
  const data = { FIELDS: { ID: '1' } }
  const events = await eventsAfter(world, async () => {
    await world.asEmployee(`crm.${kind}.add`, { fields: { TITLE: 'x', NAME: 'x' } })
    await world.result(`crm.${kind}.update`, { id: 1, fields: { COMMENTS: 'y' } })
    await world.result(`crm.${kind}.delete`, { id: 1 })
  })
  expect(events).toEqual([
    { event: `${code}ADD`, data }, { event: `${code}UPDATE`, data }, { event: `${code}DELETE`, data },
  ])
  expect(world.receiver.received[0]?.form['auth']).toMatchObject({ user_id: '2' })
  expect(world.portal.control.deliveries().deliveries.map(({ category }) => category)).toEqual(['crm', 'crm', 'crm'])
  expect((await world.rest(`crm.${kind}.get`, { id: 1 })).body).toEqual({ error: '', error_description: 'Not found' })
})

test('a call with the token of an event is one hop further, and at the end of the chain raises nothing', async () => {
  const world = await startRecordsWorld(['ONCRMDEALUPDATE'])
  await world.result('crm.deal.add', { fields: {} })
  let auth = world.admin
  let hops = 0
  for (let tries = 0; tries < 12; tries++) {
    const fields = { COMMENTS: String(tries) }
    const events = await eventsAfter(world, () => world.result('crm.deal.update', { auth, id: 1, fields }))
    if (events.length === 0) break
    hops += 1
    const form = world.receiver.received[0]?.form['auth']
    auth = typeof form === 'object' ? String(Reflect.get(form, 'access_token')) : ''
  }
  expect(hops).toBe(7)
})

test('in one batch the same change of the same record is told once', async () => {
  const world = await startRecordsWorld(['ONCRMDEALUPDATE'])
  await world.result('crm.deal.add', { fields: {} })
  const cmd = { one: 'crm.deal.update?id=1&fields[TITLE]=a', two: 'crm.deal.update?id=1&fields[TITLE]=b' }
  expect(await eventsAfter(world, () => world.result('batch', { cmd }))).toHaveLength(1)
  expect(await world.result('crm.deal.get', { id: 1 })).toMatchObject({ TITLE: 'b' })
})

test('an employee sees, changes and deletes the records that are his, and no others', async () => {
  const { rest, result, asEmployee } = await startRecordsWorld()
  await result('crm.deal.add', { fields: { TITLE: 'Anna’s' } })
  await result('crm.deal.add', { fields: { TITLE: 'given to Emil', ASSIGNED_BY_ID: 2 } })
  await asEmployee('crm.deal.add', { fields: { TITLE: 'made by Emil', ASSIGNED_BY_ID: 1 } })
  expect((await asEmployee('crm.deal.list', { select: ['TITLE'] })).body).toMatchObject({
    result: [{ ID: '2', TITLE: 'given to Emil' }, { ID: '3', TITLE: 'made by Emil' }], total: 2,
  })
  const denied = { status: 400, body: { error: '', error_description: 'Access denied.' } }
  expect(await asEmployee('crm.deal.get', { id: 1 })).toMatchObject(denied)
  expect(await asEmployee('crm.deal.update', { id: 1, fields: {} })).toMatchObject(denied)
  expect(await asEmployee('crm.deal.delete', { id: 1 })).toMatchObject(denied)
  expect(await asEmployee('crm.deal.delete', { id: 2 })).toMatchObject({ status: 200, body: { result: true } })
  expect((await rest('crm.deal.list')).body['total']).toBe(2)
})

test('fields are described as on a portal', async () => {
  const { result } = await startRecordsWorld()
  const flags = { isRequired: false, isReadOnly: false, isImmutable: false, isMultiple: false, isDynamic: false }
  expect(await result('crm.deal.fields')).toMatchObject({
    ID: { type: 'integer', ...flags, isReadOnly: true, title: 'ID' },
    CATEGORY_ID: { type: 'crm_category', ...flags, isImmutable: true, title: 'Sales Funnel' },
    STAGE_ID: { type: 'crm_status', ...flags, statusType: 'DEAL_STAGE', title: 'Deal Stage' },
    COMPANY_ID: { type: 'crm_company', ...flags, title: 'Company', settings: { parentEntityTypeId: 4 } },
    CONTACT_ID: { type: 'crm_contact', ...flags, isDeprecated: true, title: 'Contact' },
    CONTACT_IDS: { type: 'crm_contact', ...flags, isMultiple: true, title: 'Contacts' },
  })
  expect(await result('crm.company.fields')).toMatchObject({ TITLE: { isRequired: true }, PHONE: { type: 'crm_multifield' } })
})

test('records outlive the portal in its state', async () => {
  const first = await startRecordsWorld()
  await first.result('crm.contact.add', { fields: { NAME: 'Ada', PHONE: [{ VALUE: '+1' }] } })
  await first.result('crm.contact.add', { fields: {} })
  await first.result('crm.contact.delete', { id: 2 })
  const second = await startRecordsWorld([], { state: first.portal.control.snapshot() })
  expect(await second.result('crm.contact.get', { id: 1 })).toMatchObject({ NAME: 'Ada', PHONE: [{ ID: '1', VALUE: '+1' }] })
  expect(await second.result('crm.contact.add', { fields: { PHONE: [{ VALUE: '+2' }] } })).toBe(3)
  expect(await second.result('crm.contact.get', { id: 3 })).toMatchObject({ PHONE: [{ ID: '2' }] })
})
