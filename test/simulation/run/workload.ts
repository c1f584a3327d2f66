import type { AuthBlock } from '@portline/wire/envelope.ts'
import type { PhpMap } from '@portline/wire/form/value.ts'
import { decodeForm } from '@portline/wire/form/decode.ts'
import { writeEnvelope } from '@portline/wire/write-envelope.ts'
import type { History } from '../history.ts'
import { AUTH_SERVER, nameOf } from '../world/bitrix24.ts'
import type { Bitrix24, Pair, Site } from '../world/bitrix24.ts'
import type { Dice } from '../world/dice.ts'
import type { Life, Timeline } from '../world/timeline.ts'
import type { AppSide } from './app-side.ts'
import { HANDLED, UNHANDLED } from './apps.ts'
import type { Plans, Step } from './apps.ts'
import { stepOf } from './profile.ts'
import type { Profile } from './profile.ts'

/** What portals, their users and others who pretend to be them send, and when. */
export interface WorkloadParts {
  readonly timeline: Timeline
  readonly world: Life
  readonly history: History
  readonly bitrix24: Bitrix24
  readonly appSide: AppSide
  readonly dice: Dice
  readonly profile: Profile
}

interface Outgoing {
  readonly code: string
  readonly data: PhpMap | string
  readonly auth: AuthBlock
  readonly genuine: boolean
  readonly clean?: true
  /** What its handler does, where that is not left to chance. */
  readonly steps?: readonly Step[]
}

const ORDINARY = Object.keys(HANDLED).filter((code) => !code.startsWith('ONAPP') || code === 'ONAPPTEST')
const SECOND_MS = 1_000
const ADMIN = 1
const OTHER_ADMIN = 2
const STRANGER = 7
const BIG_BYTES = 60_000
const LEAST_BETWEEN_MS = 2_000
const LATE_MS = 60_000

