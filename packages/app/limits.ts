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

/** Lanes handled at the same time in one process. */
export const LANES_AT_ONCE = 64
/** Events leased from one lane at once. */
export const LANE_BATCH_EVENTS = 64
/** Settled at the latest after this long, so that a crash repeats little. */
export const LANE_SETTLE_MS = 200
/** A lease outlives one handler run by this much. */
export const LANE_LEASE_MARGIN_MS = 60_000
/** One look at the whole store for lanes that nobody woke: a lease of a dead process, a clock that jumped. */
export const LANE_SWEEP_MS = 15_000
export const HANDLER_TIMEOUT_MS = 30_000
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
/** REST clients kept for portals, least recently used out first. */
export const CLIENTS_KEPT = 1_000
/** Renewing this early spares a request that would be answered expired_token. */
export const RENEW_BEFORE_EXPIRY_MS = 60_000
/** Portals whose bindings are mended at once after a start. */
export const PORTALS_EQUIPPED_AT_ONCE = 8
