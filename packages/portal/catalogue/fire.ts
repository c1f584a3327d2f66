import { CodedError } from '@portline/wire/errors.ts'
import type { PhpValue } from '@portline/wire/form/value.ts'
import type { PortalContext } from '../context.ts'
import { connectorOwner } from '../portal/connectors.ts'
import type { Hit, Raised } from '../portal/raise-event.ts'
import { raiseEvent } from '../portal/raise-event.ts'
import type { App } from '../world/state.ts'
import { sampleFacts } from './facts.ts'
import { emptyForNull, mergeData } from './merge.ts'
import { sampleData } from './samples.ts'

export interface FiredEvent {
  /** Upper case; any code, of the catalogue or not. */
  readonly event: string
  /** undefined: a sample. null: none. Anything else is laid over the sample, or with `replace` sent as it is. */
  readonly data: PhpValue
  readonly replace: boolean
  /** The app it is about; undefined: whoever has it bound and may have it. */
  readonly app: App | undefined
}

/** Fires an event with realistic data. BAD_REQUEST: an event that is always about one app, and none was named. */
export function fireEvent(context: PortalContext, hit: Hit, fired: FiredEvent): Raised {
  const { event } = fired
  if (fired.app === undefined && ONE_APP_EVENTS.has(event)) {
    throw new CodedError('BAD_REQUEST', `client_id: ${event} is always about one app`)
  }
  const app = fired.app ?? appOfBot(context, event)
  const data = withNulls(context, event, dataOf(context, hit, fired, app))
  return raiseEvent(context, hit, { event, data, onlyFor: app?.clientId ?? connectorOwner(context, event, data) })
}

function dataOf(context: PortalContext, hit: Hit, { event, data, replace }: FiredEvent, app: App | undefined): PhpValue {
  if (data === null || (replace && data !== undefined)) return data
  const sample = sampleData(event, sampleFacts(context, hit, app))
  return data === undefined ? sample : mergeData(sample, data)
}

/** The page on bots of the second generation has null travel as an empty text, which PHP's own encoding never does. */
function withNulls({ variants }: PortalContext, event: string, data: PhpValue): PhpValue {
  return variants.botNulls === 'empty' && event.startsWith('ONIMBOTV2') && data !== null ? emptyForNull(data) : data
}

/** Their callbacks veto every row of another app (rest_provider.php). */
const ONE_APP_EVENTS = new Set([
  'ONAPPINSTALL', 'ONAPPUPDATE', 'ONAPPUNINSTALL', 'ONAPPPAYMENT', 'ONAPPMETHODCONFIRM', 'ONAPPTEST',
])

const BOT_EVENT = /^ONIM(?:BOT|COMMANDADD$)/

/** A bot belongs to the app that registered it, which here is the first installed one that listens for the event. */
function appOfBot({ world }: PortalContext, event: string): App | undefined {
  if (!BOT_EVENT.test(event)) return undefined
  const apps = world.handlers().filter((row) => row.event === event).map((row) => world.app(row.clientId))
  return apps.find((app) => app?.installed === true) ?? apps[0]
}
