/**
 * The one table of Portline's own errors. Every refusal, failure and exit code comes from here; docs/errors.md is
 * generated from it. Bitrix24's own codes (expired_token, ERROR_ARGUMENT …) are not here: they are facts of the wire.
 */
export interface ErrorEntry {
  /** HTTP status of an answer that carries the code. */
  readonly status: number
  readonly meaning: string
  readonly cause: string
  readonly todo: string
  /** Repeating cannot help: a handler that fails with it makes its event dead at once. */
  readonly final?: true
}

const malformed = { status: 400, todo: 'Nothing on your side if Bitrix24 sent it; otherwise send what Bitrix24 sends.' } as const

export const ERROR_TABLE = {
  // The form body
  BODY_TOO_LARGE: { status: 413, meaning: 'The body is larger than the limit.', cause: 'More bytes than FORM_LIMITS.maxBodyBytes.', todo: 'Raise the limit if your portal really sends such bodies.' },
  TOO_MANY_PARAMETERS: { status: 413, meaning: 'The body has more parameters than the limit.', cause: 'More name=value pairs than FORM_LIMITS.maxParameters.', todo: 'Raise the limit if your portal really sends such bodies.' },
  NESTING_TOO_DEEP: { status: 413, meaning: 'A parameter name nests deeper than the limit.', cause: 'More brackets than FORM_LIMITS.maxDepth.', todo: 'Raise the limit if your portal really sends such bodies.' },
  KEY_TOO_LONG: { status: 413, meaning: 'A parameter name is longer than the limit.', cause: 'More bytes than FORM_LIMITS.maxKeyBytes.', todo: 'Raise the limit if your portal really sends such bodies.' },

  // The request
  METHOD_NOT_ALLOWED: { status: 405, meaning: 'Only POST is accepted here.', cause: 'Bitrix24 sends events by POST.', todo: 'Use POST.' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, meaning: 'The body is not a form.', cause: 'Bitrix24 sends application/x-www-form-urlencoded, whatever the documentation prints.', todo: 'Send a form.' },
  BODY_INCOMPLETE: { ...malformed, meaning: 'The body ended before it was complete.', cause: 'The connection broke or was too slow.' },
  TOO_MANY_BODIES: { status: 503, meaning: 'No more can be received now.', cause: 'The bodies that are under way, all of them or this sender\'s, take the memory there is for them.', todo: 'See who sends them. Behind a proxy set PORTLINE_TRUSTED_PROXIES: without it all senders share the part of one. Bitrix24 does not send again what was refused.' },
  EVENT_MISSING: { ...malformed, meaning: 'The body has no event code.', cause: 'Key `event` is absent or empty.' },
  EVENT_MALFORMED: { ...malformed, meaning: 'A field of the envelope has the wrong shape.', cause: '`event`, `ts` or `event_handler_id` is not a plain value, or too long.' },
  AUTH_MISSING: { ...malformed, meaning: 'The body has no auth block.', cause: 'Key `auth` is absent.' },
  AUTH_MALFORMED: { ...malformed, meaning: 'The auth block is not a map of strings.', cause: '`auth` is a list or a plain value, or one of its fields is not a string.' },
  MEMBER_ID_MISSING: { ...malformed, meaning: 'The auth block names no portal.', cause: '`auth[member_id]` is absent or not an identifier.' },
  APP_UNKNOWN: { status: 404, meaning: 'No app of that name runs here.', cause: 'The path names an app that was not started.', todo: 'Check the handler URL against the name in defineApp().' },
  NOT_FOUND: { status: 404, meaning: 'There is nothing at this address.', cause: 'The path or the id is unknown.', todo: 'Check the address, the name or the id.' },
  BAD_REQUEST: { ...malformed, meaning: 'The request is not understood.', cause: 'A parameter is missing or has the wrong shape.', todo: 'Change what the description names. For a command: --help shows its options; for a request: docs/reference/operator-api.md.' },

  // Trust
  APPLICATION_TOKEN_MISSING: { status: 403, meaning: 'The event carries no application_token.', cause: 'Every event of Bitrix24 carries one.', todo: 'If you forward events yourself, forward the whole auth block.' },
  APPLICATION_TOKEN_MISMATCH: { status: 403, meaning: 'The application_token is not the one known for this portal.', cause: 'A forgery, or the app was deleted and created anew on the portal.', todo: 'If the app was created anew, install it again: the new installation is proven by its tokens.' },
  PROOF_REFUSED: { status: 403, meaning: 'The authorization server does not confirm this portal and user.', cause: 'The access token is unknown, belongs to another app or portal, or its user may not install apps.', todo: 'If it was a real installation, install again.' },
  PROOF_UNAVAILABLE: { status: 503, meaning: 'The authorization server could not be asked.', cause: 'It was not reachable or answered nonsense.', todo: 'Nothing: the event is held and the question is asked again.' },
  AUTH_SERVER_UNKNOWN: { status: 403, meaning: 'The authorization server named is not one that is trusted.', cause: 'server_endpoint is not among the known authorization servers.', todo: 'For an on-premise portal with its own server add its origin to PORTLINE_AUTH_SERVERS.' },
  SENDER_UNKNOWN: { status: 403, meaning: 'The sender\'s address is not one that Bitrix24 sends events from.', cause: 'PORTLINE_SENDER_NODES is enforce, and the published list does not have the address.', todo: 'If it is Bitrix24: behind a proxy set PORTLINE_TRUSTED_PROXIES; a portal with a network of its own needs PORTLINE_SENDER_NODES=off.' },
  SENDER_LIST_UNAVAILABLE: { status: 503, meaning: 'The published list of senders could not be fetched.', cause: 'Its address was not reachable, or answered without a list.', todo: 'Nothing for an hour: the last list is used. After that nobody is refused by it.' },
  PORTAL_UNKNOWN: { status: 403, meaning: 'Nothing is known of this portal yet.', cause: 'The event arrived before its installation was proven, and no more such events can be held.', todo: 'Install the app on the portal.' },
  INSTALLATION_DELETED: { status: 403, meaning: 'The app was uninstalled from this portal.', cause: 'A late event of a former installation, or a call after the uninstall.', todo: 'Nothing; a new installation opens the portal again.', final: true },
  FORMER_INSTALLATION: { status: 409, meaning: 'The event belongs to a former installation of the app on this portal.', cause: 'The app was uninstalled and installed again before the event was handled.', todo: 'Nothing; events of the new installation are handled.', final: true },
  AWAITING_PROOF: { status: 200, meaning: 'The event is held until its portal is proven.', cause: 'No application_token is known for the portal yet.', todo: 'Open or install the app on the portal.' },
  HELD_TOO_LONG: { status: 200, meaning: 'The event was held and its proof never came.', cause: 'No installation of its portal was proven in time.', todo: 'Install the app on the portal; if it was real the event is lost.' },
  DUPLICATE: { status: 200, meaning: 'The event repeats one that is kept, and was not handed on.', cause: 'The same delivery came twice, and the app drops repeats.', todo: 'Nothing; its record names the first. It can be replayed.' },
  ALREADY_UNINSTALLED: { status: 200, meaning: 'The app had been uninstalled already.', cause: 'Bitrix24 sent the uninstall twice.', todo: 'Nothing.' },

  // The portal, as a reason at its installation
  NEED_REINSTALL: { status: 409, meaning: 'The app has to be installed again on this portal.', cause: 'No account of the portal has tokens that can be used.', todo: 'Let an administrator open the app on the portal, or install it again.' },
  PORTAL_UNPAID: { status: 402, meaning: 'The portal does not let the app work: payment or plan.', cause: 'PAYMENT_REQUIRED, a plan without REST, or ONAPPPAYMENT with PAYMENT_EXPIRED=Y.', todo: 'Nothing when the portal pays: it is unblocked by the next call that succeeds or ONAPPPAYMENT.' },
  PORTAL_INACTIVE: { status: 409, meaning: 'The app is switched off on the portal.', cause: 'The portal answered APPLICATION_NOT_FOUND.', todo: 'Switch it on there, or install it again.' },
  PORTAL_BLOCKED: { status: 409, meaning: 'An operator has blocked the portal.', cause: 'portline portals block.', todo: 'portline portals unblock <member_id>; its events are kept and wait.' },
  PORTAL_CLONED: { status: 409, meaning: 'Two portals speak in the name of this one.', cause: 'A copy of an on-premise portal is alive beside the original: the same member_id comes from two addresses in turn.', todo: 'Give one of them a registration of its own (Bitrix24 does so when it is registered anew), then install the app again on the right one.' },
  PORTAL_REPLACED: { status: 409, meaning: 'The app was installed from the same address under another member_id.', cause: 'An on-premise portal was registered anew, or its copy stands in its place.', todo: 'If the portal was registered anew its former installation is over; portline portals list shows both.' },

  // Audit
  AUDIT_BROKEN: { status: 409, meaning: 'The audit trail was changed.', cause: 'A record, its details or the seal is not what was written; the description names the first one.', todo: 'Keep the files, and compare with a backup.' },

  // Tokens and REST
  TOKENS_MISSING: { status: 409, meaning: 'There are no tokens for this portal.', cause: 'The installation brought none.', todo: 'Open the app on the portal once, or install it again.', final: true },
  TOKENS_DEAD: { status: 409, meaning: 'The tokens of this portal can no longer be renewed.', cause: 'The authorization server refused the refresh tokens of all its accounts.', todo: 'Have an administrator open the app on the portal once, or install it again; then replay what ended with this code.', final: true },
  RENEWAL_FAILED: { status: 503, meaning: 'The tokens could not be renewed now.', cause: 'The authorization server was not reachable or answered nonsense.', todo: 'Nothing: it is tried again.' },
  REST_FAILED: { status: 502, meaning: 'A REST call to the portal failed.', cause: 'See the description: it carries the code of Bitrix24.', todo: "Look up Bitrix24's code in its REST documentation; what it says of load or of a fault of its own passes." },

  OFFLINE_LICENSE_MISSING: { status: 403, meaning: "The portal's licence does not let offline events be fetched without risk.", cause: 'event.offline.get with clear=0, or a named queue (authConnector), is not part of it (WRONG_LICENSE). Nothing is fetched: without a reservation a crash would lose events.', todo: 'Nothing is lost while they wait there, for some 34 days. Change the licence, or drop `offline` and authConnector so that the events are sent.' },
  OFFLINE_ROW_UNREADABLE: { status: 422, meaning: 'A row of an offline queue cannot be made an event.', cause: 'Its data nests more than 1,000 levels deep.', todo: 'The event is kept as dead, without its data, and its row is taken out of the queue, so that what waits behind it comes. Ask the portal over REST for what has changed at that time.' },
  OFFLINE_ACCESS_DENIED: { status: 403, meaning: 'The portal does not let this account fetch offline events.', cause: 'Only administrators may (ACCESS_DENIED); the account that installed the app is none any more.', todo: 'Have an administrator of the portal open or install the app again.' },

  // Handlers and lanes
  HANDLER_FAILED: { status: 500, meaning: 'The handler threw an error.', cause: 'See the error of the attempt.', todo: 'Mend the handler. While the event waits it is tried again by itself; a dead one has to be replayed.' },
  HANDLER_TIMEOUT: { status: 500, meaning: 'The handler did not finish in time.', cause: 'It ran longer than its timeout.', todo: 'Make it shorter or raise its timeout. While the event waits it is tried again by itself; a dead one has to be replayed.' },
  PROCESS_DIED: { status: 500, meaning: 'The process died while the event ran, and most likely of it.', cause: 'Its handler ended the process: process.exit, an exception in a timer\'s callback, more memory than there is. Or the process was killed at that very moment.', todo: 'Look at the last lines of the log before the end, mend the handler and replay the event.' },
  ATTEMPTS_EXHAUSTED: { status: 500, meaning: 'The event failed as often as its retry schedule allows.', cause: 'See its attempts.', todo: 'Mend the cause and replay the event.' },
  APP_MODULE_INVALID: { status: 500, meaning: 'The app module has no app.', cause: 'Its default export is not the result of defineApp().', todo: 'export default defineApp({ name: … })' },
  APP_FILE_INVALID: { status: 500, meaning: 'The app file is wrong.', cause: 'See the description.', todo: 'Mend app.json.' },
  APP_DEFINITION_INVALID: { status: 500, meaning: 'The definition of the app is wrong.', cause: 'See the description.', todo: 'Mend the argument of defineApp().' },

  // Destinations
  DESTINATION_INVALID: { status: 500, meaning: 'The description of a destination is wrong.', cause: 'See the description.', todo: 'Mend the argument of httpEndpoint() or rabbitMq(), or the destination in app.json.' },
  DESTINATION_FAILED: { status: 502, meaning: 'The destination did not take the event.', cause: 'It was not reachable, did not answer in time, or answered with a failure that may pass.', todo: 'Nothing if it passes: the event is tried again. Else see the description and mend the destination.' },
  DESTINATION_REFUSED: { status: 422, meaning: 'The destination refuses this event.', cause: 'It answered 400, 410, 413, 415 or 422, or no message can be made of the event: the id of an imported one may be too long for RabbitMQ, or have characters that no HTTP header holds.', todo: 'Mend the destination and replay the event. One whose id is the trouble: import it under another id.', final: true },
  DESTINATION_FORBIDDEN: { status: 403, meaning: 'The destination has an address that may not be reached.', cause: 'Its name leads to a private, loopback, link-local or otherwise special address, or it is plain http to a public one.', todo: 'If it is meant, name the host or its network in allowPrivate; to a public address use https.' },
  DESTINATION_UNROUTABLE: { status: 502, meaning: 'The broker has no queue for the event.', cause: 'No queue is bound to the exchange for this routing key.', todo: 'Bind a queue: the event is tried again.' },
  DESTINATION_PAUSED: { status: 503, meaning: 'The destination is left alone for a while.', cause: 'It failed several times in a row, or asked for a pause.', todo: 'Nothing: deliveries go on by themselves, and waiting does not count as an attempt.' },

  // Store
  STORE_UNAVAILABLE: { status: 503, meaning: 'The store cannot write now.', cause: 'The disk is full or failing, the store is stopping, or its thread has died: then portline start ends by itself.', todo: 'Make room, or start it again; nothing that was answered 200 is lost.' },
  STORE_FULL: { status: 503, meaning: 'The store has reached its size, and nothing in it has ended.', cause: 'PORTLINE_MAX_STORE is set, and events that wait or are held take all of it.', todo: 'See why events do not end, or raise PORTLINE_MAX_STORE. Bitrix24 does not send again what was refused.' },
  STORE_IN_USE: { status: 503, meaning: 'Another process uses this data folder.', cause: 'Two app sides share one PORTLINE_DATA.', todo: 'Stop the other one, or give this one a folder of its own.' },
  STORE_NEWER: { status: 503, meaning: 'The data folder was written by a newer version.', cause: 'Its schema version is unknown to this version.', todo: 'Use the newer version.' },
  STORE_EXISTS: { status: 409, meaning: 'There is a store in this data folder already.', cause: 'A restore never overwrites one by itself.', todo: 'Restore into another folder, or add --force: the old store is kept beside it.' },
  STORE_MISSING: { status: 404, meaning: 'There is no store in this data folder.', cause: 'The folder is not the one that an app side used.', todo: 'Check --data or PORTLINE_DATA.' },
  BACKUP_INVALID: { status: 422, meaning: 'The file is no backup that can be restored.', cause: 'See the description.', todo: 'Use another backup.' },
  BACKUP_RUNNING: { status: 503, meaning: 'A backup is being made already.', cause: 'Another backup was begun, and is not made or not sent to its end.', todo: 'Try again when it has.' },
  IMPORT_INVALID: { status: 400, meaning: 'A line of an import is no event.', cause: 'See the description, which names the line.', todo: 'Mend the line, or take it out; lines before it may have been imported, and are skipped the next time.' },
  KEY_INVALID: { status: 500, meaning: 'The sealing key cannot be used.', cause: 'PORTLINE_KEY or the key file is not 32 bytes in base64, or is not the key that sealed the data.', todo: 'Give the key the data was sealed with.' },
  KEY_FROM_ENVIRONMENT: { status: 409, meaning: 'The sealing key is given by PORTLINE_KEY, so it cannot be changed from here.', cause: 'Only a key file can be written.', todo: 'Put the present key into PORTLINE_FORMER_KEYS and a new one (openssl rand -base64 32) into PORTLINE_KEY, and start the app side again; it reseals by itself. `portline keys status` says when the former key is no longer needed.' },
  KEY_ROTATION_RUNNING: { status: 409, meaning: 'The sealing key is being changed already.', cause: 'What a former key sealed is not all resealed yet.', todo: 'Wait until `portline keys status` shows one key.' },
  KEY_NOT_SAVED: { status: 503, meaning: 'The key file could not be written.', cause: 'The disk is full, or the folder is not writable.', todo: 'Make room and try again: the key in use has not changed.' },

  // Operator API and command line
  FOREIGN_HOST: { status: 403, meaning: 'The Host of the request is not this machine.', cause: 'A name that resolves to loopback, as in DNS rebinding.', todo: 'Use 127.0.0.1 or localhost, or set PORTLINE_OPERATOR_TOKEN.' },
  FOREIGN_ORIGIN: { status: 403, meaning: 'The Origin of the request is another site.', cause: 'A page of another site tried to use the operator API.', todo: 'Use the pages of this server.' },
  OPERATOR_TOKEN_REQUIRED: { status: 401, meaning: 'The operator API needs a token.', cause: 'It is open on loopback only.', todo: 'Set PORTLINE_OPERATOR_TOKEN and send it as a bearer token.' },
  TOO_MANY_WATCHERS: { status: 503, meaning: 'No more pages can watch the live stream.', cause: 'As many as are allowed watch it already.', todo: 'Close one, or use GET /api/events.' },
  EVENT_NOT_REPLAYABLE: { status: 409, meaning: 'The event cannot be replayed now.', cause: 'It is held, waiting or running, it was never proven, or it belongs to a former installation.', todo: 'One that is held, waiting or running: wait until it is done or dead. The others are not replayed.' },
  EVENT_NOT_WAITING: { status: 409, meaning: 'The event does not wait for its next try.', cause: 'It runs now, stands behind another event of its portal, is held, or has ended.', todo: 'Look at it with `portline events show`: retry the event that it waits for, or replay it when it has ended.' },
  ADDRESS_IN_USE: { status: 500, meaning: 'The port is taken.', cause: 'Another process listens on it.', todo: 'Stop it or choose another port (PORTLINE_PORT, PORTAL_PORT, OAUTH_PORT).' },
  SERVER_UNREACHABLE: { status: 502, meaning: 'The server does not answer.', cause: 'It is not running at that address.', todo: 'Start it (npm start, portline dev or portline start), or give its address in PORTLINE_URL; that of a portal (portline portal) in PORTAL_URL.' },
  CONFIG_INVALID: { status: 500, meaning: 'A setting is wrong.', cause: 'Its value is missing, or is not what it may be; the description names it.', todo: 'Set it anew; portline start --help lists the settings.' },
  INTERNAL_ERROR: { status: 500, meaning: 'Something failed that should not.', cause: 'A bug.', todo: 'Report it with the log line.' },
} as const satisfies Record<string, ErrorEntry>

export type ErrorCode = keyof typeof ERROR_TABLE

/** An error with a code of the table. `message` never holds a secret. */
export class CodedError extends Error {
  readonly code: ErrorCode

  constructor(code: ErrorCode, description?: string, options?: { cause?: unknown }) {
    super(description ?? ERROR_TABLE[code].meaning, options)
    this.name = 'CodedError'
    this.code = code
  }

  get status(): number {
    return ERROR_TABLE[this.code].status
  }

  /** The body of an HTTP answer. */
  toBody(): { error: ErrorCode; error_description: string } {
    return { error: this.code, error_description: this.message }
  }
}

/** Whether repeating can't help. */
export function isFinal(code: ErrorCode): boolean {
  const entry: ErrorEntry = ERROR_TABLE[code]
  return entry.final === true
}
