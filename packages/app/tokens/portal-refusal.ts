import type { ErrorCode } from '@portline/wire/errors.ts'

export type PortalRefusal = Extract<ErrorCode, 'PORTAL_UNPAID' | 'PORTAL_INACTIVE'>

/**
 * Answers by which a portal says that it refuses every call of the app, whoever makes it (error-codes.md; module source,
 * rest/lib/oauth/auth.php). ACCESS_DENIED alone says so only of a plan: else it is about one user and one method.
 */
const ABOUT_PLAN = /commercial plan|by subscription|subscription has been ended/i

export function portalRefusal(code: string | undefined, description: string | undefined): PortalRefusal | undefined {
  if (code === 'PAYMENT_REQUIRED') return 'PORTAL_UNPAID'
  if (code === 'ACCESS_DENIED' && ABOUT_PLAN.test(description ?? '')) return 'PORTAL_UNPAID'
  if (code === 'APPLICATION_NOT_FOUND') return 'PORTAL_INACTIVE'
  return undefined
}
