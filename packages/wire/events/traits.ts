/** Which queue of the queue server carries an event (module source, rest/lib/sqs.php). */
export type QueueCategory = 'default' | 'important' | 'bot' | 'crm' | 'bizproc' | 'telephony'

/** What the module source says of an event, where the documentation often prints something else. */
export interface EventTraits {
  /** The permission an app needs to bind it; `basic` every app has. */
  readonly scope: string
  /** Other permissions that do as well. */
  readonly alsoIn?: readonly string[]
  readonly queue: QueueCategory
  /** false: no tokens are sent with it, whoever was on the hit. */
  readonly sendAuth: boolean
  readonly sendRefreshToken: boolean
}

/** Traits of the events of one family: all its codes, none besides. */
export type TraitsOf<Events> = { readonly [Code in keyof Events]: EventTraits }
