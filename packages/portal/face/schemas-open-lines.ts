import { z } from 'zod'
import { PORTAL_LIMITS } from '../limits.ts'

const userId = z.int().nonnegative()
/** Characters of one chat message; a portal takes about as many. */
const MAX_TEXT_CHARS = 20_000

const text = z.string().min(1).max(MAX_TEXT_CHARS)
const eventCode = z.string().regex(/^\w{1,50}$/, 'letters, digits and _ only, 1 to 50').transform((code) => code.toUpperCase())

/** What the control API takes for chats, lines and webhooks. */
export const openLinesSchemas = {
  /** `user_id` 0: the line itself says it, as an automatic message. */
  message: z.strictObject({ text, user_id: userId.optional() }),
  byUser: z.strictObject({ user_id: userId.optional() }),
  incomingWebhook: z.strictObject({
    user_id: userId.optional(),
    title: z.string().max(200).optional(),
    scope: z.array(z.string().regex(/^[\w.]{1,100}$/)).max(100),
    code: z.string().regex(/^[a-z0-9]{1,100}$/, 'lower-case letters and digits only, 1 to 100').optional(),
  }),
  outgoingWebhook: z.strictObject({
    user_id: userId.optional(),
    title: z.string().max(200).optional(),
    handler: z.url({ protocol: /^https?$/ }).max(PORTAL_LIMITS.maxHandlerUrlChars),
    events: z.array(eventCode).min(1).max(100),
    application_token: z.string().regex(/^[\w-]{1,50}$/).optional(),
  }),
}
