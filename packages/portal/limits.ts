/** Everything in the portal that could grow without end, with its unit. Reaching a limit refuses; nothing is cut silently. */
export const PORTAL_LIMITS = {
  /** Registered applications; a developer has a handful, a load test some hundreds. */
  maxApps: 1_000,
  /** Deleted local apps remembered so that their tokens are answered NOT_INSTALLED; the oldest is forgotten first. */
  maxDeletedApps: 1_000,
  /** Portals of one OAuth server; a token has room for 65,536. */
  maxPortalsPerOAuthServer: 10_000,
  /** Six-digit codes waiting to be typed in; the oldest is forgotten first. */
  maxShortCodes: 1_000,
  /** Consents of users to apps remembered; the oldest is asked for again. */
  maxConsents: 10_000,
  /** Verdicts on tokens remembered by a portal that remembers them; the oldest is forgotten first. */
  maxTokenVerdicts: 1_000,
  /** Addresses a portal had before: each still answers with a redirect. */
  maxFormerAddresses: 100,
  /** Event handler rows of one app, against a bind loop. */
  maxHandlerRowsPerApp: 1_000,
  maxLines: 1_000,
  maxConnectorsPerApp: 100,
  /** Widget handlers of one app. */
  maxPlacementsPerApp: 1_000,
  /** Incoming and outgoing webhooks together. */
  maxWebhooks: 1_000,
  /** Rows waiting in one app's offline queue. */
  maxOfflineEventsPerApp: 10_000,
  /** Open line chats, and as many visitors. */
  maxChats: 10_000,
  /** Messages of all chats; the oldest is forgotten first. */
  maxChatMessages: 20_000,
  /** CRM records and tasks together. */
  maxRecords: 200_000,
  /** Characters of one record as JSON, and of all of them together. */
  maxRecordChars: 65_536,
  maxRecordsChars: 268_435_456,
  maxUsers: 10_000,
  /** Addresses whose request rate is watched; the one unseen for longest is forgotten first. */
  maxRateBuckets: 10_000,
  /** Pairs of caller and method whose processing time is counted; the one unused for longest is forgotten first. */
  maxOperatingUsages: 10_000,
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
  /** Deliveries in flight to one app at one address, in one category: as many as a small server takes at once. */
  maxConcurrentPerHandler: 4,
  /** Deliveries in flight altogether: each holds a socket. */
  maxConcurrentDeliveries: 256,
  /** Apps whose slowness is remembered while nothing waits for them; beyond that an idle one is forgotten. */
  maxRememberedPaces: 10_000,
  /** Faults asked for at a time; a test has a handful. */
  maxFaults: 100,
  /** Milliseconds a fault may hold something up: a day, longer than any token lives. */
  maxFaultDelayMs: 86_400_000,
  /** Milliseconds of real time an advance of the clock waits for answers, each time nothing comes. */
  clockPatienceMs: 500,
  /** Milliseconds of one advance: ten years. */
  maxClockStepMs: 315_360_000_000,
  /** Bytes of an imported state. */
  maxStateBytes: 67_108_864,
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
