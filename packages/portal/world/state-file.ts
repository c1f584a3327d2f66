import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Clock, Timer } from '@portline/runtime/clock.ts'
import { CodedError } from '@portline/wire/errors.ts'
import { z } from 'zod'
import { PORTAL_LIMITS } from '../limits.ts'
import { recordsFrame } from './records.ts'
import type { WorldState } from './state.ts'
import type { World } from './world.ts'

/** Only the frame is checked: the file is the portal's own, and a wrong or foreign one shows in these. */
const stateFrame = z.looseObject({
  format: z.literal(1),
  seed: z.string(),
  memberId: z.string().regex(/^[0-9a-f]{32}$/),
  counters: z.record(z.string(), z.int().nonnegative()),
  users: z.array(z.looseObject({ id: z.int() })),
  apps: z.array(z.looseObject({ clientId: z.string() })),
  handlers: z.array(z.looseObject({ id: z.int() })),
  lines: z.array(z.looseObject({ id: z.int() })),
  connectors: z.array(z.looseObject({ id: z.string() })),
  lineConnectors: z.array(z.looseObject({ line: z.int() })),
  spentTokens: z.array(z.tuple([z.string(), z.int()])),
  records: recordsFrame.optional(),
})

/** @returns undefined when there is no such file. CONFIG_INVALID when it is not a portal's state. */
export function loadState(path: string): WorldState | undefined {
  let json: string
  try {
    json = readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw new CodedError('CONFIG_INVALID', `The portal's state file can't be read: ${path}`, { cause: error })
  }
  const state = parse(json)
  if (isWorldState(state)) return state
  throw new CodedError('CONFIG_INVALID', `Not the state of a portal: ${path}`)
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

export function isWorldState(value: unknown): value is WorldState {
  return stateFrame.safeParse(value).success
}

/** Writes the world to a file shortly after each change, and at once on flush. A reader never sees half a file. */
export class StateFile {
  readonly #world: () => World
  readonly #path: string
  readonly #onError: (error: unknown) => void
  #timer: Timer | undefined

  /** @param world the present one */
  constructor(world: () => World, path: string, clock: Clock, onError: (error: unknown) => void) {
    this.#world = world
    this.#path = path
    this.#onError = onError
    world().onChange(() => {
      this.#timer ??= clock.setTimer(PORTAL_LIMITS.stateSaveDelayMs, () => this.#save())
    })
  }

  flush(): void {
    this.#timer?.cancel()
    this.#save()
  }

  #save(): void {
    this.#timer = undefined
    try {
      mkdirSync(dirname(this.#path), { recursive: true })
      const temporary = `${this.#path}.tmp`
      writeFileSync(temporary, JSON.stringify(this.#world().snapshot()), { mode: 0o600 })
      renameSync(temporary, this.#path)
    } catch (error) {
      this.#onError(error)
    }
  }
}
