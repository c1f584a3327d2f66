import type { DestinationView } from 'portline/serve/destination-views.ts'
import type { attemptView, EventView, historyOf, InstallationView } from 'portline/serve/views.ts'
import type { Diagnosis } from 'portline/doctor/doctor.ts'
import type { PortalSync, SyncReport } from 'portline/serve/binding-sync.ts'
import type { ReplayReport } from 'portline/serve/replays.ts'

/** What the operator API answers (docs/reference/operator-api.md), typed by the code that answers. */
export type { EventView, InstallationView }

export type EventDetail = EventView & {
  /** The event of its portal that comes before it and has not ended. */
  readonly waitsFor: string | null
  /** Of one whose portal is blocked, why it is: nothing of the portal runs. */
  readonly portalBlockedFor: string | null
  readonly history: ReturnType<typeof historyOf>
  readonly attemptLog: readonly ReturnType<typeof attemptView>[]
}

export interface EventList {
  readonly events: readonly EventView[]
  readonly next: string | null
}

export interface InstallationList {
  readonly installations: readonly InstallationView[]
  readonly next: string | null
}

export interface DestinationList {
  readonly destinations: readonly DestinationView[]
}

export type { Diagnosis, PortalSync, ReplayReport, SyncReport }

export interface Replayed {
  readonly id: string
  readonly state: string
}
