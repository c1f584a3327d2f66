import { expect, test } from 'vitest'
import { PORTAL_LIMITS } from '../limits.ts'
import { OfflineEvents } from './offline-events.ts'
import { NO_OPEN_LINES, OpenLines } from './open-lines.ts'
import { Placements } from './placements.ts'
import { Webhooks } from './webhooks.ts'

const REFUSED = expect.objectContaining({ code: 'BAD_REQUEST' })

function times(count: number, act: (index: number) => void): void {
  for (let index = 0; index < count; index++) act(index)
}

test("an app's offline queue is full at its limit; what absorbs, and another app's queue, go on", () => {
  const offline = new OfflineEvents({ lastId: 0, events: [], quietUntilMs: {} }, () => {})
  const put = (index: number, clientId = 'one'): void =>
    offline.put({ messageId: `m${index}`, clientId, event: 'E', data: null, userId: 1, connectorId: '' }, 0)
  times(PORTAL_LIMITS.maxOfflineEventsPerApp, put)
  expect(() => put(-1)).toThrow(REFUSED)
  put(1)
  put(1, 'two')
  expect(offline.list(0)).toHaveLength(PORTAL_LIMITS.maxOfflineEventsPerApp + 1)
  expect(offline.list(10_000_000)).toEqual([])
})

test('placements and webhooks end at their limits', () => {
  const placements = new Placements({ lastId: 0, placements: [] }, () => {})
  const bind = (): void => placements.add({
    clientId: 'one', placement: 'LEFT_MENU', handler: 'h', userId: 0, title: '', description: '', options: {}, langAll: {},
  })
  times(PORTAL_LIMITS.maxPlacementsPerApp, bind)
  expect(bind).toThrow(REFUSED)
  const webhooks = new Webhooks({ lastId: 0, incoming: [], outgoing: [] }, () => {})
  const add = (): unknown => webhooks.addIncoming({ userId: 1, code: 'c', title: '', scope: [] })
  times(PORTAL_LIMITS.maxWebhooks, add)
  expect(add).toThrow(REFUSED)
})

test('chats and visitors end at their limit; of messages the oldest is forgotten', () => {
  const lines = new OpenLines(structuredClone(NO_OPEN_LINES), () => {})
  const chat = (): unknown => lines.addChat({ connector: 'c', line: 1, externalId: 'x', visitorId: 0, name: '' })
  times(PORTAL_LIMITS.maxChats, chat)
  expect(chat).toThrow(REFUSED)
  const say = (text: string): { readonly id: number } => lines.addMessage({
    chatId: 1, from: 'visitor', userId: 1, text, files: [], externalIds: [], delivered: true, date: '',
  })
  const first = say('first')
  times(PORTAL_LIMITS.maxChatMessages, () => void say('more'))
  expect(lines.message(first.id)).toBeUndefined()
  expect(lines.messages(1)).toHaveLength(PORTAL_LIMITS.maxChatMessages)
})
