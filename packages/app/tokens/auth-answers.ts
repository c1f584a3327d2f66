import { z } from 'zod'

/** What an authorization server answers. Loaded at the first answer: no event waits for it. */
const identifier = z.union([z.string(), z.number()])
export const failureSchema = z.object({ error: z.string() })
export const appInfoSchema = z.object({
  result: z.object({
    client_id: z.string(),
    scope: z.string().default(''),
    expires: z.string().default(''),
    install: z.object({
      installed: z.union([z.boolean(), z.literal('Y'), z.literal('N')]).transform((value) => value === true || value === 'Y'),
      version: identifier.default('').transform(String),
      status: z.string().default(''),
      scope: z.string().default(''),
      domain: z.string(),
      uri: z.string().default(''),
      client_endpoint: z.url(),
      member_id: z.string(),
      member_type: z.string().default(''),
    }),
    user_id: identifier.transform(Number).exactOptional(),
  }),
})
export const tokenSchema = z.object({
  access_token: z.string().min(1),
  refresh_token: z.string().min(1),
  expires: identifier.transform(Number).exactOptional(),
  expires_in: identifier.default(3600).transform(Number),
  scope: z.string().default(''),
  domain: z.string().default(''),
  server_endpoint: z.url(),
  client_endpoint: z.url(),
  status: z.string().default(''),
  member_id: z.string(),
  user_id: identifier.transform(Number).exactOptional(),
})
