import type { B24OAuth } from '@bitrix24/b24jssdk'
import { CodedError } from '@portline/wire/errors.ts'
import type { EventCode, EventData } from '@portline/wire/events/catalogue.ts'
import { fields, listOf, maybe, oneOf, text, wholeNumber } from './definition-checks.ts'
import { isDestination } from './destinations/destination.ts'
import type { Destination } from './destinations/destination.ts'
import { policyOf } from './handler-options.ts'
import type { BatchOptions, HandlerOptions, HandlerPolicy, OptionsOf } from './handler-options.ts'
import { DUPLICATE_WINDOW_MAX_MS, DUPLICATE_WINDOW_MS, HANDLER_BATCH_EVENTS } from './limits.ts'

/** What an app says of itself. */
export interface AppDefinition {
  /** Names the app in URLs (`/apps/<name>/events`), in the store and on the command line: a-z, 0-9 and -, at most 40. */
  readonly name: string
  /** Open Channels connectors to register on every portal and to keep registered (imconnector.register). */
  readonly connectors?: readonly ConnectorDefinition[]
  /**
   * What becomes of an event that repeats one of the last minutes: nothing (`off`, when not given), a mark that handlers see
   * (`mark`), or it is kept and not handed on (`drop`).
   */
  readonly duplicates?: DuplicateMode
  /** Milliseconds within which a repeat is recognised: 1,000 to 86,400,000; ten minutes when not given. */
  readonly duplicateWindowMs?: number
  /**
   * Names the app's offline queue and goes along with every REST call of its handlers (`auth_connector`), so that what they change
   * does not come back as an event: 1 to 70 of a-z, 0-9, _ and -. Needs a licence that has named queues.
   */
  readonly authConnector?: string
}

export type DuplicateMode = 'off' | 'mark' | 'drop'

export interface ConnectorDefinition {
  /** a-z, 0-9 and _; lower case, no dot. */
  readonly id: string
  readonly name: string
  readonly icon?: { readonly dataImage: string; readonly color?: string }
}

export interface AppEvent<Code extends string> {
  /** Portline's own id: the same for every attempt and after a replay, so that a handler can be idempotent. */
  readonly id: string
  readonly code: Code
  readonly data: EventData<Code>
  /** When Bitrix24 raised it. Absent when the portal sent no usable time. */
  readonly raisedAt?: Date
  readonly receivedAt: Date
  /** 1 for the first run. */
  readonly attempt: number
  /** The portal's user whose action raised the event. Absent when nobody's did (robots, agents). */
  readonly userId?: string
  /** The id of the event that this one repeats, in an app that has repeats marked. */
  readonly duplicateOf?: string
}

/** The app on one portal (ApplicationInstallation of the SDKs). */
export interface AppInstallation {
  readonly memberId: string
  readonly domain: string
  readonly status: 'new' | 'active' | 'blocked' | 'deleted'
  readonly version?: string
  readonly language?: string
  /** L local, F free, D demo, T trial, P paid, S subscription. */
  readonly appStatus?: string
}

export interface HandlerContext<Code extends string> {
  readonly event: AppEvent<Code>
  readonly installation: AppInstallation
  /**
   * The portal's REST client: Bitrix24's own SDK, its tokens kept by Portline. After an uninstall there is none: every
   * token of the portal is revoked before ONAPPUNINSTALL is even sent.
   */
  readonly b24: Code extends 'ONAPPUNINSTALL' ? undefined : B24OAuth
  /** Writes a line into the attempt's record, for people who look at it later. Never put a secret in it. */
  note(text: string): void
  /** Aborted when the handler has run longer than its timeout. */
  readonly signal: AbortSignal
}

export type Handler<Code extends string> = (context: HandlerContext<Code>) => Promise<void> | void

/** Events of one portal that stood next to each other in its lane, in their order: they are done, or fail, together. */
export type BatchContext<Code extends string> = Omit<HandlerContext<Code>, 'event'> & { readonly events: readonly AppEvent<Code>[] }
export type BatchHandler<Code extends string> = (context: BatchContext<Code>) => Promise<void> | void

/** Who gets the events of a code, and how. */
export type RegisteredHandler = { readonly policy: HandlerPolicy } & (
  | { readonly kind: 'code'; readonly run: Handler<string> }
  | { readonly kind: 'batch'; readonly run: BatchHandler<string> }
  | { readonly kind: 'destination'; readonly destination: Destination }
)

