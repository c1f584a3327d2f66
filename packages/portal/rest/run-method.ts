import { sleep } from '@portline/runtime/clock.ts'
import type { RestTime } from '@portline/wire/rest.ts'
import { restTime } from './envelope.ts'
import type { RestCall, RestMethod } from './method.ts'

export interface MethodRun {
  readonly result: unknown
  readonly time: RestTime
}

/** The one method whose own time costs nothing: the commands in it are counted as the methods they are. */
const UNMETERED = 'batch'
/** By the newer module source a batch costs this much of its time (LoadLimiter: BATCH_TIME_WEIGHT). */
const BATCH_WEIGHT = 0.5

/**
 * Runs a method for a caller who may call it, as slowly as it is set to be, and counts its processing time. A method that
 * fails is not counted. OPERATION_TIME_LIMIT, and whatever the method throws.
 * @param startMs when the request, or the command of a batch, began
 */
export async function runMethod(call: RestCall, method: RestMethod, startMs: number): Promise<MethodRun> {
  const { clock, restLimits, stopping, variants } = call.context
  const caller = call.caller.app.clientId
  const weight = method.name === UNMETERED ? batchWeight(variants.operatingLimit) : 1
  const beganMs = clock.now()
  if (weight > 0) restLimits.requireOperatingTime(caller, method.name, beganMs)
  const slowS = restLimits.slowness(method.name)
  if (slowS > 0) await sleep(clock, slowS * 1_000, stopping)
  const result = await method.run(call)
  const finishMs = clock.now()
  restLimits.record(caller, method.name, beganMs, (finishMs - beganMs) * weight / 1_000)
  const { operating, operatingResetAt } = restLimits.read(caller, method.name, beganMs, finishMs)
  return { result, time: restTime(startMs, finishMs, { beganMs, operating, operatingResetAt }) }
}

function batchWeight(rule: 'documented' | 'source'): number {
  return rule === 'source' ? BATCH_WEIGHT : 0
}
