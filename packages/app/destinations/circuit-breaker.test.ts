import { VirtualClock, systemClock } from '@portline/runtime/clock.ts'
import { seededRandom } from '@portline/runtime/random.ts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BREAKER_COOLING_MAX_MS, BREAKER_COOLING_MS, BREAKER_FAILURES, BREAKER_PROBE_WAIT_MS } from '../limits.ts'
import { CircuitBreaker } from './circuit-breaker.ts'
import { DeliveryError, NotNow } from './delivery-error.ts'

const down = () => new DeliveryError('DESTINATION_FAILED', 'down', { unavailable: true })
const refused = () => new DeliveryError('DESTINATION_REFUSED', 'refused', { unavailable: false })
const fail = (error: Error) => () => Promise.reject(error)

function create(seed = 'breaker') {
  const clock = new VirtualClock()
  const breaker = new CircuitBreaker({ name: 'there', clock, random: seededRandom(seed) })
  const attempt = (task: () => Promise<unknown>) => breaker.run(task).then(() => undefined, (error: unknown) => error)
  const open = async () => {
    for (let failure = 0; failure < BREAKER_FAILURES; failure++) await attempt(fail(down()))
  }
  const untilMs = () => (breaker.status.state === 'open' ? breaker.status.untilMs : Number.NaN)
  return { clock, breaker, attempt, open, untilMs }
}

/** A task whose end the test decides. */
function pending() {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  return { run: () => promise, succeed: resolve, fail: reject }
}

describe('a circuit breaker', () => {
  test('opens after failures in a row, and then nothing is let through', async () => {
    const { breaker, attempt, open, clock, untilMs } = create()
    await open()
    let ran = false
    const error = await attempt(async () => {
      ran = true
    })
    expect(error).toBeInstanceOf(NotNow)
    expect(error).toMatchObject({ code: 'DESTINATION_PAUSED', retryAtMs: untilMs() })
    expect(ran).toBe(false)
    expect(untilMs() - clock.now()).toBeLessThanOrEqual(BREAKER_COOLING_MS)
    expect(breaker.status.state).toBe('open')
  })

  test('a success or the refusal of one event in between begins the count anew', async () => {
    for (const between of [() => Promise.resolve(), fail(refused())]) {
      const { breaker, attempt } = create()
      for (let failure = 0; failure < BREAKER_FAILURES - 1; failure++) await attempt(fail(down()))
      await attempt(between)
      for (let failure = 0; failure < BREAKER_FAILURES - 1; failure++) await attempt(fail(down()))
      expect(breaker.status).toEqual({ state: 'closed', failures: BREAKER_FAILURES - 1 })
    }
  })

  test('after cooling one probe is let through, and the others come back a little later', async () => {
    const { breaker, attempt, open, clock, untilMs } = create()
    await open()
    await clock.advance(untilMs() - clock.now())
    const probe = pending()
    const probing = attempt(probe.run)
    const other = (await attempt(() => Promise.resolve())) as NotNow
    expect(other).toBeInstanceOf(NotNow)
    expect(other.retryAtMs - clock.now()).toBeGreaterThanOrEqual(BREAKER_PROBE_WAIT_MS)
    expect(other.retryAtMs - clock.now()).toBeLessThanOrEqual(2 * BREAKER_PROBE_WAIT_MS)
    probe.succeed()
    expect(await probing).toBeUndefined()
    expect(breaker.status).toEqual({ state: 'closed', failures: 0 })
  })

  test('each probe that fails makes the cooling longer, up to its cap; a success makes it short again', async () => {
    const { attempt, open, clock, untilMs, breaker } = create()
    await open()
    const waits: number[] = []
    for (let probe = 0; probe < 12; probe++) {
      waits.push(untilMs() - clock.now())
      await clock.advance(untilMs() - clock.now())
      await attempt(fail(down()))
    }
    for (const [index, wait] of waits.entries()) {
      const full = Math.min(BREAKER_COOLING_MS * 2 ** index, BREAKER_COOLING_MAX_MS)
      expect(wait).toBeLessThanOrEqual(full)
      expect(wait).toBeGreaterThanOrEqual(full * 0.8)
    }
    await clock.advance(untilMs() - clock.now())
    await attempt(() => Promise.resolve())
    expect(breaker.status.state).toBe('closed')
    await open()
    expect(untilMs() - clock.now()).toBeLessThanOrEqual(BREAKER_COOLING_MS)
  })

  test('a probe that is aborted shows nothing: the next comer probes', async () => {
    const { attempt, open, clock, untilMs, breaker } = create()
    await open()
    await clock.advance(untilMs() - clock.now())
    await attempt(fail(new Error('stopping')))
    expect(breaker.status).toEqual({ state: 'open', untilMs: clock.now() })
    await attempt(() => Promise.resolve())
    expect(breaker.status.state).toBe('closed')
  })

  test('a clock that is set back does not make its pause longer by as much', async () => {
    const HOURS_MS = 7_200_000
    let nowMs = HOURS_MS * 100
    const clock = { ...systemClock, now: () => nowMs }
    const breaker = new CircuitBreaker({ name: 'there', clock, random: seededRandom('breaker') })
    const attempt = (error: Error) => breaker.run(fail(error)).catch((thrown: unknown) => thrown)
    for (let failure = 0; failure < BREAKER_FAILURES; failure++) await attempt(down())
    nowMs -= HOURS_MS
    const paused = (await attempt(down())) as NotNow
    expect(paused).toBeInstanceOf(NotNow)
    expect(paused.retryAtMs - nowMs).toBeLessThanOrEqual(BREAKER_COOLING_MS)
    expect(breaker.status).toEqual({ state: 'open', untilMs: paused.retryAtMs })
    // A later comer does not put it off further.
    nowMs = paused.retryAtMs - 1
    expect(await attempt(down())).toMatchObject({ retryAtMs: paused.retryAtMs })
    nowMs += 1
    // A probe that shows nothing: the next one is let through at once, wherever the clock goes.
    const aborted = new Error('stopping')
    expect(await attempt(aborted)).toBe(aborted)
    nowMs -= HOURS_MS
    expect(await attempt(aborted)).toBe(aborted)
  })

  test('two breakers that opened together do not probe together', async () => {
    const [one, other] = [create('one'), create('other')]
    await one.open()
    await other.open()
    expect(one.untilMs()).not.toBe(other.untilMs())
  })
})

