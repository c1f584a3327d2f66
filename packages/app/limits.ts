/** Every limit of the app side, with its unit and its reason. */

/** Held events per portal: the few that can race with their ONAPPINSTALL, not a place to store a flood. */
export const HELD_EVENTS_PER_PORTAL = 100
/** Held events of all portals of an app: what a flood of invented portals can cost in memory and disk. */
export const HELD_EVENTS_PER_APP = 10_000
/** Room besides for installs and updates that bring a token: decided as soon as the authorization server answers. */
export const HELD_PROVABLE_PER_PORTAL = 20
export const HELD_PROVABLE_PER_APP = 2_000
/** Queues may deliver ONAPPINSTALL late; an installer may stay open over a weekend. */
export const HELD_EVENT_AGE_MS = 3 * 24 * 3_600_000
/** How long an answer waits for the authorization server's word on an install. Past it the event is simply held. */
export const INLINE_PROOF_MS = 2_000
/** Questions to authorization servers at once, and how many may wait; beyond it events are held and asked about later. */
export const PROOFS_AT_ONCE = 8
export const PROOFS_WAITING = 1_000
/** One answer of an authorization server or portal. */
export const REMOTE_ANSWER_MS = 10_000
export const REMOTE_ANSWER_MAX_BYTES = 1_048_576
/** An application_token without an access token beside it is believed this long after its installer was proven. */
export const INSTALLER_FRESH_MS = 15 * 60_000
/** Events that turned out to be nobody's, kept as samples per store, newest first and without their content. */
export const UNPROVEN_EVENTS_KEPT = 500
/** Refusals kept as samples, newest first; all are counted. */
export const REFUSAL_SAMPLES = 500

/** Lanes whose handlers run at the same time in one process: many, so that slow portals do not delay the others. */
export const LANES_AT_ONCE = 1_000
/** Events that a lane runs before it stands behind all others. */
export const LANE_TURN_EVENTS = 64
/** Leased from one lane at once: events, and bytes of their data. */
export const LANE_BATCH_EVENTS = 256
export const LANE_BATCH_BYTES = 1_048_576
/** Kept in memory from their receipt until they run; beyond it they are read back from the store. */
export const QUEUED_EVENTS_PER_LANE = 128
export const QUEUED_BYTES = 33_554_432
/** A lease ends this long after its last renewal: how long a dead process's lanes wait for another. Renewed three times as often. */
export const LANE_LEASE_MS = 60_000
/** One look at the whole store for lanes that nobody woke: a lease of a dead process, a clock that jumped. */
export const LANE_SWEEP_MS = 15_000
/** Lanes taken up by one such look; the next follows at once if there were more. */
export const LANE_SWEEP_LANES = 1_000
/** A stop waits this long for handlers. An orchestrator usually kills after 30 s. */
export const DRAIN_MS = 20_000
export const HANDLER_TIMEOUT_MS = 30_000
/** A repeat is recognised this long after its first, when the app does not say. */
export const DUPLICATE_WINDOW_MS = 600_000
export const DUPLICATE_WINDOW_MAX_MS = 24 * 3_600_000
/** Fingerprints remembered per app: some 25 MB. Beyond it the oldest go, whatever the window. */
export const DUPLICATES_REMEMBERED = 100_000
/** Events given to a batch handler together, when it does not say. */
export const HANDLER_BATCH_EVENTS = 100
/**
 * When a failed event is tried again. Short at first, for what passes by itself; then long enough to live through an outage or a
 * night. After the last step the event is dead and its lane goes on.
 */
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
export const RETRY_STEPS_MS: readonly number[] = [
  1_000, 5_000, 30_000, 2 * MINUTE_MS, 10 * MINUTE_MS, 30 * MINUTE_MS, HOUR_MS, 2 * HOUR_MS, 4 * HOUR_MS, 8 * HOUR_MS, 8 * HOUR_MS,
]
/** Of a schedule that a handler brings: each attempt is kept in the event's record. */
export const RETRY_STEPS_MAX = 100
export const RETRY_STEP_MAX_MS = 7 * 24 * HOUR_MS
/** What Retry-After may ask for. */
export const RETRY_AFTER_MAX_MS = 24 * HOUR_MS
/** Calls and notes recorded for one attempt. */
export const ATTEMPT_RECORDS = 100
export const ATTEMPT_TEXT_LENGTH = 500

