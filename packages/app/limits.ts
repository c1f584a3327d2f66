/** Every limit of the app side, with its unit and its reason. */

/**
 * Held events cost a stranger nothing, so there is a room for them, per portal and per app, in events and in bytes of their bodies.
 * No sender may take more than is still free: one alone gets half of it, and whoever comes next finds some.
 */
export const HELD_EVENTS_PER_PORTAL = 200
export const HELD_BYTES_PER_PORTAL = 4_194_304
export const HELD_EVENTS_PER_APP = 20_000
export const HELD_BYTES_PER_APP = 67_108_864
/** A room of their own for installs and updates that bring a token: decided as soon as the authorization server answers. */
export const HELD_PROVABLE_PER_PORTAL = 40
export const HELD_PROVABLE_BYTES_PER_PORTAL = 262_144
export const HELD_PROVABLE_PER_APP = 4_000
export const HELD_PROVABLE_BYTES_PER_APP = 16_777_216
/** Held installs and updates whose application_tokens are taken into account before the server listens: a tenth of a second's work. */
export const CLAIMS_LOADED = 4_000
/** Queues may deliver ONAPPINSTALL late; an installer may stay open over a weekend. */
export const HELD_EVENT_AGE_MS = 3 * 24 * 3_600_000
/** How long an answer waits for the authorization server's word on an install. Past it the event is simply held. */
export const INLINE_PROOF_MS = 2_000
/** Questions to authorization servers at once, and how many may wait, half of them one sender's; beyond it events are asked about later. */
export const PROOFS_AT_ONCE = 8
export const PROOFS_WAITING = 2_000
/** A token that was refused is not asked about again so soon; of how many that is remembered: about a megabyte. */
export const REFUSED_TOKEN_MS = 60_000
export const REFUSED_TOKENS_REMEMBERED = 10_000
/** The server's word on a doubtful uninstall is waited for so long; without it the uninstall is believed. */
export const UNINSTALL_DOUBT_MS = 5_000
/** Uninstalls of a portal whose late copies are recognised. */
export const UNINSTALLS_REMEMBERED = 8
/** One answer of an authorization server or portal. */
export const REMOTE_ANSWER_MS = 10_000
export const REMOTE_ANSWER_MAX_BYTES = 1_048_576
/** One REST call, from question to the answer's last byte: Bitrix24's own longest runs take a minute. */
export const REST_CALL_MS = 60_000
/** Its answer, unpacked: some times the largest batch, and few enough that several at once leave memory for the rest. */
export const REST_ANSWER_MAX_BYTES = 33_554_432
/** An application_token without an access token beside it is believed this long after its installer was proven. */
export const INSTALLER_FRESH_MS = 15 * 60_000
/** Events that turned out to be nobody's, kept as samples per store, newest first and without their content. */
export const UNPROVEN_EVENTS_KEPT = 500
/** Refusals kept as samples, newest first; all are counted. */
export const REFUSAL_SAMPLES = 500

/** Lanes whose handlers run at the same time in one process: many, so that slow portals do not delay the others. */
export const LANES_AT_ONCE = 1_000
/** Of them, how many may wait for one handler's or destination's turn; the others stand by and leave their places to lanes with other work. */
export const WAITING_LANES = 128
/** A lane that stands by looks again after this long, should nobody have told it. */
export const STAND_BY_MS = 60_000
/** Events that a lane runs before it stands behind all others. */
export const LANE_TURN_EVENTS = 64
/** Leased from a lane whose head has just failed: what is behind it is read for nothing if it fails again. */
export const LANE_FAILED_EVENTS = 8
/** Each lease of a lane that has more asks for so many times the one before. */
export const LANE_ASK_GROWTH = 4
/** Leased from one lane at once, at most: events, and bytes of their data. */
export const LANE_BATCH_EVENTS = 256
export const LANE_BATCH_BYTES = 1_048_576
/** The same while QUEUED_BYTES are in memory already: each lane still has something to run, and a thousand of them are no gigabyte. */
export const FULL_LANE_BYTES = 16_384
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
/** Deaths of a process with an event that was noted as started, the first as one of many; after them it is not run again. */
export const NOTED_DEATHS_MAX = 4
/** An event that a process has died of rests so long, in each process anew: something else may kill whatever has just started. */
export const DEATH_REST_MS = 5_000
/** A suspect runs so long with no other beside it. */
export const SOLITUDE_MS = 10_000
/** Calls and notes recorded for one attempt. */
export const ATTEMPT_RECORDS = 100
export const ATTEMPT_TEXT_LENGTH = 500