type Step =
  | { readonly do: 'begin' }
  | { readonly do: 'end'; readonly which: number; readonly how: 'success' | 'down' | 'refused' | 'aborted' | 'asked' }
  | { readonly do: 'wait'; readonly ms: number }

const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Step>({ do: 'begin' }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('end' as const),
      which: fc.nat(20),
      how: fc.constantFrom('success' as const, 'down' as const, 'down' as const, 'down' as const, 'refused' as const, 'aborted' as const, 'asked' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(4_000) }) },
)

const ASKED_MS = 7_000
const ENDS = {
  success: undefined,
  down: down(),
  refused: refused(),
  aborted: new Error('stopping'),
  asked: new DeliveryError('DESTINATION_FAILED', 'busy', { unavailable: true, retryAfterMs: ASKED_MS }),
} as const

/** Whatever comes in whatever order, with any number under way at once; held against a second, plain account of the rules. */
test('the rules of the breaker hold over every history', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { minLength: 1, maxLength: 120 }), fc.string(), async (history, seed) => {
      const { clock, breaker } = create(seed)
      let running: { readonly task: ReturnType<typeof pending>; readonly era: number; readonly probe: boolean; readonly done: Promise<unknown> }[] = []
      let [era, failures, coolings] = [0, 0, 0]
      let pausedUntilMs: number | undefined
      let probing = false

      const begin = async (): Promise<void> => {
        const task = pending()
        let started = false
        const done = breaker
          .run(() => {
            started = true
            return task.run()
          })
          .catch((error: unknown) => error)
        const allowed = !probing && (pausedUntilMs === undefined || clock.now() >= pausedUntilMs)
        expect(started).toBe(allowed)
        if (!started) {
          const refusal = (await done) as NotNow
          expect(refusal).toBeInstanceOf(NotNow)
          if (probing) expect(refusal.retryAtMs).toBeGreaterThan(clock.now())
          else expect(refusal.retryAtMs).toBe(pausedUntilMs)
          return
        }
        const probe = pausedUntilMs !== undefined
        if (probe) {
          probing = true
          era += 1
        }
        running.push({ task, era, probe, done })
      }

      const end = async ({ which, how }: Step & { do: 'end' }): Promise<void> => {
        const chosen = running[which % Math.max(running.length, 1)]
        if (chosen === undefined) return
        running = running.filter((one) => one !== chosen)
        const error = ENDS[how]
        if (error === undefined) chosen.task.succeed()
        else chosen.task.fail(error)
        expect(await chosen.done).toBe(error)
        if (chosen.era !== era) return
        settle(how, chosen.probe)
      }

      const settle = (how: (Step & { do: 'end' })['how'], probe: boolean): void => {
        if (how === 'aborted') {
          if (probe) openFor(0, 0)
          return
        }
        if (how === 'success' || how === 'refused') {
          if (probe) era += 1
          ;[failures, coolings, pausedUntilMs, probing] = [0, 0, undefined, false]
          return
        }
        failures += 1
        if (!probe && how === 'down' && failures < BREAKER_FAILURES) return
        const full = Math.min(BREAKER_COOLING_MS * 2 ** coolings, BREAKER_COOLING_MAX_MS)
        coolings += 1
        openFor(Math.max(full * 0.8, how === 'asked' ? ASKED_MS : 0), Math.max(full, how === 'asked' ? ASKED_MS : 0))
      }

      const openFor = (leastMs: number, mostMs: number): void => {
        const { status } = breaker
        if (status.state !== 'open') throw new Error(`it is ${status.state}`)
        const waitMs = status.untilMs - clock.now()
        expect(waitMs).toBeGreaterThanOrEqual(Math.floor(leastMs))
        expect(waitMs).toBeLessThanOrEqual(mostMs)
        ;[pausedUntilMs, probing, failures] = [status.untilMs, false, 0]
        era += 1
      }

      for (const step of history) {
        if (step.do === 'begin') await begin()
        else if (step.do === 'end') await end(step)
        else await clock.advance(step.ms)
        expect(running.filter((one) => one.probe && one.era === era).length).toBe(probing ? 1 : 0)
        expect(breaker.status.state).toBe(probing ? 'half-open' : pausedUntilMs === undefined ? 'closed' : 'open')
      }
    }),
    { numRuns: 300 },
  )
})
