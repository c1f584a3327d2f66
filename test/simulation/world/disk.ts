import { createHash } from 'node:crypto'
import type { Dice } from './dice.ts'
import type { Timeline } from './timeline.ts'

/**
 * One file of records on a disk that can fail. What is written lies in the machine's cache until it is synced; then no crash takes
 * it away. A failed write or sync is taken back by writing over it: until then a crash may still find it there.
 */
export type DiskFault = 'write fails' | 'sync fails' | 'full'
export type CrashKind = 'process' | 'power'

export interface DiskWeather {
  /** Of a commit, by what goes wrong. */
  readonly failures: number
  /** Milliseconds of a write and of a sync, at most. */
  readonly writeMs: number
  readonly syncMs: number
}

export const CALM_DISK: DiskWeather = { failures: 0, writeMs: 0.5, syncMs: 4 }

const SECTOR_BYTES = 512
const LENGTH_BYTES = 4
const DIGEST_BYTES = 8
const HEADER_BYTES = LENGTH_BYTES + DIGEST_BYTES

/** How a commit will fare: drawn before it is made. */
export interface CommitPlan {
  readonly fault?: DiskFault
  readonly writeMs: number
  readonly syncMs: number
}

export class Disk {
  readonly #dice: Dice
  readonly #timeline: Timeline
  readonly #synced: Uint8Array[] = []
  /** Of the synced part: where the next record goes. */
  #bytes = 0
  /** What lies behind the synced part: as a reader of the file sees it, and what would be left of it without power. */
  #cached: Buffer = Buffer.alloc(0)
  #durable: Buffer = Buffer.alloc(0)
  #writing: { readonly record: Buffer; readonly fromMs: number; readonly tookMs: number } | undefined
  #written: Buffer = Buffer.alloc(0)
  weather = CALM_DISK
  fullUntilMs = 0

  constructor(dice: Dice, timeline: Timeline) {
    this.#dice = dice
    this.#timeline = timeline
  }

  plan(): CommitPlan {
    const { failures, writeMs, syncMs } = this.weather
    const took = { writeMs: this.#dice.between(0, writeMs), syncMs: this.#dice.between(0, syncMs) }
    if (this.#timeline.monotonicMs < this.fullUntilMs) return { ...took, fault: 'full' }
    if (!this.#dice.chance(failures)) return took
    return { ...took, fault: this.#dice.pick(['write fails', 'sync fails'] as const) }
  }

  /** A write begins; a crash before `written` leaves a part of it. */
  write(payload: Uint8Array, tookMs: number): void {
    this.#writing = { record: recordOf(payload), fromMs: this.#timeline.monotonicMs, tookMs }
  }

  /** The write has ended; `fault` leaves a part of it. */
  written(fault?: DiskFault): void {
    this.#written = this.#writing?.record ?? Buffer.alloc(0)
    this.#writing = undefined
    const whole = fault === undefined || fault === 'sync fails'
    this.#put(whole ? this.#written : this.#written.subarray(0, this.#dice.whole(0, this.#written.length - 1)))
  }

  synced(): void {
    const record = this.#written
    this.#synced.push(record.subarray(HEADER_BYTES))
    this.#bytes += record.length
    this.#cached = this.#cached.subarray(record.length)
    this.#durable = this.#cached
  }

  /** Some of it may have reached the disk all the same. */
  syncFailed(): void {
    this.#durable = this.#withSomeSectors()
  }

  /** What the next process finds: the payloads of the records that are whole. */
  crash(kind: CrashKind): readonly Uint8Array[] {
    if (this.#writing !== undefined) {
      const { record, fromMs, tookMs } = this.#writing
      const done = tookMs === 0 ? 1 : (this.#timeline.monotonicMs - fromMs) / tookMs
      this.#writing = undefined
      this.#put(record.subarray(0, Math.floor(record.length * Math.min(1, done) * this.#dice.between(0, 1))))
    }
    for (const payload of wholeRecords(kind === 'power' ? this.#withSomeSectors() : this.#prefix())) {
      this.#synced.push(payload)
      this.#bytes += HEADER_BYTES + payload.length
    }
    this.#cached = Buffer.alloc(0)
    this.#durable = this.#cached
    return this.#synced
  }

  #put(part: Uint8Array): void {
    const next = Buffer.alloc(Math.max(this.#cached.length, part.length))
    this.#cached.copy(next)
    next.set(part)
    this.#cached = next
  }

  /** A dead process's writes are the machine's to finish, or were under way: any first part of what was not synced. */
  #prefix(): Buffer {
    const { length } = this.#cached
    return this.#cached.subarray(0, this.#dice.chance(0.5) ? length : this.#dice.whole(0, length))
  }

  /** Each sector that was not synced is there, is not, or is torn. */
  #withSomeSectors(): Buffer {
    const image = Buffer.alloc(this.#cached.length)
    this.#durable.copy(image)
    for (let at = -(this.#bytes % SECTOR_BYTES); at < image.length; at += SECTOR_BYTES) {
      const fate = this.#dice.pick(['there', 'there', 'lost', 'torn'] as const)
      if (fate === 'lost') continue
      const end = at + (fate === 'there' ? SECTOR_BYTES : this.#dice.whole(0, SECTOR_BYTES))
      if (end > 0) this.#cached.copy(image, Math.max(0, at), Math.max(0, at), Math.min(end, image.length))
    }
    return image
  }
}

function recordOf(payload: Uint8Array): Buffer {
  const header = Buffer.alloc(LENGTH_BYTES)
  header.writeUInt32BE(payload.length)
  return Buffer.concat([header, digestOf(payload), payload])
}

function digestOf(payload: Uint8Array): Buffer {
  return createHash('sha256').update(payload).digest().subarray(0, DIGEST_BYTES)
}

function wholeRecords(file: Buffer): Uint8Array[] {
  const records: Uint8Array[] = []
  for (let at = 0; at + HEADER_BYTES <= file.length; ) {
    const length = file.readUInt32BE(at)
    const payload = file.subarray(at + HEADER_BYTES, at + HEADER_BYTES + length)
    if (length === 0 || payload.length < length || !digestOf(payload).equals(file.subarray(at + LENGTH_BYTES, at + HEADER_BYTES))) break
    records.push(Buffer.from(payload))
    at += HEADER_BYTES + length
  }
  return records
}
