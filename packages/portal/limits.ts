/** Everything in the portal that could grow without end, with its unit. Reaching a limit refuses; nothing is cut silently. */
export const PORTAL_LIMITS = {
  /** Registered applications; a developer has a handful, a load test some hundreds. */
  maxApps: 1_000,
  /** Deleted local apps remembered so that their tokens are answered NOT_INSTALLED; the oldest is forgotten first. */
  maxDeletedApps: 1_000,
  /** Event handler rows of one app, against a bind loop. */
  maxHandlerRowsPerApp: 1_000,
  maxLines: 1_000,
  maxConnectorsPerApp: 100,
  /** Characters of all options of one app as JSON. */
  maxOptionsChars: 1_048_576,
  /** Spent codes and refresh tokens remembered; expired ones go first, then the oldest. */
  maxSpentTokens: 100_000,
  /** Bytes of one request body, to the portal and to the OAuth server. */
  maxBodyBytes: 1_048_576,
  /** Levels of nesting in a JSON body; PHP's own form limit. */
  maxJsonDepth: 64,
  /** Characters of a handler URL and of an event code: column widths of the event table. */
  maxHandlerUrlChars: 255,
  maxEventCodeChars: 50,
  /** Deliveries waiting in one category; further ones are logged as QUEUE_FULL. */
  maxQueuedPerCategory: 100_000,
  /** Deliveries in flight in one category: a slow handler must not hold up every other app. */
  maxConcurrentPerCategory: 4,
  /** Milliseconds a handler has to answer. The real figure is undocumented; hop 1 has 15 s. */
  deliveryTimeoutMs: 15_000,
  /** Milliseconds an app's page has to answer a frame POST; a person would have given up. */
  frameTimeoutMs: 30_000,
  maxLoggedDeliveries: 10_000,
  /** Characters of all logged bodies together; the oldest deliveries are forgotten first. */
  maxLoggedChars: 67_108_864,
  /** Bytes kept of an answer's body. */
  maxLoggedResponseBytes: 4_096,
  /** Deliveries in one answer of the control API. */
  maxDeliveriesPerPage: 1_000,
  /** Milliseconds between a change and the write of the state file: one write for a burst. */
  stateSaveDelayMs: 100,
} as const

/** Hops an event may cause through REST calls made with its token (module source: HANDLER_SESSION_TTL). */
export const EVENT_SESSION_START = 7
