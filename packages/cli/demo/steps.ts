import type { ActionAnswer, ConnectorAnswer } from '@portline/portal/face/control.ts'
import type { PortalApp } from '../local/portal-app.ts'
import type { CheckEntry, DemoEntry, EventEntry } from './entries.ts'
import type { Observer } from './observer.ts'

/** What the demo does and what must then be seen on both sides. Each check looks; none takes an answer's word for it. */
export interface Stage {
  readonly portalApp: PortalApp
  readonly observer: Observer
  readonly connector: string
  readonly line: number
  readonly startedAtMs: number
  readonly report: (entry: DemoEntry) => void
}

export interface DemoStep {
  readonly name: string
  readonly title: string
  /** Throws when the portal refuses the action; what it does not find it reports. */
  run(stage: Stage, step: StepReport): Promise<void>
}

/** Reports under one step's name. */
export class StepReport {
  readonly #stage: Stage
  readonly #step: DemoStep
  readonly #beganMs: number

  constructor(stage: Stage, step: DemoStep) {
    this.#stage = stage
    this.#step = step
    this.#beganMs = this.#now()
  }

  began(answer?: ActionAnswer | ConnectorAnswer): void {
    const page = answer?.page === undefined ? {} : { page: { url: answer.page.url, status: answer.page.status } }
    this.#stage.report({ kind: 'step', step: this.#step.name, title: this.#step.title, atMs: this.#beganMs, ...page })
  }

  check(check: string, ok: boolean, seen: unknown): boolean {
    const entry: CheckEntry = { kind: 'check', step: this.#step.name, check, ok, atMs: this.#now() }
    this.#stage.report(ok ? entry : { ...entry, seen: JSON.stringify(seen) ?? 'nothing' })
    return ok
  }

  /** The event must arrive, be answered 200 and be handled. */
  async event(code: string): Promise<EventEntry | undefined> {
    const entry = await this.#stage.observer.nextEvent(this.#step.name, code, this.#stage.startedAtMs)
    if (entry !== undefined) this.#stage.report(entry)
    this.check(`${code} was delivered and answered 200`, entry?.sent.answer === HTTP_OK, entry?.sent.answer)
    this.check(`${code} was proven`, entry?.verdict?.kind === 'proven', entry?.verdict)
    this.check(`${code} is done`, entry?.stored?.state === 'done', entry?.stored)
    return entry
  }

  #now(): number {
    return Date.now() - this.#stage.startedAtMs
  }
}

const HTTP_OK = 200
const NEXT_VERSION = '2'

const install: DemoStep = {
  name: 'install',
  title: 'An administrator installs the app; its installer page opens',
  async run({ portalApp, observer }, step) {
    step.began(await portalApp.install())
    const early = await observer.deliveries()
    step.check('nothing was sent before the installation was complete', early.length === 0, early.map(({ event }) => event))
    const bound = await portalApp.handlers()
    step.check('the installer page bound the events of the app', bound.length > 0, bound)
  },
}

const finish: DemoStep = {
  name: 'finish',
  title: 'The installer page calls installFinish',
  async run({ portalApp, observer }, step) {
    step.began(await portalApp.finish())
    await step.event('ONAPPINSTALL')
    const installation = await observer.installation()
    step.check('the installation is active at the app side', installation?.status === 'active', installation?.status)
  },
}

const connectorOn: DemoStep = {
  name: 'connector-on',
  title: 'The connector is switched on: the portal opens its settings, the app activates it',
  async run(stage, step) {
    step.began(await stage.portalApp.switchConnector(stage.line, stage.connector, true))
    await checkLine(stage, step, true)
  },
}

const connectorOff: DemoStep = {
  name: 'connector-off',
  title: 'The administrator switches the connector off',
  async run(stage, step) {
    step.began(await stage.portalApp.switchConnector(stage.line, stage.connector, false))
    await step.event('ONIMCONNECTORSTATUSDELETE')
    await checkLine(stage, step, false)
  },
}

async function checkLine({ portalApp, observer, connector, line }: Stage, step: StepReport, wanted: boolean): Promise<void> {
  const word = wanted ? 'on' : 'off'
  const atPortal = (await portalApp.lines()).find(({ id }) => id === line)?.connectors.find((one) => one.connector === connector)
  step.check(`the connector is ${word} at the portal`, (atPortal?.active ?? false) === wanted, atPortal)
  const known = (await observer.installation())?.connectorLines
    .find((one) => one.connector === connector && one.line === String(line))
  step.check(`the connector is ${word} at the app side`, known?.active === wanted, known)
}

const update: DemoStep = {
  name: 'update',
  title: `The app is updated to version ${NEXT_VERSION}; the portal drops every handler row`,
  async run({ portalApp, observer }, step) {
    const before = await portalApp.handlers()
    step.began(await portalApp.update(NEXT_VERSION))
    await step.event('ONAPPUPDATE')
    const after = await portalApp.handlers()
    const stale = after.filter(({ id }) => before.some((row) => row.id === id))
    step.check('every handler row is new', before.length > 0 && stale.length === 0, stale)
    const codes = (rows: typeof after): string => rows.map(({ event }) => event).toSorted().join(' ')
    step.check('the same events are bound again', codes(before) === codes(after), codes(after))
    const installation = await observer.installation()
    step.check('the app side knows the new version', installation?.version === NEXT_VERSION, installation?.version)
  },
}

const uninstall: DemoStep = {
  name: 'uninstall',
  title: 'The administrator uninstalls the app and has its data deleted (CLEAN=1)',
  async run({ portalApp, observer }, step) {
    const earlier = await observer.events()
    step.began(await portalApp.uninstall(true))
    const entry = await step.event('ONAPPUNINSTALL')
    const onlyProof = entry?.sent.tokens.join() === 'application_token'
    step.check('ONAPPUNINSTALL carried no tokens but application_token', onlyProof, entry?.sent.tokens)
    const installation = await observer.installation()
    step.check('the installation is deleted at the app side', installation?.status === 'deleted', installation?.status)
    const left = [installation?.bindings, installation?.connectorLines, installation?.accounts].flat()
    step.check('bindings, connector lines and accounts are gone', left.length === 0, left)
    const kept = (await observer.events()).filter(({ id }) => id !== entry?.stored?.id)
    const gone = earlier.length > 0 && kept.length === 0
    step.check('every earlier event of the portal is gone', gone, kept.map(({ event }) => event))
    const forgotten = await Promise.all(earlier.map(({ id }) => observer.isForgotten(id)))
    step.check('an earlier event is not found any more', forgotten.every(Boolean), forgotten)
    const rows = await portalApp.handlers()
    step.check('the portal has no handler row of the app', rows.length === 0, rows)
  },
}

export const DEMO_STEPS: readonly DemoStep[] = [install, finish, connectorOn, connectorOff, update, uninstall]
