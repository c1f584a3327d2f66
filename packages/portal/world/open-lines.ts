import { PORTAL_LIMITS } from '../limits.ts'
import { limitReached, removeWhere } from './slice.ts'

/** Somebody who writes from the external system: a user of the portal's own kind with an id of its own. */
export interface Visitor {
  readonly id: number
  readonly connector: string
  /** user.id of the external system. */
  readonly externalId: string
  fields: Record<string, string>
}

/**
 * A conversation's session:
 *
 *     (none) ──first message, of either side──> open ──closed by the operator──> closed
 *       └── with the next message a new session with the old one as its parent ──┘
 */
export interface Session {
  readonly id: number
  readonly parentId: number
  closed: boolean
}

/** A chat of an open line: one per connector, line, external chat and, without CHAT_GROUP, visitor. */
export interface Chat {
  readonly id: number
  readonly connector: string
  readonly line: number
  /** chat.id of the external system. */
  readonly externalId: string
  /** 0 in a group chat. */
  readonly visitorId: number
  name: string
  /** undefined before the first message; only the latest is kept. */
  session?: Session
}

export interface Message {
  readonly id: number
  readonly chatId: number
  readonly from: 'visitor' | 'operator' | 'system'
  /** Of the visitor or the operator; 0: the system. */
  readonly userId: number
  text: string
  files: readonly Readonly<Record<string, string>>[]
  /** Ids of the external system: given with an incoming message, or through imconnector.send.status.delivery. */
  externalIds: readonly string[]
  delivered: boolean
  /** ISO 8601. */
  readonly date: string
}

export interface OpenLinesState {
  lastVisitorId: number
  lastChatId: number
  lastSessionId: number
  lastMessageId: number
  readonly visitors: Visitor[]
  readonly chats: Chat[]
  readonly messages: Message[]
  /** Settings given through imopenlines.config.*, by line. */
  readonly configs: Record<string, Record<string, unknown>>
}

/** Numbers start where none is mistaken for one of the portal's employees. */
export const NO_OPEN_LINES: OpenLinesState = {
  lastVisitorId: 1_000, lastChatId: 1_800, lastSessionId: 300, lastMessageId: 86_000,
  visitors: [], chats: [], messages: [], configs: {},
}

export class OpenLines {
  readonly #state: OpenLinesState
  readonly #changed: () => void

  constructor(state: OpenLinesState, changed: () => void) {
    this.#state = state
    this.#changed = changed
  }

  chats(): readonly Chat[] {
    return this.#state.chats
  }

  chat(id: number): Chat | undefined {
    return this.#state.chats.find((chat) => chat.id === id)
  }

  findChat(key: Pick<Chat, 'connector' | 'line' | 'externalId' | 'visitorId'>): Chat | undefined {
    return this.#state.chats.find((chat) =>
      chat.connector === key.connector && chat.line === key.line
      && chat.externalId === key.externalId && chat.visitorId === key.visitorId)
  }

  addChat(chat: Omit<Chat, 'id'>): Chat {
    if (this.#state.chats.length >= PORTAL_LIMITS.maxChats) throw limitReached('The portal has too many chats')
    const added: Chat = { id: ++this.#state.lastChatId, ...chat }
    this.#state.chats.push(added)
    this.#changed()
    return added
  }

  renameChat(chat: Chat, name: string): void {
    chat.name = name
    this.#changed()
  }

  openSession(chat: Chat): Session {
    chat.session = { id: ++this.#state.lastSessionId, parentId: chat.session?.id ?? 0, closed: false }
    this.#changed()
    return chat.session
  }

  closeSession(session: Session): void {
    session.closed = true
    this.#changed()
  }

  visitor(id: number): Visitor | undefined {
    return this.#state.visitors.find((visitor) => visitor.id === id)
  }

  findVisitor(connector: string, externalId: string): Visitor | undefined {
    return this.#state.visitors.find((visitor) => visitor.connector === connector && visitor.externalId === externalId)
  }

  /** Creates the visitor, or gives a known one what is new about him. */
  putVisitor(connector: string, externalId: string, fields: Record<string, string>): Visitor {
    const known = this.findVisitor(connector, externalId)
    if (known === undefined && this.#state.visitors.length >= PORTAL_LIMITS.maxChats) throw limitReached('Too many visitors')
    const visitor = known ?? { id: ++this.#state.lastVisitorId, connector, externalId, fields }
    if (known === undefined) this.#state.visitors.push(visitor)
    visitor.fields = fields
    this.#changed()
    return visitor
  }

  messages(chatId: number): readonly Message[] {
    return this.#state.messages.filter((message) => message.chatId === chatId)
  }

  message(id: number): Message | undefined {
    return this.#state.messages.find((message) => message.id === id)
  }

  /** The oldest message of all is forgotten when there are too many. */
  addMessage(message: Omit<Message, 'id'>): Message {
    if (this.#state.messages.length >= PORTAL_LIMITS.maxChatMessages) this.#state.messages.shift()
    const added: Message = { id: ++this.#state.lastMessageId, ...message }
    this.#state.messages.push(added)
    this.#changed()
    return added
  }

  changeMessage(message: Message, change: Partial<Pick<Message, 'text' | 'files' | 'externalIds' | 'delivered'>>): void {
    Object.assign(message, change)
    this.#changed()
  }

  removeMessage(id: number): void {
    if (removeWhere(this.#state.messages, (message) => message.id === id) > 0) this.#changed()
  }

  config(line: number): Readonly<Record<string, unknown>> {
    return this.#state.configs[line] ?? {}
  }

  setConfig(line: number, config: Record<string, unknown>): void {
    this.#state.configs[line] = config
    this.#changed()
  }

  /** What belongs to a line that is deleted. */
  removeLine(line: number): void {
    const chats = new Set(this.#state.chats.filter((chat) => chat.line === line).map(({ id }) => id))
    removeWhere(this.#state.messages, (message) => chats.has(message.chatId))
    removeWhere(this.#state.chats, (chat) => chat.line === line)
    delete this.#state.configs[line]
    this.#changed()
  }
}
