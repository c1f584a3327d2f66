import { CodedError } from '@portline/wire/errors.ts'
import type { z } from 'zod'
import type { PortalContext } from '../context.ts'
import { deleteLine } from '../portal/open-lines/delete-line.ts'
import type { OperatorAction } from '../portal/open-lines/operator.ts'
import { answer, close, edit, erase } from '../portal/open-lines/operator.ts'
import type { Raised } from '../portal/raise-event.ts'
import { portalHit } from '../portal/raise-event.ts'
import { ADMIN_ID } from '../world/default-world.ts'
import type { Chat, Message } from '../world/open-lines.ts'
import { parseInput } from './schemas.ts'
import { openLinesSchemas } from './schemas-open-lines.ts'

export interface MessageView {
  readonly id: number
  readonly from: Message['from']
  readonly user_id: number
  readonly text: string
  readonly files: Message['files']
  readonly external_ids: readonly string[]
  readonly delivered: boolean
  readonly date: string
}

export interface ChatView {
  readonly id: number
  readonly name: string
  readonly connector: string
  readonly line: number
  /** chat.id of the external system. */
  readonly external_id: string
  /** null in a group chat. */
  readonly visitor: Readonly<Record<string, string>> | null
  readonly session: { readonly id: number; readonly parent_id: number; readonly closed: boolean } | null
  readonly messages: readonly MessageView[]
}

export type ByUser = z.input<typeof openLinesSchemas.byUser>
export type NewMessage = z.input<typeof openLinesSchemas.message>

/** What operators and administrators do with open lines. Throws CodedError: BAD_REQUEST, NOT_FOUND. */
export class OpenLinesControl {
  readonly #context: PortalContext

  constructor(context: PortalContext) {
    this.#context = context
  }

  chats(): ChatView[] {
    return this.#context.world.openLines.chats().map((chat) => this.#view(chat))
  }

  /** An operator's message; `user_id` 0: the line's own. BAD_REQUEST when the connector isn't working on the line. */
  send(chatId: number, options: NewMessage): Raised & { message: MessageView } {
    const { text, user_id } = parseInput(openLinesSchemas.message, options)
    const { message, raised } = answer(this.#context, this.#action(chatId, user_id), text)
    return { message: viewMessage(message), ...raised }
  }

  edit(chatId: number, messageId: number, options: NewMessage): Raised & { message: MessageView } {
    const { text, user_id } = parseInput(openLinesSchemas.message, options)
    const message = this.#message(chatId, messageId)
    const raised = edit(this.#context, this.#action(chatId, user_id ?? message.userId), message, text)
    return { message: viewMessage(message), ...raised }
  }

  delete(chatId: number, messageId: number, options: ByUser = {}): Raised {
    const { user_id } = parseInput(openLinesSchemas.byUser, options)
    const message = this.#message(chatId, messageId)
    return erase(this.#context, this.#action(chatId, user_id ?? message.userId), message)
  }

  /** Closes the chat's session. */
  close(chatId: number, options: ByUser = {}): Raised & { chat: ChatView } {
    const action = this.#action(chatId, parseInput(openLinesSchemas.byUser, options).user_id)
    const raised = close(this.#context, action)
    return { chat: this.#view(action.chat), ...raised }
  }

  deleteLine(line: number, options: ByUser = {}): Raised {
    const { user_id = ADMIN_ID } = parseInput(openLinesSchemas.byUser, options)
    if (this.#context.world.line(line) === undefined) throw new CodedError('NOT_FOUND', `The portal has no open line ${line}`)
    return deleteLine(this.#context, portalHit(this.#user(user_id)), line)
  }

  #action(chatId: number, userId = ADMIN_ID): OperatorAction {
    const chat = this.#context.world.openLines.chat(chatId)
    if (chat === undefined) throw new CodedError('NOT_FOUND', `The portal has no chat ${chatId}`)
    const connector = this.#context.world.connector(chat.connector)
    if (connector === undefined) throw new CodedError('BAD_REQUEST', `The connector ${chat.connector} is not registered any more`)
    return { chat, connector, userId: this.#user(userId) }
  }

  /** Only what this side wrote can be edited or deleted here. */
  #message(chatId: number, messageId: number): Message {
    const message = this.#context.world.openLines.message(messageId)
    if (message?.chatId !== chatId) throw new CodedError('NOT_FOUND', `The chat has no message ${messageId}`)
    if (message.from === 'visitor') throw new CodedError('BAD_REQUEST', "A visitor's message can't be changed by an operator")
    return message
  }

  #user(id: number): number {
    if (id !== 0 && this.#context.world.user(id) === undefined) {
      throw new CodedError('BAD_REQUEST', `user_id: the portal has no user ${id}`)
    }
    return id
  }

  #view(chat: Chat): ChatView {
    const { openLines } = this.#context.world
    const visitor = openLines.visitor(chat.visitorId)
    const { session } = chat
    return {
      id: chat.id, name: chat.name, connector: chat.connector, line: chat.line, external_id: chat.externalId,
      visitor: visitor === undefined ? null : { ...visitor.fields, user_id: String(visitor.id) },
      session: session === undefined ? null : { id: session.id, parent_id: session.parentId, closed: session.closed },
      messages: openLines.messages(chat.id).map(viewMessage),
    }
  }
}

function viewMessage({ id, from, userId, text, files, externalIds, delivered, date }: Message): MessageView {
  return { id, from, user_id: userId, text, files, external_ids: externalIds, delivered, date }
}
