import { expect, test } from 'vitest'
import { send } from '../test-support/world.ts'
import { startRecordsWorld } from '../test-support/records.ts'

const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' }

test.each([
  '/rest/crm.deal.get', '/rest//crm.deal.get', '/rest/crm.deal.get.json', '/rest/crm.deal.get/', '/rest/crm.deal.get.JSON/',
  '/rest//CRM.Deal.Get', '/rest///crm.deal.get//',
])('%s is the same method by GET, POST, form and JSON', async (path) => {
  const { portal, admin, result } = await startRecordsWorld()
  await result('crm.deal.add', { fields: { TITLE: 'A & B' } })
  const found = { status: 200, body: { result: { ID: '1', TITLE: 'A & B' } } }
  const url = `${portal.url}${path}`
  expect(await send(`${url}?auth=${admin}&id=1`)).toMatchObject(found)
  expect(await send(`${url}?id=7`, { method: 'POST', headers: FORM, body: `auth=${admin}&ID=1` })).toMatchObject(found)
  const json = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ id: '1' }) }
  expect(await send(`${url}?auth=${admin}`, json)).toMatchObject(found)
})

test('forms nest as PHP has them', async () => {
  const { portal, admin, result } = await startRecordsWorld()
  const body = `auth=${admin}&fields[TITLE]=x&fields[NAME]=Ada&fields[PHONE][0][VALUE]=112233&fields[PHONE][0][VALUE_TYPE]=HOME`
  await send(`${portal.url}/rest/crm.lead.add`, { method: 'POST', headers: FORM, body })
  expect(await result('crm.lead.get', { id: 1 })).toMatchObject({ NAME: 'Ada', PHONE: [{ VALUE: '112233', VALUE_TYPE: 'HOME' }] })
  const query = `auth=${admin}&filter[%25NAME]=ad&order[ID]=desc&select[]=NAME&start=0`
  const found = { body: { result: [{ ID: '1', NAME: 'Ada' }], total: 1 } }
  expect(await send(`${portal.url}/rest/crm.lead.list?${query}`)).toMatchObject(found)
})

test('.xml answers in XML, errors too', async () => {
  const { portal, admin, result } = await startRecordsWorld()
  await result('crm.deal.add', { fields: { TITLE: 'A & <B>' } })
  const { headers, body } = await send(`${portal.url}/rest/crm.deal.list.xml?auth=${admin}&select[]=TITLE`)
  expect(headers.get('content-type')).toContain('text/xml')
  const list = '<result><item><ID>1</ID><TITLE>A &amp; &lt;B&gt;</TITLE></item></result><total>1</total>'
  expect(body['text']).toMatch(/^<\?xml version="1.0" encoding="UTF-8"\?>\n<response>.*<\/response>$/)
  expect(body['text']).toContain(`<response>${list}<time><start>`)
  const refused = await send(`${portal.url}/rest/crm.deal.get.xml?auth=${admin}&id=9`)
  expect(refused).toMatchObject({
    status: 400,
    body: { text: expect.stringContaining('<response><error></error><error_description>Not found</error_description>') },
  })
})
