import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Control } from './control.ts'
import { bodyOf } from './json-body.ts'
import { parseInput } from './schemas.ts'
import { openLinesSchemas } from './schemas-open-lines.ts'

const id = z.coerce.number().int().positive()
const chatPath = z.object({ chat: id })
const messagePath = z.object({ chat: id, message: id })
const linePath = z.object({ line: id })
const webhookPath = z.object({ webhook: id })

/** Chats and lines as operators use them, placements, and webhooks of both kinds. */
export function addOpenLinesRoutes(face: FastifyInstance, { openLines, webhooks }: Control): void {
  face.get('/chats', async () => ({ chats: openLines.chats() }))
  face.post('/chats/:chat/messages', async (request, reply) => {
    const { chat } = parseInput(chatPath, request.params)
    return reply.code(201).send(openLines.send(chat, parseInput(openLinesSchemas.message, bodyOf(request))))
  })
  face.patch('/chats/:chat/messages/:message', async (request) => {
    const { chat, message } = parseInput(messagePath, request.params)
    return openLines.edit(chat, message, parseInput(openLinesSchemas.message, bodyOf(request)))
  })
  face.delete('/chats/:chat/messages/:message', async (request) => {
    const { chat, message } = parseInput(messagePath, request.params)
    return openLines.delete(chat, message, parseInput(openLinesSchemas.byUser, bodyOf(request)))
  })
  face.post('/chats/:chat/close', async (request) => {
    const { chat } = parseInput(chatPath, request.params)
    return openLines.close(chat, parseInput(openLinesSchemas.byUser, bodyOf(request)))
  })
  face.delete('/lines/:line', async (request) => {
    const { line } = parseInput(linePath, request.params)
    return openLines.deleteLine(line, parseInput(openLinesSchemas.byUser, bodyOf(request)))
  })
  face.get('/placements', async () => ({ placements: webhooks.placements() }))
  face.get('/webhooks', async () => webhooks.list())
  face.post('/webhooks/incoming', async (request, reply) => {
    const webhook = webhooks.addIncoming(parseInput(openLinesSchemas.incomingWebhook, bodyOf(request)))
    return reply.code(201).send({ webhook, queued: 0 })
  })
  face.post('/webhooks/outgoing', async (request, reply) => {
    const webhook = webhooks.addOutgoing(parseInput(openLinesSchemas.outgoingWebhook, bodyOf(request)))
    return reply.code(201).send({ webhook, queued: 0 })
  })
  face.delete('/webhooks/:webhook', async (request) => {
    webhooks.delete(parseInput(webhookPath, request.params).webhook)
    return { queued: 0 }
  })
}
