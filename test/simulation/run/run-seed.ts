import { History } from '../history.ts'
import type { HistoryItem } from '../history.ts'
import { Bitrix24 } from '../world/bitrix24.ts'
import { Dice } from '../world/dice.ts'
import { CALM_DISK, Disk } from '../world/disk.ts'
import { CALM_NETWORK, SimulatedNetwork } from '../world/network.ts'
import { Timeline } from '../world/timeline.ts'
import { AppSide } from './app-side.ts'
import { profileOf } from './profile.ts'
import { scheduleWeather } from './weather.ts'
import { Workload } from './workload.ts'

/** One run: a time of trouble, then calm until everything that was due has had its time. The seed decides all of it. */
export interface Run {
  readonly seed: number
  readonly items: readonly HistoryItem[]
  readonly digest: string
  readonly tasks: number
}

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS
/** Retries, reviews of held events and repeats after an outage are over by then. */
const CALM_MS = 45 * MINUTE_MS
/** Nobody may be pending: so much longer, for what only comes up now and then. */
const REST_MS = 6 * MINUTE_MS
const HELD_MS = 3 * DAY_MS
/** Held events are looked through every ten minutes. */
const EXPIRY_MS = 11 * MINUTE_MS

export async function runSeed(seed: number): Promise<Run> {
  const timeline = new Timeline()
  const world = { name: 'world', alive: true }
  const dice = (what: string): Dice => new Dice(`${seed}/${what}`)
  const profile = profileOf(dice('profile'))
  const history = new History(() => ({ at: Math.round(timeline.monotonicMs * 1_000) / 1_000, wall: timeline.now() }))
  const bitrix24 = new Bitrix24(timeline, dice('portals'), history, profile)
  const disk = new Disk(dice('disk'), timeline)
  const network = new SimulatedNetwork(timeline, dice('network'), (url, form, asked) => bitrix24.answer(url, form, asked))
  const workload = new Workload({
    timeline, world, history, bitrix24, profile, dice: dice('workload'),
    appSide: (plans) => new AppSide({ seed: String(seed), timeline, world, history, disk, network, bitrix24, plans, dice: dice('app side'), apps: profile.apps }),
  })
  const { appSide } = workload
  const onUnhandled = (error: unknown): void => history.add({ kind: 'unhandled', process: appSide.number, error: String(error) })
  process.on('unhandledRejection', onUnhandled)
  try {
    history.add({ kind: 'rules', singleUse: profile.singleUse, tokensLiveS: profile.tokensLiveS, duplicates: Object.fromEntries(profile.apps.map(({ name, duplicates }) => [name, duplicates])) })
    workload.schedule()
    scheduleWeather({ timeline, world, history, disk, network, appSide, profile, dice: dice('weather') })
    appSide.start()
    await timeline.run(profile.troubleMs)
    timeline.afterTask = () => {}
    disk.weather = CALM_DISK
    disk.fullUntilMs = 0
    network.weather = CALM_NETWORK
    bitrix24.calm()
    history.add({ kind: 'calm' })
    appSide.start()
    await calm(timeline, appSide, history)
    await askForPairs(timeline, appSide, bitrix24, history)
    // Not yet, and then for certain.
    for (const byMs of [HELD_MS - DAY_MS, DAY_MS]) {
      timeline.jump(byMs)
      await timeline.run(EXPIRY_MS)
    }
    await askForPairs(timeline, appSide, bitrix24, history)
    appSide.restarts = false
    appSide.stop()
    await timeline.run(MINUTE_MS)
    appSide.lastSnapshot()
  } catch (error) {
    history.add({ kind: 'unhandled', process: appSide.number, error: String(error) })
  } finally {
    process.off('unhandledRejection', onUnhandled)
  }
  return { seed, items: history.items, digest: history.digest(), tasks: timeline.tasks }
}

async function calm(timeline: Timeline, appSide: AppSide, history: History): Promise<void> {
  const fromMs = timeline.monotonicMs
  const settled = (): boolean => appSide.serving && appSide.pending === 0
  while (timeline.monotonicMs - fromMs < CALM_MS && !settled()) await timeline.run(5_000)
  history.add({ kind: 'end', waitedMs: Math.round(timeline.monotonicMs - fromMs) })
  await timeline.run(REST_MS)
}

async function askForPairs(timeline: Timeline, appSide: AppSide, bitrix24: Bitrix24, history: History): Promise<void> {
  for (const { app, memberId, installed } of bitrix24.sites) {
    const portal = { app, memberId }
    let result = 'nothing came'
    let installedHere = false
    appSide
      .statusOf(portal)
      .then((status) => {
        installedHere = status === 'active' || status === 'new'
        return appSide.pairOf(portal)
      })
      .then(
        ({ access }) => (result = bitrix24.accepts(access) ? 'accepted' : 'rejected'),
        (error: unknown) => (result = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : String(error)),
      )
    await timeline.run(2_000)
    history.add({ kind: 'pair', app, memberId, installed, installedHere, result })
  }
}