/** A body that trickles longer than this is cut off: Bitrix24's queue sends at once. */
export const BODY_RECEIVE_MS = 15_000
/** Bytes read and thrown away after a 413, so that the sender can still read the answer. */
export const REFUSED_BODY_DRAIN_BYTES = 16_777_216
/** A stop waits this long for requests under way; node no longer ends a half-sent one by itself then. */
export const STOP_GRACE_MS = 5_000
/** Clients of the live stream. */
export const STREAM_CLIENTS = 32
export const LIST_MAX_ROWS = 200
/** Read at once for an export; also bounded by size. */
export const EXPORT_PAGE_EVENTS = 200
/** Imported in one transaction: bounds how long those who append wait for it. */
export const IMPORT_SLICE_EVENTS = 100
/** One request of an import. The command line sends less; a single event may be that long. */
export const IMPORT_MAX_BYTES = 16_777_216
/** How long ended events are kept when nothing is said: a month to look back, a quarter to mend and replay. */
export const DONE_KEPT_MS = 30 * 24 * HOUR_MS
export const DEAD_KEPT_MS = 90 * 24 * HOUR_MS
/** Between two looks for events that were kept long enough; a tenth of it where the store may grow to a size only. */
export const RETENTION_SWEEP_MS = 10 * MINUTE_MS
/** The same while events are refused because the store is full. */
export const RETENTION_FULL_SWEEP_MS = 5_000
/** Between two slices of a deletion: those who append have the disk meanwhile. */
export const RETENTION_REST_MS = 20
/** One request for a replay of many goes on until it has met so many events, or has looked so often; then it says where to go on. */
export const REPLAY_EVENTS = 1_000
export const REPLAY_LOOKS = 20
/** Replayed in one transaction: bounds how long those who append wait for it. */
export const REPLAY_SLICE_EVENTS = 100
export const REPLAY_SAMPLE_IDS = 10
/** REST clients kept for portals, least recently used out first. */
export const CLIENTS_KEPT = 1_000
/** Renewing this early spares a request that would be answered expired_token. */
export const RENEW_BEFORE_EXPIRY_MS = 60_000
/** Portals whose bindings are mended at once after a start. */
export const PORTALS_EQUIPPED_AT_ONCE = 8

/** One delivery to a destination, connecting included. Standard Webhooks recommends 15 to 30 s. */
export const DELIVERY_TIMEOUT_MS = 15_000
export const DELIVERY_TIMEOUT_MAX_MS = 120_000
/** An endpoint's answer is read this far, so that the connection can be kept, and thrown away. */
export const DELIVERY_ANSWER_MAX_BYTES = 65_536
/** Deliveries to one HTTP endpoint at once, each on a connection of its own, when it does not say. */
export const ENDPOINT_CONNECTIONS = 64
export const ENDPOINT_CONNECTIONS_MAX = 1_000
/** Failures in a row after which a destination is left alone, and for how long at first and at most. */
export const BREAKER_FAILURES = 5
export const BREAKER_COOLING_MS = 1_000
export const BREAKER_COOLING_MAX_MS = 5 * 60_000
/** How long the others wait while one probes, each up to twice as long: they must not all come back at once. */
export const BREAKER_PROBE_WAIT_MS = 2_000
/** Both sides of a connection to a broker find out within about twice this that the other one is gone. */
export const BROKER_HEARTBEAT_S = 10
/** Confirms come for many at once: one lane alone is about five times as fast so. */
export const BROKER_BATCH_EVENTS = 100
/** A broker that does not answer a goodbye is left after this long. */
export const BROKER_GOODBYE_MS = 3_000
