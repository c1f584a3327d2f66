/** Where a fault can strike: a kind of request to the portal or its OAuth server, or an event on its way to an app. */
export const FAULT_PLACES = ['rest', 'token', 'app_info', 'authorize', 'delivery'] as const
export type FaultPlace = (typeof FAULT_PLACES)[number]
export type RoutePlace = Exclude<FaultPlace, 'delivery'>

const ROUTES = ['rest', 'token', 'app_info', 'authorize'] as const satisfies readonly FaultPlace[]
const JSON_ROUTES = ['rest', 'token', 'app_info'] as const satisfies readonly FaultPlace[]
const ANYWHERE = [...JSON_ROUTES, 'authorize', 'delivery'] as const satisfies readonly FaultPlace[]
const SENT = ['delivery'] as const satisfies readonly FaultPlace[]

/** Every fault and where it can strike; the first place is meant when none is named. docs/portal/faults.md tells of each. */
export const FAULT_PLACES_BY_NAME = {
  connection_reset: ANYWHERE,
  connection_closed: ROUTES,
  empty_answer: ROUTES,
  broken_chunk: ROUTES,
  slow_loris: ANYWHERE,
  latency: ANYWHERE,
  query_limit: ['rest'],
  operation_time_limit: ['rest'],
  expired_token: ['rest', 'app_info'],
  invalid_grant: ['token'],
  payment_required: JSON_ROUTES,
  error_answer: JSON_ROUTES,
  renamed_portal: ['rest', 'authorize'],
  html_answer: ROUTES,
  clock_skew: [...JSON_ROUTES, 'delivery'],
  uninstall: [...JSON_ROUTES, 'delivery'],
  duplicate: SENT,
  reorder: SENT,
  lost: SENT,
  no_refresh_token: SENT,
  no_tokens: SENT,
  truncated_form: SENT,
} as const satisfies Record<string, readonly [FaultPlace, ...FaultPlace[]]>

export type FaultName = keyof typeof FAULT_PLACES_BY_NAME
