import { REFERENCE } from '../contenders/contenders.ts'
import type { Bench } from '../lib/bench.ts'
import { guarded } from '../lib/bench.ts'
import { Round } from '../lib/contender.ts'
import { count, duration, mebibytes, table } from '../lib/table.ts'
import { residentBytes } from '../lib/usage.ts'
import { startCommand, storeFolder } from '../portline/command.ts'
import { sendSteadily } from './steady.ts'

/** Whether the memory of `portline start` grows while events keep coming and handlers run. */
const RATE = 2_000
const SAMPLE_MS = 500

export async function measureMemory(bench: Bench): Promise<string> {
  if (bench.chosen([REFERENCE]).length === 0) return ''
  const { memoryS } = bench.extent
  bench.say(`memory in ${memoryS} s at ${count(RATE)} events a second`)
  const rows = await guarded(bench, 'memory', async () => {
    const round = await Round.open(REFERENCE, bench.folder)
    const running = await startCommand(storeFolder(round), 1)
    const samples = [residentBytes(running.pid)]
    const timer = setInterval(() => samples.push(residentBytes(running.pid)), SAMPLE_MS)
    try {
      const { latencies, failed, answered, durationS } = await sendSteadily({ url: running.url, rate: RATE, events: RATE * memoryS })
      const mostBytes = Math.max(...samples)
      bench.figures.memory = { rate: RATE, answeredPerS: answered / durationS, lastedS: memoryS, mostBytes }
      const at = (share: number): string => mebibytes(samples[Math.floor((samples.length - 1) * share)] ?? Number.NaN)
      return [[
        `${memoryS} s`, at(0), at(0.25), at(0.5), at(0.75), at(1), mebibytes(mostBytes),
        `${duration(latencies.p50)}, ${duration(latencies.p99)}${failed > 0 ? `, ${count(failed)} NOT ANSWERED 200` : ''}`,
      ]]
    } finally {
      clearInterval(timer)
      await running.end()
      await round.close()
    }
  })
  if (rows === undefined) return ''
  const head = ['run', 'at the start', 'a quarter in', 'half', 'three quarters', 'at the end', 'most', 'answered, p50 and p99']
  return `${count(RATE)} events a second, a handler for each; resident memory in MiB.\n\n${table(head, rows)}`
}
