import { appOnly } from '../app-only.ts'
import { eventBind } from './event-bind.ts'
import { eventListMethods } from './event-lists.ts'
import { offlineGet } from './event-offline/get.ts'
import { offlineList } from './event-offline/list.ts'
import { offlineClear, offlineError } from './event-offline/settle.ts'
import { eventTest } from './event-test.ts'
import { eventUnbind } from './event-unbind.ts'
import { connectorLineMethods } from './imconnector-line.ts'
import { connectorCardMethods } from './imconnector-register.ts'
import { connectorMessageMethods } from './imconnector/messages.ts'
import { connectorStatusMethods } from './imconnector/statuses.ts'
import { placementMethods } from './placement.ts'

/** What needs an app's token. `events` alone of its family answers a webhook, too. */
export const appOnlyMethods = [
  ...appOnly([
    eventBind, eventUnbind, eventTest, offlineGet, offlineList, offlineClear, offlineError,
    ...eventListMethods.filter(({ name }) => name !== 'events'),
    ...connectorCardMethods, ...connectorLineMethods, ...connectorMessageMethods, ...connectorStatusMethods, ...placementMethods,
  ]),
  ...eventListMethods.filter(({ name }) => name === 'events'),
]
