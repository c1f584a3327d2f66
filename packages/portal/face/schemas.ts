import { CodedError } from '@portline/wire/errors.ts'
import { z } from 'zod'
import { PORTAL_LIMITS } from '../limits.ts'

const name = z.string().min(1).max(200)
const httpUrl = z.url({ protocol: /^https?$/ }).max(PORTAL_LIMITS.maxHandlerUrlChars)
const userId = z.int().nonnegative()
/** Bitrix24 counts versions; its documentation prints three numbers. */
const version = z.string().regex(/^\d[\d.]{0,19}$/, 'digits and dots, 20 at most')
const isoTime = z.iso.datetime({ offset: true })
const identifier = z.string().regex(/^[\w.-]{1,100}$/, 'letters, digits, _ . - only, 1 to 100')

/** What the control API takes. Unknown keys are refused, so that a misspelt one can't go unnoticed. */
export const controlSchemas = {
  app: z.strictObject({
    name,
    kind: z.enum(['local', 'market']),
    code: identifier.optional(),
    client_id: identifier.optional(),
    client_secret: z.string().min(1).max(200).optional(),
    scope: z.array(identifier).max(100).optional(),
    handler_url: httpUrl.optional(),
    install_url: httpUrl.optional(),
    redirect_uri: httpUrl.optional(),
    ui: z.boolean().optional(),
    version: version.optional(),
    status: z.enum(['L', 'F', 'D', 'T', 'P', 'S']).optional(),
    application_token: z.string().min(1).max(50).optional(),
    date_finish: isoTime.nullable().optional(),
  }),
  install: z.strictObject({ user_id: userId.optional(), language: z.string().regex(/^[a-z]{2}$/).optional() }),
  nothing: z.strictObject({}),
  update: z.strictObject({
    version,
    rotate_application_token: z.boolean().optional(),
    signal: z.enum(['update', 'install']).optional(),
  }),
  uninstall: z.strictObject({ clean: z.boolean() }),
  open: z.strictObject({
    placement: z.string().regex(/^[A-Z0-9_]{1,100}$/).optional(),
    options: z.record(z.string(), z.unknown()).optional(),
    user_id: userId.optional(),
  }),
  payment: z.strictObject({ expired: z.boolean(), date_finish: isoTime.optional() }),
  line: z.strictObject({ name }),
  rename: z.strictObject({
    host: z.string().max(253).regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, 'a host name or IPv4 address in lower case').optional(),
    port: z.int().min(0).max(65_535).optional(),
  }),
  connector: z.strictObject({ active: z.boolean(), user_id: userId.optional() }),
  event: z.strictObject({
    event: z.string().regex(/^[\w.]{1,50}$/, 'letters, digits, _ and . only, 1 to 50').transform((code) => code.toUpperCase()),
    data: z.json().optional(),
    replace: z.boolean().optional(),
    user_id: userId.optional(),
    client_id: identifier.optional(),
  }),
  events: z.strictObject({ scope: identifier.optional() }),
  deliveries: z.strictObject({
    after: z.coerce.number().int().nonnegative().optional(),
    limit: z.coerce.number().int().positive().max(PORTAL_LIMITS.maxDeliveriesPerPage).optional(),
  }),
}

/** BAD_REQUEST naming each wrong field. */
export function parseInput<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const parsed = schema.safeParse(input)
  if (parsed.success) return parsed.data
  const issues = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`)
  throw new CodedError('BAD_REQUEST', issues.join('; '))
}
