import type { RequestParams } from './params.ts'

/** What a list method returns: its result with `total` and `next`, which stand beside it in the answer. */
export class Page {
  readonly result: unknown
  /** 0 when it was not counted. */
  readonly total: number
  readonly next: number | undefined

  constructor(result: unknown, total: number, next?: number) {
    this.result = result
    this.total = total
    this.next = next
  }
}

/** `start` of a list: how many to pass over. Below 0: the first page, nothing counted. Anything that is no number is 0. */
export function readStart(params: RequestParams): number {
  const start = Number.parseInt(params.text('start') ?? '0', 10)
  return Number.isSafeInteger(start) ? start : 0
}