export class Workload {
  readonly #parts: WorkloadParts
  readonly #steps = new Map<string, readonly Step[]>()
  readonly plans: Plans = { stepsOf: (mark) => this.#steps.get(mark) ?? [], notNows: new Map() }
  #marks = 0
  #deliveries = 0
  #forgedTokens = 0

  constructor(parts: Omit<WorkloadParts, 'appSide'> & { appSide: (plans: Plans) => AppSide }) {
    this.#parts = { ...parts, appSide: parts.appSide(this.plans) }
  }

  get appSide(): AppSide {
    return this.#parts.appSide
  }

  /** Puts everything that will happen on the timeline. */
  schedule(): void {
    const { bitrix24, dice, profile } = this.#parts
    for (const { name: app } of profile.apps) for (let portal = 1; portal <= profile.portals; portal++) bitrix24.addSite(app, portal)
    for (const site of bitrix24.sites) this.#at(dice.between(0, profile.troubleMs * (dice.chance(0.8) ? 0.05 : 0.6)), () => this.#install(site))
    const some = (times: number, what: (site: Site) => void): void => {
      for (let count = 0; count < times; count++) this.#at(dice.between(0, profile.troubleMs), () => what(dice.pick(bitrix24.sites)))
    }
    some(profile.events, (site) => this.#ordinary(site))
    some(profile.poisons, (site) => this.#poison(site))
    some(profile.lifecycleChanges, (site) => this.#change(site))
    some(profile.forged, (site) => this.#forge(site))
    some(profile.replays, () => this.#replay())
    if (profile.burst > 0) some(1, (site) => this.#burst(site))
  }

  #at(delayMs: number, task: () => void): void {
    this.#parts.timeline.after(this.#parts.world, delayMs, task)
  }

  #burst(site: Site): void {
    const { profile, dice } = this.#parts
    const code = dice.chance(0.5) ? dice.pick(ORDINARY) : undefined
    const withinMs = dice.pick([0, 1, 50, 400, 3_000])
    for (let count = 0; count < profile.burst; count++) this.#ordinary(site, code, withinMs)
  }

  /** Attempts are counted from the third death on: with two of these it recovers, with more it does not. */
  #poison(site: Site): void {
    const { dice } = this.#parts
    this.#ordinary(site, dice.pick(ORDINARY), undefined, Array.from({ length: dice.pick([1, 2, 3, 8]) }, (): Step => ({ does: 'end the process' })))
  }

  #ordinary(site: Site, code = this.#parts.dice.chance(0.03) ? UNHANDLED : this.#parts.dice.pick(ORDINARY), withinMs?: number, steps?: readonly Step[]): void {
    const { bitrix24, dice } = this.#parts
    if (!site.installed) return
    const pair = dice.chance(0.5) ? bitrix24.issue(site, STRANGER) : undefined
    const fields = { NAME: `n${dice.whole(0, 99)}`, ...(dice.chance(0.01) ? { TEXT: 'x'.repeat(BIG_BYTES) } : {}) }
    const secret = code === 'ONIMBOTMESSAGEADD' ? { BOT: [{ AUTH: { access_token: dice.hex(4) } }] } : {}
    const data = code === UNHANDLED ? '107' : { FIELDS: fields, ...secret }
    this.#send(site, { code, data, auth: bitrix24.authOf(site, pair), genuine: true, ...(steps === undefined ? {} : { steps }) }, withinMs)
  }

  /** With the installer's tokens in the event, or with an installer's page that was open before. */
  #install(site: Site): void {
    const { bitrix24, dice } = this.#parts
    if (site.installed) return
    const pair = bitrix24.install(site, dice.chance(0.5))
    const byPage = dice.chance(0.2)
    // The browser is given tokens of its own.
    if (byPage) this.#openPage(site, bitrix24.issue(site, ADMIN))
    // Another administrator opens it too.
    if (dice.chance(0.3)) this.#openPage(site, bitrix24.issue(site, OTHER_ADMIN), dice.between(5_000, 60_000))
    const data = { VERSION: String(site.version), LANGUAGE_ID: 'en', ACTIVE: 'Y' }
    const auth = bitrix24.authOf(site, byPage && dice.chance(0.7) ? undefined : pair)
    this.#send(site, { code: 'ONAPPINSTALL', data, auth, genuine: true })
  }

  #openPage(site: Site, { access, refresh, expiresAtMs }: Pair, withinMs = 2_000): void {
    const { appSide, dice } = this.#parts
    const bringsToken = dice.chance(0.5)
    this.#at(dice.between(0, withinMs), () => {
      const token = bringsToken ? { applicationToken: site.applicationToken } : {}
      const facts = { accessToken: access, refreshToken: refresh, expiresAtMs, serverEndpoint: `${AUTH_SERVER}/rest/`, ...token }
      appSide.openInstaller(site, facts).catch(() => {})
    })
  }

  #change(site: Site): void {
    const { bitrix24, dice } = this.#parts
    // Nobody installs and uninstalls within a second.
    const soonMs = site.changedAtMs + LEAST_BETWEEN_MS - this.#parts.timeline.monotonicMs
    if (soonMs > 0) return this.#at(soonMs, () => this.#change(site))
    if (!site.installed) return this.#install(site)
    if (dice.chance(0.5)) {
      const pair = bitrix24.update(site, dice.chance(0.6))
      const data = { VERSION: String(site.version), PREVIOUS_VERSION: String(site.version - 1), LANGUAGE_ID: 'de' }
      this.#send(site, { code: 'ONAPPUPDATE', data, auth: bitrix24.authOf(site, pair), genuine: true })
      for (let followers = dice.whole(0, 4); followers > 0; followers--) this.#at(dice.between(0, dice.pick([50, 500, 12_000])), () => this.#ordinary(site))
      return
    }
    const clean = dice.chance(0.5)
    const auth = bitrix24.authOf(site, undefined)
    bitrix24.uninstall(site, clean)
    const data = { LANGUAGE_ID: 'en', CLEAN: clean ? '1' : '0' }
    // Some lie in the platform's queue until the next installation is long there.
    const isLate = dice.chance(0.25)
    this.#send(site, { code: 'ONAPPUNINSTALL', data, auth, genuine: true, ...(clean ? { clean } : {}) }, isLate ? LATE_MS : undefined)
    // Hard on its heels, as people do who try whether a reinstall helps.
    if (dice.chance(isLate ? 0.8 : 0.4)) this.#at(dice.between(1_000, 4_000), () => this.#install(site))
  }

  #forge(site: Site): void {
    const { bitrix24, dice } = this.#parts
    const token = `F${++this.#forgedTokens}.${dice.hex(8)}`
    const claims = { ...bitrix24.authOf(site, undefined), application_token: token }
    const { application_token: _, ...tokenless } = claims
    const asUser = bitrix24.authOf(site, bitrix24.issue(site, STRANGER))
    const other = dice.pick(bitrix24.sites)
    const asOther = bitrix24.authOf(other, bitrix24.issue(other, ADMIN))
    const send = (code: string, auth: AuthBlock): void => this.#send(site, { code, data: { VERSION: '6', CLEAN: '1' }, auth, genuine: false })
    switch (dice.whole(0, 7)) {
      case 0:
        return send(dice.pick(ORDINARY), claims)
      case 1:
        return send('ONAPPUNINSTALL', claims)
      case 2:
        return send('ONAPPINSTALL', { ...claims, access_token: dice.hex(8), refresh_token: dice.hex(8) })
      case 3:
        // Any user has a token that is good for the app; only an administrator's proves an application_token.
        return send(dice.pick(['ONAPPINSTALL', 'ONAPPUPDATE']), { ...asUser, application_token: token })
      case 4:
        if (other.app === site.app && other.memberId === site.memberId) return send(dice.pick(ORDINARY), tokenless)
        return send('ONAPPINSTALL', { ...asOther, member_id: site.memberId, application_token: token })
      case 5:
        return send(dice.pick(ORDINARY), tokenless)
      case 6:
        return send(dice.pick(ORDINARY), { ...claims, member_id: `ghost${dice.whole(1, 3)}` })
      default:
        // One that would be believed if the install before it were.
        send('ONAPPINSTALL', { ...asUser, application_token: token })
        return send(dice.pick(ORDINARY), claims)
    }
  }

  #replay(): void {
    const { appSide, history, dice } = this.#parts
    const ids = history.items.flatMap((item) => (item.kind === 'answered' && item.id !== undefined ? [item.id] : []))
    if (ids.length > 0) appSide.replay(dice.pick(ids)).catch(() => {})
  }

  #send(site: Site, { code, data, auth, genuine, clean, steps }: Outgoing, withinMs = this.#parts.profile.queueMs): void {
    const { timeline, dice, profile, appSide, history } = this.#parts
    const mark = `m${++this.#marks}`
    if (steps !== undefined) this.#steps.set(mark, steps)
    else if (dice.chance(profile.trouble)) this.#steps.set(mark, Array.from({ length: dice.whole(1, dice.pick([1, 2, 6])) }, () => stepOf(dice, profile)))
    else if (dice.chance(profile.calls)) this.#steps.set(mark, [{ does: 'call REST' }])
    const marked = typeof data === 'string' ? data : { MARK: mark, ...data }
    const body = writeEnvelope({ event: code, event_handler_id: '1', data: marked, ts: Math.floor(timeline.now() / SECOND_MS), auth })
    const sent = {
      kind: 'sent', app: site.app, memberId: auth.member_id ?? '', mark, code, data: decodeForm(body)['data'], genuine, token: auth.application_token ?? '',
      raisedAt: timeline.monotonicMs,
      ...(auth.user_id === undefined ? {} : { userId: auth.user_id }), ...(clean === undefined ? {} : { clean }),
      ...(auth.refresh_token === undefined ? {} : { refresh: nameOf(auth.refresh_token) }),
    } as const
    const copies = dice.chance(profile.copies) ? dice.whole(1, 2) : 0
    for (let copy = 0; copy <= copies; copy++) {
      this.#at(dice.between(0, copy === 0 ? withinMs : profile.copiesMs), () => {
        const delivery = ++this.#deliveries
        const { taker } = appSide
        history.add({ ...sent, delivery, ...(taker === undefined ? {} : { process: taker }) })
        appSide.deliver(delivery, site.app, body)
      })
    }
  }
}
