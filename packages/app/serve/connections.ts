import type { Socket } from 'node:net'
import { networkOf, plainAddress } from './sender-address.ts'

/**
 * Open connections, counted by address, of IPv6 by the network that one host has to itself. None may have more than are still free,
 * so one alone gets half of them, and whoever comes next finds some.
 */
export class Connections {
  readonly #max: number
  readonly #byAddress = new Map<string, number>()
  #open = 0

  constructor(max: number) {
    this.#max = max
  }

  /** Closes it at once when its address has too many. */
  add(socket: Socket): void {
    const address = networkOf(plainAddress(socket.remoteAddress ?? ''))
    const own = this.#byAddress.get(address) ?? 0
    if (own >= this.#max - this.#open) return void socket.destroy()
    this.#byAddress.set(address, own + 1)
    this.#open += 1
    socket.once('close', () => {
      const left = (this.#byAddress.get(address) ?? 1) - 1
      if (left === 0) this.#byAddress.delete(address)
      else this.#byAddress.set(address, left)
      this.#open -= 1
    })
  }
}
