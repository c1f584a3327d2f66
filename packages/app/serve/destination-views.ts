import type { App } from '../define-app.ts'
import type { Destination } from '../destinations/destination.ts'
import type { OpenDestinations } from '../destinations/open-destinations.ts'

/** Where the handlers of an app lead that are no code, and whether anything goes there now. */
export interface DestinationView {
  readonly app: string
  readonly destination: string
  readonly events: readonly string[]
  /** `unused`: no event was due for it since the start. `open`: left alone until `until`. */
  readonly state: 'unused' | 'closed' | 'open' | 'half-open'
  readonly failuresInARow: number
  readonly until: string | null
}

export function destinationViews(apps: readonly App[], open: OpenDestinations): DestinationView[] {
  return apps.flatMap((app) => {
    const eventsOf = new Map<Destination, string[]>()
    for (const code of app.codes) {
      const handler = app.handlerOf(code)
      if (handler?.kind !== 'destination') continue
      const events = eventsOf.get(handler.destination) ?? []
      eventsOf.set(handler.destination, [...events, code])
    }
    return [...eventsOf].map(([destination, events]) => viewOf(app.name, destination, events, open))
  })
}

function viewOf(app: string, destination: Destination, events: readonly string[], open: OpenDestinations): DestinationView {
  const status = open.statusOf(destination)
  return {
    app,
    destination: destination.name,
    events,
    state: status?.state ?? 'unused',
    failuresInARow: status?.state === 'closed' ? status.failures : 0,
    until: status?.state === 'open' ? new Date(status.untilMs).toISOString() : null,
  }
}
