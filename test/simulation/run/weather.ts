import type { History } from '../history.ts'
import type { Dice } from '../world/dice.ts'
import { CALM_DISK } from '../world/disk.ts'
import type { CrashKind, Disk } from '../world/disk.ts'
import { CALM_NETWORK } from '../world/network.ts'
import type { SimulatedNetwork } from '../world/network.ts'
import type { Life, Timeline } from '../world/timeline.ts'
import type { AppSide } from './app-side.ts'
import { layAmbush } from './ambush.ts'
import type { Profile } from './profile.ts'

/** What goes wrong around the app side, and when. */
export interface WeatherParts {
  readonly timeline: Timeline
  readonly world: Life
  readonly history: History
  readonly disk: Disk
  readonly network: SimulatedNetwork
  readonly appSide: AppSide
  readonly dice: Dice
  readonly profile: Profile
}

const HOUR_MS = 3_600_000

export function scheduleWeather(parts: WeatherParts): void {
  const { timeline, world, history, disk, network, appSide, dice, profile } = parts
  const { troubleMs } = profile
  const some = (times: number, what: () => void): void => {
    for (let count = 0; count < times; count++) timeline.after(world, dice.between(0, troubleMs), what)
  }
  let killAt = Number.POSITIVE_INFINITY
  let killKind: CrashKind = 'process'
  timeline.afterTask = (tasks) => {
    if (tasks < killAt) return
    killAt = Number.POSITIVE_INFINITY
    appSide.kill(killKind)
  }
  // So many tasks later: right in the middle of what goes on, however little time that takes.
  const crashAfter = (kind: CrashKind, tasks: number): void => {
    killKind = kind
    killAt = timeline.tasks + tasks
  }
  const crash = (kind: CrashKind) => (): void => crashAfter(kind, dice.whole(1, 60))
  some(profile.kills, crash('process'))
  some(profile.powerCuts, crash('power'))
  some(profile.stops, () => appSide.stop())
  some(profile.jumps, () => {
    const byMs = dice.between(0, dice.pick([2_000, 120_000, 5 * HOUR_MS]))
    history.add({ kind: 'weather', what: `the hour jumps by ${Math.round(byMs)} ms` })
    timeline.jump(byMs)
  })
  some(profile.diskSpells, () => {
    const forMs = dice.between(0, dice.pick([500, 10_000, 90_000]))
    if (dice.chance(0.3)) {
      history.add({ kind: 'spell', of: 'disk', forMs, what: `the disk is full for ${Math.round(forMs)} ms` })
      disk.fullUntilMs = timeline.monotonicMs + forMs
      return
    }
    disk.weather = dice.pick([
      { ...CALM_DISK, failures: dice.pick([0.05, 0.5, 1]) },
      { failures: 0, writeMs: 50, syncMs: 3_000 },
      { failures: 0.1, writeMs: 20, syncMs: 300 },
    ])
    history.add({ kind: 'spell', of: 'disk', forMs, what: `the disk for ${Math.round(forMs)} ms: ${JSON.stringify(disk.weather)}` })
    timeline.after(world, forMs, () => (disk.weather = CALM_DISK))
  })
  some(profile.networkSpells, () => {
    const forMs = dice.between(0, dice.pick([2_000, 30_000, 200_000]))
    const share = (): number => (dice.chance(0.4) ? dice.pick([0.1, 0.4, 1]) : 0)
    network.weather = dice.chance(0.3) ? { ...CALM_NETWORK, slow: 1 } : { unreachable: share(), cut: share() / 2, failing: share(), slow: share() }
    if (dice.chance(0.3)) network.weather = { ...network.weather, only: dice.pick(['portals', 'servers'] as const) }
    history.add({ kind: 'spell', of: 'network', forMs, what: `the network for ${Math.round(forMs)} ms: ${JSON.stringify(network.weather)}` })
    timeline.after(world, forMs, () => (network.weather = CALM_NETWORK))
  })
  for (const ambush of profile.ambushes) layAmbush(ambush, parts, crashAfter)
}