export interface App {
  readonly name: string
  readonly connectors: readonly ConnectorDefinition[]
  readonly duplicates: { readonly mode: DuplicateMode; readonly windowMs: number }
  /** The name of its offline queue; empty for the unnamed one. */
  readonly authConnector: string
  /**
   * One handler per event code: a function, or a destination (httpEndpoint, rabbitMq).
   * Errors: APP_DEFINITION_INVALID when the code has one already or an option is wrong.
   */
  on<Code extends EventCode>(code: Code, handler: Handler<Code> | Destination, options?: OptionsOf<Code>): App
  /** A handler that is given what has gathered in a portal's lane, together. */
  onBatch<Code extends EventCode>(code: Code, handler: BatchHandler<Code>, options?: OptionsOf<Code, BatchOptions>): App
  handlerOf(code: string): RegisteredHandler | undefined
  /** Codes with a handler, upper case. */
  readonly codes: readonly string[]
}

/** More than any app has; each is registered on every portal. */
const CONNECTORS_MAX = 100

const checkDefinition = fields({
  name: text(/^[a-z][a-z0-9-]{0,39}$/, 'a-z, 0-9 and -, starting with a letter, at most 40'),
  connectors: maybe(
    listOf(
      fields({
        id: text(/^[a-z0-9_]{1,50}$/, 'a-z, 0-9 and _, at most 50'),
        name: text(/./s, 'a text'),
        icon: maybe(fields({ dataImage: text(/^/, 'a text'), color: maybe(text(/^/, 'a text')) })),
      }),
      CONNECTORS_MAX,
    ),
  ),
  duplicates: maybe(oneOf('off', 'mark', 'drop')),
  duplicateWindowMs: maybe(wholeNumber(1_000, DUPLICATE_WINDOW_MAX_MS)),
  authConnector: maybe(text(/^[a-z0-9_-]{1,70}$/, 'a-z, 0-9, _ and -, at most 70')),
})

/** The codes of the catalogue module have dots: CATALOG.PRICE.ON.ADD. */
const EVENT_CODE = /^[A-Z0-9_.]{1,100}$/

/** Errors: APP_DEFINITION_INVALID with what is wrong. */
export function defineApp(definition: AppDefinition): App {
  checkDefinition(definition, 'app')
  const handlers = new Map<string, RegisteredHandler>()
  const register = (code: string, handlerFor: (upper: string) => RegisteredHandler): App => {
    const upper = code.toUpperCase()
    if (!EVENT_CODE.test(upper)) throw new CodedError('APP_DEFINITION_INVALID', `${code} is no event code`)
    if (handlers.has(upper)) throw new CodedError('APP_DEFINITION_INVALID', `${upper} has a handler already`)
    handlers.set(upper, handlerFor(upper))
    return app
  }

  const app: App = {
    name: definition.name,
    connectors: definition.connectors ?? [],
    duplicates: { mode: definition.duplicates ?? 'off', windowMs: definition.duplicateWindowMs ?? DUPLICATE_WINDOW_MS },
    authConnector: definition.authConnector ?? '',
    on: (code, handler, options: HandlerOptions = {}) =>
      register(code, (upper) => {
        // A function would be handed several and shown the first: the others would be done unseen. A destination has its own.
        if ('maxEvents' in options) throw new CodedError('APP_DEFINITION_INVALID', `${upper}: maxEvents is an option of onBatch`)
        if (!isDestination(handler)) {
          // The map holds handlers of all codes; a handler only ever gets the event it was registered for.
          return { kind: 'code', run: handler as unknown as Handler<string>, policy: policyOf(upper, options) }
        }
        if (options.timeoutMs !== undefined) throw new CodedError('APP_DEFINITION_INVALID', `${upper}: a destination has its own timeoutMs`)
        return { kind: 'destination', destination: handler, policy: policyOf(upper, options, handler.timeoutMs, handler.maxEvents) }
      }),
    onBatch: (code, handler, options: BatchOptions = {}) =>
      register(code, (upper) => {
        const policy = policyOf(upper, options, undefined, HANDLER_BATCH_EVENTS)
        return { kind: 'batch', run: handler as unknown as BatchHandler<string>, policy }
      }),
    handlerOf: (code) => handlers.get(code),
    get codes() {
      return [...handlers.keys()]
    },
  }
  return app
}

/** Thrown by a handler: the event is tried again, but not before so many milliseconds (a day at most). */
export class RetryLater extends Error {
  readonly retryAfterMs: number

  constructor(retryAfterMs: number, message = 'asked to be tried again later') {
    super(message)
    this.name = 'RetryLater'
    this.retryAfterMs = retryAfterMs
  }
}

/** Whether a module's default export is an app. */
export function isApp(value: unknown): value is App {
  return typeof value === 'object' && value !== null && 'handlerOf' in value && 'codes' in value && 'name' in value
}
