import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

/** In a process of its own: the settings are a process's, not a module's. */
const PROGRAM = `
  import { setImmediate } from 'node:timers/promises'
  import { getHeapSpaceStatistics } from 'node:v8'
  import { steadyHeap } from '${new URL('./steady-heap.ts', import.meta.url).href}'
  const room = () => getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space').space_size
  if (process.argv.at(-1) === 'steady') steadyHeap()
  let kept = []
  for (let n = 0; n < 2_000_000; n++) {
    kept.push({ n, text: 'event ' + n })
    if (kept.length > 60_000) kept = kept.slice(30_000)
    if (n % 1_000 === 0) await setImmediate()
  }
  console.log(room())`

/** In bytes, after a program has made much that soon is garbage. */
async function roomForNewObjects(how: 'steady' | 'as it is'): Promise<number> {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', PROGRAM, how])
  // Where V8 no longer knows a setting it says so.
  expect(stderr).toBe('')
  return Number(stdout)
}

test('V8 knows the settings, and the room for new objects does not grow as it would', async () => {
  const steady = await roomForNewObjects('steady')
  const left = await roomForNewObjects('as it is')
  expect(steady).toBeLessThan(left / 2)
})
