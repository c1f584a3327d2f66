import { fileURLToPath } from 'node:url'
import { outputOf } from '../lib/processes.ts'

/** Closed-loop load: each of the connections sends its next event when the last one was answered. */
export interface WrkResult {
  /** Answered, whatever the status. */
  readonly requests: number
  readonly durationS: number
  /** Answered with another status than 2xx or 3xx. */
  readonly failed: number
  /** Not answered at all. */
  readonly broken: number
  /** Milliseconds, as all latencies here. */
  readonly p50: number
  readonly p99: number
  readonly max: number
}

const SCRIPT = fileURLToPath(new URL('./wrk.lua', import.meta.url))
export const WRK_CONNECTIONS = 64

/** Ids of a round's warm-up and measurement are apart from each other. */
export const FIRST_ID = { warmUp: 0, measured: 500_000_000 } as const

export async function runWrk(url: string, bodiesFile: string, seconds: number, firstId: number): Promise<WrkResult> {
  const settings = ['-t', '1', '-c', String(WRK_CONNECTIONS), '-d', `${seconds}s`, '--timeout', '10s', '-s', SCRIPT]
  const args = [...settings, url, '--', bodiesFile, String(firstId)]
  const line = (await outputOf('wrk', args)).split('\n').find((text) => text.startsWith('RESULT '))
  if (line === undefined) throw new Error('wrk printed no result')
  return JSON.parse(line.slice('RESULT '.length)) as WrkResult
}