/** A sender's headers, and its whole request: longer only for what is uploaded to the operator API (IMPORT_MAX_BYTES at 3 Mbit/s). */
export const HEADERS_RECEIVE_MS = 20_000
export const REQUEST_RECEIVE_MS = 60_000
/** How often connections are looked at for that. */
export const CONNECTIONS_CHECK_MS = 5_000
/** Open at once; beyond it new ones are closed. Some 10 KB each when idle. */
export const CONNECTIONS = 8_192
/** A body that trickles longer than this is cut off: Bitrix24's queue sends at once. */
export const BODY_RECEIVE_MS = 15_000
/**
 * Memory of all event bodies under way that come in more than one piece, shared by their senders like the room of held events: half of
 * it takes 32 of the largest at once, which a queue that sends at once hardly ever has. The usual event comes in one piece and counts
 * for nothing.
 */
export const BODIES_BYTES = 67_108_864
/** Bytes read and thrown away after a 413, so that the sender can still read the answer. */
export const REFUSED_BODY_DRAIN_BYTES = 16_777_216
/** A stop waits this long for requests under way; node no longer ends a half-sent one by itself then. */
export const STOP_GRACE_MS = 5_000
/** The platform's list of senders is asked for again after this long; docs ask for five to ten minutes. */
export const SENDER_NODES_POLL_MS = 7 * 60_000
/** The same when an unknown sender comes: never more than once a minute. */
export const SENDER_NODES_MIN_MS = 60_000
/** A new address is listed some minutes before its use; a list older than this is not enforced. */
export const SENDER_NODES_STALE_MS = 60 * 60_000
/** A sender that is not on the list waits so long for a newer one. */
export const SENDER_NODES_WAIT_MS = 3_000
export const SENDER_NODES_MAX = 10_000
/** Clients of the live stream. */
export const STREAM_CLIENTS = 32
/**
 * What they are shown of changes: so many events and installations are looked up, one after another, and then there is a rest. An
 * installation is four questions to the thread that writes, so these are 400 a second, whatever the load.
 */
export const SHOWN_EVENTS_AT_ONCE = 50
export const SHOWN_PORTALS_AT_ONCE = 10
export const SHOW_REST_MS = 100
/** Events that wait to be looked up, the oldest go: more than a page shows before it loads its first rows again. */
export const SHOWN_EVENTS_WAITING = 2_000
/** A copy of the store of which nothing has been read for so long is not sent any further: it takes disk, and the place of the next. */
export const SNAPSHOT_STALLED_MS = 60_000
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
/**
 * An erasure waits so long for the app's handler of the uninstall, and then goes on beside it: as long as the usual schedule takes. A
 * handler's own may go on for months, one that never ends for ever, and a destination may stay out of reach.
 */
export const ERASE_WAITS_MS = 24 * HOUR_MS
/** Rest between two slices of an erasure, some 100 events each: receiving goes on. */
export const ERASE_REST_MS = 20
/** A store that failed, or whose log a reader keeps, is asked again after this long. */
export const ERASE_AGAIN_MS = 1_000
/** Shared seals opened and sealed anew before requests have their turn: some milliseconds. */
export const ERASE_SEALS_AT_ONCE = 4
/** A REST answer unblocks a portal no earlier than this after it was blocked: a portal that answers now so, now so must not fill the audit trail. */
export const UNBLOCK_BY_CALL_MS = 60_000
/** An event that fails because its portal refuses all calls comes again after this long, without using up an attempt … */
export const BLOCKED_LOOK_MS = 10 * 60_000
/** … until it is this old: then its retry schedule counts. */
export const BLOCKED_WAIT_MS = 30 * 24 * 3_600_000
/** A portal that moves back to where it came from within this time is two. */
export const CLONE_WINDOW_MS = 7 * 24 * 3_600_000
/** A portal's clock may be ahead of ours by this much; beyond it what an uninstall says of its time is not believed. */
export const PORTAL_CLOCK_SKEW_MS = 15 * 60_000
/** What a portal that moved sent up to this long after we learnt of it may be from before: clocks differ. */
export const MOVE_SKEW_MS = 15 * 60_000
/** Portals of which events came from another address than the known one, as remembered to find clones; the oldest go. */
export const CLONES_WATCHED = 1_000
/**
 * Changes of one portal's installation in an hour that events may cause, by kind: blocked and no longer (payment; more of these, so that
 * the last word is not a block), another version, and whatever an administrator's proof brings. Far more than any true portal has; all
 * of them together are some 50 KB of the audit trail an hour.
 */
