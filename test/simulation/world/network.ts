import type { AnswerLimits, JsonAnswer, Network } from '@portline/runtime/network.ts'
import type { Dice } from './dice.ts'
import type { Life, Timeline } from './timeline.ts'

/**
 * What the app side asks others. A request is on its way, arrives, is answered, and the answer is on its way: each can be the end
 * of it, and who asked can't tell whether the other side has done what it was asked.
 */
export interface NetworkWeather {
  /** Of the requests: how many never arrive, arrive but their answer is lost, get an error in place of an answer, or take long. */
  readonly unreachable: number
  readonly cut: number
  readonly failing: number
  readonly slow: number
  /** Whom it concerns; all when absent. */
  readonly only?: 'portals' | 'servers'
}

export const CALM_NETWORK: NetworkWeather = { unreachable: 0, cut: 0, failing: 0, slow: 0 }

/** Whoever answers at an address. `answered` tells it what became of its answer. */
export type Peer = (url: URL, form: Readonly<Record<string, string>>, asked: Asked) => PeerAnswer

export interface Asked {
  readonly process: number
  readonly atMs: number
}

export interface PeerAnswer extends JsonAnswer {
  readonly answered?: (came: boolean) => void
}

const USUAL_MS = 60
const SLOW_MS = 14_000
const ERRORS: readonly JsonAnswer[] = [
  { status: 500, json: { error: 'INTERNAL_SERVER_ERROR' } },
  { status: 503, json: { error: 'QUERY_LIMIT_EXCEEDED' } },
  { status: 502, json: {} },
  { status: 401, json: { error: 'CONNECTION_ERROR' } },
]

export class SimulatedNetwork {
  readonly #timeline: Timeline
  readonly #dice: Dice
  readonly #peer: Peer
  weather = CALM_NETWORK

  constructor(timeline: Timeline, dice: Dice, peer: Peer) {
    this.#timeline = timeline
    this.#dice = dice
    this.#peer = peer
  }

  #weatherAt({ hostname }: URL): NetworkWeather {
    const { only } = this.weather
    return only === undefined || (only === 'portals') === hostname.startsWith('portal') ? this.weather : CALM_NETWORK
  }

  /** The network of one process. The other side goes on when the process does not. */
  of(life: Life, process: number, world: Life): Network {
    return { postForm: (url, form, limits) => this.#ask(life, process, world, new URL(url), { ...form }, limits) }
  }

  #ask(life: Life, process: number, world: Life, url: URL, form: Readonly<Record<string, string>>, { timeoutMs }: AnswerLimits): Promise<JsonAnswer> {
    const dice = this.#dice
    const { unreachable, cut, failing, slow } = this.#weatherAt(url)
    const tookMs = (): number => dice.between(1, dice.chance(slow) ? SLOW_MS : USUAL_MS)
    const [thereMs, backMs] = [tookMs(), tookMs()]
    const fate = dice.random.fraction()
    const asked = { process, atMs: this.#timeline.monotonicMs }
    return new Promise((resolve, reject) => {
      let over = false
      const end = (settle: () => void) => (): void => {
        if (over) return
        over = true
        timeout.cancel()
        settle()
      }
      const timeout = this.#timeline.after(life, timeoutMs, end(() => reject(new Error('no answer in time'))))
      if (fate < unreachable) {
        this.#timeline.after(life, thereMs, end(() => reject(new Error('ECONNREFUSED'))))
        return
      }
      // It arrives even if who asked has stopped waiting, or is no more.
      this.#timeline.after(world, thereMs, () => {
        if (fate < unreachable + failing) {
          this.#timeline.after(life, backMs, end(() => resolve(dice.pick(ERRORS))))
          return
        }
        const { answered, ...answer } = this.#peer(url, form, asked)
        const lost = fate < unreachable + failing + cut
        this.#timeline.after(world, backMs, () => {
          const came = !lost && !over && life.alive
          answered?.(came)
          if (came) end(() => resolve(answer))()
          else if (life.alive) end(() => reject(new Error('ECONNRESET')))()
        })
      })
    })
  }
}
