import { ERROR_TABLE } from '@portline/wire/errors.ts'
import type { ErrorCode } from '@portline/wire/errors.ts'

/**
 * What the doctor may find, beside the codes of the error table. `wrong`: events do not arrive, or are not handled, because of it.
 * `look`: they may. docs/how-to/nothing-arrives.md tells of each.
 */
export interface FindingEntry {
  readonly level: FindingLevel
  readonly meaning: string
  readonly todo: string
}

export type FindingLevel = 'wrong' | 'look'

export const FINDINGS = {
  // The installation
  APP_NOT_RUNNING: { level: 'look', meaning: 'This app does not run here: its events are answered 404, and Bitrix24 does not send them again.', todo: 'Start the app side with this app; or uninstall it on the portal.' },
  UNINSTALLED: { level: 'wrong', meaning: 'The app was uninstalled from this portal.', todo: 'Install it again.' },
  INSTALLATION_UNFINISHED: { level: 'wrong', meaning: 'The installation was never completed (INSTALLED=N): Bitrix24 sends nothing before it is.', todo: "Open the app on the portal as an administrator and let its install page end; a page of your own must call BX24.installFinish." },
  APP_INACTIVE: { level: 'wrong', meaning: 'The portal says that the app is not there, or not active.', todo: 'Install it again. If it was uninstalled, its ONAPPUNINSTALL was lost.' },
  PAYMENT_EXPIRED: { level: 'wrong', meaning: 'The app is not paid for: events stop at once, calls go on for 14 days.', todo: 'Nothing here: events come again with the payment. What was raised meanwhile is lost, unless it waits in an offline queue.' },
  PORTAL_DENIES: { level: 'wrong', meaning: 'The portal refuses all calls of the app.', todo: "See the portal's words: its plan, or a block for overload." },
  PORTAL_UNREACHABLE: { level: 'wrong', meaning: 'The portal could not be asked.', todo: 'See the description. If the portal has moved, open the app there once.' },
  ACCOUNT_REFUSED: { level: 'wrong', meaning: 'The portal refuses the account whose tokens are used: dismissed, or without access to the app.', todo: 'Have another administrator open or install the app on the portal.' },
  ACCOUNT_NOT_ADMIN: { level: 'look', meaning: 'The account whose tokens are used is no administrator any more: it sees only its own bindings, and no offline queue.', todo: 'Have an administrator open or install the app on the portal.' },
  APPLICATION_TOKEN_UNKNOWN: { level: 'wrong', meaning: 'No application_token is known for this portal: its events are held.', todo: 'Open the app on the portal as an administrator, or install it again.' },
  CLOCK_WRONG: { level: 'wrong', meaning: 'The clocks of this machine and of the portal differ.', todo: 'Set the clock of this machine (NTP). Tokens seem to live longer or shorter than they do.' },

  // Bindings
  BINDING_MISSING: { level: 'wrong', meaning: 'Events that handlers are declared for are not bound on the portal.', todo: 'portline bindings sync' },
  BOUND_ELSEWHERE: { level: 'wrong', meaning: 'Events are bound to an address of this app on another host.', todo: 'If nothing answers there any more: portline bindings sync --moved' },
  BOUND_TWICE: { level: 'look', meaning: 'An event is bound twice to this address, by different users: it comes twice.', todo: 'Take one back with event.unbind and its AUTH_TYPE.' },
  SCOPE_MISSING: { level: 'wrong', meaning: 'The app may not have events that handlers are declared for: a permission is missing.', todo: 'Add the scope to the card of the app, then install it again.' },
  EVENT_NOT_OFFERED: { level: 'wrong', meaning: 'The portal does not know events that handlers are declared for.', todo: 'Check the codes; a portal of an older version lacks some.' },

  // The way here
  PUBLIC_URL_NOT_FOUND: { level: 'wrong', meaning: 'The name in the public address leads to no host.', todo: 'Check --public-url and its DNS record.' },
  PUBLIC_URL_PRIVATE: { level: 'wrong', meaning: 'The public address is one that only this network reaches.', todo: 'Give --public-url an address that Bitrix24 reaches, through a tunnel perhaps; or fetch events (offline: true).' },
  PUBLIC_URL_TLS: { level: 'wrong', meaning: 'The certificate at the public address is not accepted.', todo: 'Use one that is signed by a public authority, with its whole chain, for this name. Bitrix24 does not take self-signed ones, and does not say so.' },
  PUBLIC_URL_UNREACHABLE: { level: 'wrong', meaning: 'Nothing answers at the public address.', todo: 'Check proxy, firewall and port. It is called from here; some routers do not lead back in, then the test event decides.' },
  PUBLIC_URL_WRONG_ANSWER: { level: 'wrong', meaning: 'Something else than this app side answers at the public address.', todo: 'Check where the proxy leads: POST /apps/<app>/events must come here unchanged.' },
  PUBLIC_URL_REFUSED: { level: 'wrong', meaning: 'The portal does not take the public address as a handler.', todo: 'It must be http or https, with a host that has a dot in it, and have at most 255 characters.' },
  TEST_EVENT_LOST: { level: 'wrong', meaning: 'The portal was asked for a test event (event.test), and it did not arrive.', todo: 'If all else is well, the way from Bitrix24 to the public address is cut: firewall, certificate, wrong host. Ask again with a longer --wait.' },
  TEST_EVENT_REFUSED: { level: 'wrong', meaning: 'The test event arrived and was refused.', todo: 'See the code. APPLICATION_TOKEN_MISMATCH: install the app again on the portal.' },

  // What has arrived
  EVENTS_HELD: { level: 'wrong', meaning: 'Events of this portal are held until it is proven.', todo: 'Open the app on the portal as an administrator, or install it again.' },
  EVENTS_REFUSED: { level: 'look', meaning: "Events in this portal's name were refused in the last 24 hours.", todo: 'GET /api/refusals shows them. Somebody may be forging, or the app was created anew on the portal: then install it again.' },
  LANE_BLOCKED: { level: 'wrong', meaning: 'An event fails and holds up those behind it.', todo: 'portline events show <id> says why. Mend what fails.' },
  EVENTS_PARKED: { level: 'look', meaning: 'Events that failed wait beside the lane for another try.', todo: 'portline events list --state pending' },
  OFFLINE_QUEUE_FAILS: { level: 'wrong', meaning: 'The offline queue of this portal could not be emptied at the last look.', todo: 'See the code. Nothing is lost: what waits there is kept for some 34 days.' },
} as const satisfies Record<string, FindingEntry>

export type FindingCode = keyof typeof FINDINGS | ErrorCode

export interface Finding {
  readonly code: FindingCode
  readonly level: FindingLevel
  readonly meaning: string
  readonly todo: string
  /** What was seen: never a secret. */
  readonly detail: string
}

/** `todo`: where this case is known better than the table can know it. */
export function finding(code: FindingCode, detail: string, todo?: string): Finding {
  const own = isOwn(code) ? FINDINGS[code] : undefined
  const entry = own ?? ERROR_TABLE[code as ErrorCode]
  return { code, level: own?.level ?? 'wrong', meaning: entry.meaning, todo: todo ?? entry.todo, detail }
}

function isOwn(code: FindingCode): code is keyof typeof FINDINGS {
  return Object.hasOwn(FINDINGS, code)
}