export const CHANGES_PER_HOUR = { block: 10, unblock: 20, version: 10, proof: 60 } as const
/** An audit trail that could not be sealed is sealed after this long. */
export const SEAL_AGAIN_MS = 1_000
/** Records verified before requests have their turn. */
export const AUDIT_VERIFY_RECORDS = 200

/** REST clients kept for portals, least recently used out first. */
export const CLIENTS_KEPT = 1_000
/** Renewing this early spares a request that would be answered expired_token. */
export const RENEW_BEFORE_EXPIRY_MS = 60_000
/** A renewal is claimed this long: two questions to the server and the store's answer. A dead process's claim ends with it. */
export const RENEWAL_CLAIM_MS = 60_000
/** How often a process looks whether another one has ended its renewal. */
export const RENEWAL_LOOK_MS = 100
/** After a renewal that failed for now the server is not asked for that account again for this long, doubled each time. */
export const RENEWAL_COOLING_MS = 1_000
export const RENEWAL_COOLING_MAX_MS = 5 * MINUTE_MS
/** Renewals in an hour of an access token whose time is not up, because the portal rejects it: beyond it the portal is what is wrong. */
export const REJECTED_RENEWALS_PER_HOUR = 10
/**
 * A refresh token lives for 180 days. One that nobody needs is renewed once at this age, up to AGE_JITTER_MS earlier, and not all of
 * those that were installed on one day on one day either. A month is left for servers that cannot be reached.
 */
export const AGE_RENEWAL_MS = 150 * 24 * HOUR_MS
export const AGE_JITTER_MS = 20 * 24 * HOUR_MS
/** How often it is looked for such; how many are renewed then; when one that failed is tried again. */
export const AGE_SWEEP_MS = HOUR_MS
export const AGE_RENEWALS_PER_SWEEP = 60
export const AGE_AGAIN_MS = 24 * HOUR_MS
/** Looked at by one sweep, oldest first. */
export const AGE_SWEEP_ACCOUNTS = 10_000
/** Sealed anew with another key in one transaction, and the rest between two: those who append have the disk meanwhile. */
export const RESEAL_SLICE_VALUES = 100
export const RESEAL_SLICE_BYTES = 1_048_576
export const RESEAL_REST_MS = 20
/** Resealing waits this long for a store that failed. */
export const RESEAL_AGAIN_MS = 10_000
/** What was sealed with a former key just before it ended is stored long before this. */
export const FORMER_KEY_REST_MS = 5 * MINUTE_MS
/** Portals whose bindings are mended at once after a start. */
export const PORTALS_EQUIPPED_AT_ONCE = 8
/** The same by one request of an operator, which is answered when they are done. */
export const PORTALS_SYNCED_AT_ONCE = 8

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

/** Rows of an offline queue that are fetched, stored and cleared together: what event.offline.get gives when it is not told. */
export const OFFLINE_BATCH_EVENTS = 50
/** Batches of one queue before the other portals have their turn. */
export const OFFLINE_BATCHES_PER_TURN = 20
/** Portals whose offline queues are emptied at once. */
export const OFFLINE_DRAINS_AT_ONCE = 8
/**
 * Between two looks into a portal's offline queue. ONOFFLINEEVENT wakes us sooner where it can reach us; one call a minute is far
 * below what a portal allows.
 */
export const OFFLINE_POLL_MS = 60_000
/**
 * Rest after a look that found something: three or four calls, where a portal allows two a second. Doubled with each look that fails,
 * up to OFFLINE_POLL_MAX_MS.
 */
export const OFFLINE_REST_MS = 5_000
export const OFFLINE_POLL_MAX_MS = 30 * 60_000
/** Of each wait, more or less: portals must not be asked in step. */
export const OFFLINE_JITTER = 0.2
/** After a start the first looks are spread over this. */
export const OFFLINE_START_MS = 2_000
/** How often rows are looked for that somebody marked as failed, and bindings that an update has dropped of which we were not told. */
export const OFFLINE_CARE_MS = 3_600_000

/** Clocks that differ by more are worth a word: tokens are renewed a minute before their end. */
export const CLOCK_SKEW_MS = 60_000
/** How long the doctor waits for its test event: Bitrix24 calls its queue's delay slight and gives no number. */
export const DOCTOR_WAIT_MS = 15_000
/** At most, so that whoever asked is still there. */
export const DOCTOR_WAIT_MAX_MS = 20_000
