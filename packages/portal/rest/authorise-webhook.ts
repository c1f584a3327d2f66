import type { PortalContext } from '../context.ts'
import { webhookAsApp, WEBHOOK_SESSION } from '../portal/webhooks.ts'
import { isInScope } from './authorise.ts'
import { RestError } from './errors.ts'
import type { Caller, RestMethod } from './method.ts'

/** `{user}/{code}/{method}`, the path of a call through an incoming webhook. */
export interface WebhookPath {
  readonly userId: number
  readonly code: string
  readonly method: string
}

export function readWebhookPath(path: string): WebhookPath | undefined {
  const [, userId, code, method] = /^(\d+)\/+([^/]+)\/+(.+)$/.exec(path) ?? []
  return userId === undefined || code === undefined || method === undefined ? undefined : { userId: Number(userId), code, method }
}

/** Order of the checks: https, code, user, scope (module source, rest/lib/apauth/auth.php). */
export function authoriseWebhook(context: PortalContext, path: WebhookPath, method: RestMethod): Caller {
  if (!context.webhookOverHttp && !context.addresses.portal.startsWith('https:')) throw new RestError('INVALID_REQUEST')
  const webhook = context.world.webhooks.incoming().find(({ userId, code }) => userId === path.userId && code === path.code)
  if (webhook === undefined) throw new RestError('INVALID_CREDENTIALS')
  const user = context.world.user(webhook.userId)
  if (user === undefined || !user.active) throw new RestError('authorization_error')
  if (!isInScope(method, webhook.scope)) {
    throw new RestError('insufficient_scope', 'The request requires higher privileges than provided by the webhook token')
  }
  return { app: webhookAsApp(webhook), user, session: WEBHOOK_SESSION, webhook }
}
