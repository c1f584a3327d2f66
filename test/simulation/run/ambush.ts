import type { HistoryItem } from '../history.ts'
import { CALM_DISK } from '../world/disk.ts'
import { CALM_NETWORK } from '../world/network.ts'
import type { WeatherParts } from './weather.ts'

/**
 * Trouble that waits for its moment. By chance alone a disk hardly ever fails just when a new pair of tokens is to be stored, and
 * what is lost then is lost for good.
 */
export interface Ambush {
  readonly on: Moment
  readonly does: 'disk' | 'kill' | 'power' | 'network' | 'errors' | 'outage'
  /** The first such moments are let go by. */
  readonly skip: number
}

export type Moment = keyof typeof MOMENTS

const MOMENTS = {
  /** A new pair of tokens is on its way to the app side. */
  renewal: (item: HistoryItem) => item.kind === 'renewal' && item.result === 'issued',
  hold: (item: HistoryItem) => item.kind === 'rows' && item.rows.some(({ change, state }) => change === 'insert' && state === 'held'),
  /** A portal is opened, and what was held for it is not yet handed on. */
  opening: (item: HistoryItem) => item.kind === 'installations' && item.audited.some(({ verb }) => verb === 'installationCreated' || verb === 'applicationInstalled'),
  proof: (item: HistoryItem) => item.kind === 'rows' && item.rows.some(({ change, proof, code }) => change === 'update' && proof !== null && code === 'ONAPPINSTALL'),
  uninstall: (item: HistoryItem) => item.kind === 'rows' && item.rows.some(({ change, code }) => change === 'insert' && code === 'ONAPPUNINSTALL'),
  'uninstall runs': (item: HistoryItem) => item.kind === 'ended' && item.outcome === 'done',
} as const

export const MOMENT_NAMES = Object.keys(MOMENTS) as Moment[]

/** Nobody is reached for so long, and then everything takes long: what was tried again after 80 s arrives when its token has expired. */
const OUTAGE_MS = 76_000
const SLOW_AFTER_MS = 20_000

/** A crash comes while the moment is still going on: within so many tasks of the whole world. */
const TASKS_MOST = 15

export function layAmbush({ on, does, skip }: Ambush, parts: WeatherParts, crash: (kind: 'process' | 'power', tasks: number) => void): void {
  const { timeline, world, history, disk, network, dice } = parts
  const forMs = dice.between(100, dice.pick([1_500, 8_000, 30_000]))
  const tasks = dice.whole(1, dice.pick([4, TASKS_MOST]))
  let left = skip
  let sprung = false
  history.watch((item) => {
    if (item.kind === 'calm') sprung = true
    if (sprung || !MOMENTS[on](item) || left-- > 0) return
    sprung = true
    if (does === 'kill' || does === 'power') return crash(does === 'kill' ? 'process' : 'power', tasks)
    if (does === 'outage') return outage(parts)
    const what = does === 'errors' ? 'everybody answers with errors' : `the ${does} fails`
    history.add({ kind: 'spell', of: does === 'disk' ? does : 'network', forMs, what: `${what} for ${Math.round(forMs)} ms from this ${on} on` })
    if (does === 'disk') disk.weather = { ...CALM_DISK, failures: 1 }
    else network.weather = { ...CALM_NETWORK, ...(does === 'errors' ? { failing: 1 } : { cut: 1 }) }
    timeline.after(world, forMs, () => {
      if (does === 'disk') disk.weather = CALM_DISK
      else network.weather = CALM_NETWORK
    })
  })
}

function outage({ timeline, world, history, network }: WeatherParts): void {
  history.add({ kind: 'spell', of: 'network', forMs: OUTAGE_MS + SLOW_AFTER_MS, what: `nobody is reached for ${OUTAGE_MS} ms, and then slowly` })
  network.weather = { ...CALM_NETWORK, unreachable: 1 }
  timeline.after(world, OUTAGE_MS, () => (network.weather = { ...CALM_NETWORK, slow: 1 }))
  timeline.after(world, OUTAGE_MS + SLOW_AFTER_MS, () => (network.weather = CALM_NETWORK))
}
