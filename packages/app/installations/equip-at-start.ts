import { Gate } from '@portline/runtime/gate.ts'
import type { Log } from '@portline/runtime/log.ts'
import type { RestClients } from '../bitrix24/rest-clients.ts'
import type { App } from '../define-app.ts'
import { PORTALS_EQUIPPED_AT_ONCE } from '../limits.ts'
import type { Binding, Installation, Store } from '../store/port.ts'
import { bindingKey, declaredBindings } from './bindings.ts'
import { equipPortal, eventsUrl } from './lifecycle.ts'
import type { LifecycleParts } from './lifecycle.ts'

/**
 * An app that got a new handler, or moved to another address, declares other bindings than its portals have. They are
 * made true in the background after the start, and only where they differ, so that a usual start asks no portal anything.
 */
export interface EquipAtStartParts {
  readonly store: Store
  readonly installations: readonly Installation[]
  readonly rest: RestClients
  readonly appOf: (name: string) => App | undefined
  readonly publicUrl: string
  readonly log: Log
  readonly leaveQueue: LifecycleParts['leaveQueue']
}

export async function equipAtStart({ store, installations, rest, appOf, publicUrl, log, leaveQueue }: EquipAtStartParts): Promise<void> {
  const gate = new Gate(PORTALS_EQUIPPED_AT_ONCE, Number.POSITIVE_INFINITY)
  const active = installations.filter(({ status }) => status === 'active')
  await Promise.all(
    active.map((installation) =>
      gate.run(async () => {
        const app = appOf(installation.app)
        if (app === undefined) return
        const declared = declaredBindings(app, eventsUrl(publicUrl, app.name))
        if (areSame(declared, await store.bindings(installation))) return
        const fields = { app: app.name, portal: installation.memberId }
        const note = (text: string): void => log.info(fields, text)
        await rest
          .ofPortal(installation)
          .then((b24) => equipPortal({ store, publicUrl, leaveQueue }, { app, installation, note }, b24))
          .catch((error: unknown) => log.warn({ ...fields, error: String(error) }, 'new bindings could not be made; the next start tries again'))
      }),
    ),
  )
}

function areSame(one: readonly Binding[], other: readonly Binding[]): boolean {
  const keys = new Set(other.map(bindingKey))
  return one.length === other.length && one.every((binding) => keys.has(bindingKey(binding)))
}
