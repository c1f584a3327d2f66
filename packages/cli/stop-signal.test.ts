import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const MODULE = new URL('stop-signal.ts', import.meta.url).href

/** A process of its own: what is tested is when it ends. */
async function run(body: string): Promise<{ code: number | null; out: string }> {
  const script = `import { StopSignal } from ${JSON.stringify(MODULE)}
    const say = (text) => process.stdout.write(text + '\\n')
    const output = { out: say, write: async (text) => say(text), err: say }
    // Nothing else keeps it alive while a signal is under way to it.
    const alive = setInterval(() => {}, 1_000_000)
    const forEver = () => new Promise(() => {})
    ${body}
    clearInterval(alive)`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { cwd: fileURLToPath(new URL('.', import.meta.url)), stdio: ['ignore', 'pipe', 'inherit'] })
  let out = ''
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, out }
}

test('parts behind one that fails are stopped too, and its error is thrown', async () => {
  const { code, out } = await run(`
    const signal = new StopSignal(output)
    process.kill(process.pid, 'SIGTERM')
    await signal.received
    await signal.stop([() => Promise.reject(new Error('the first')), async () => say('second stopped')]).catch(({ message }) => say(message))`)
  expect([code, out]).toEqual([0, 'second stopped\nthe first\n'])
})

test('a stop that comes to no end is ended, and so is a start that a signal found', async () => {
  const told = 'Not stopped within 50 ms. What was answered 200 is on disk and goes on at the next start.\n'
  expect(await run('await new StopSignal(output, 50).stop([forEver])')).toEqual({ code: 1, out: told })
  expect(await run(`
    new StopSignal(output, 50)
    process.kill(process.pid, 'SIGINT')
    await forEver()`)).toEqual({ code: 1, out: told })
})

test('a second signal ends a process whose app module does not load, and changes nothing after that', async () => {
  expect(await run(`
    const signal = new StopSignal(output)
    process.kill(process.pid, 'SIGINT')
    await signal.received
    process.kill(process.pid, 'SIGINT')
    await signal.whileLoading(forEver())`)).toEqual({ code: 1, out: 'Stopped before the app module was loaded.\n' })
  expect(await run(`
    const signal = new StopSignal(output)
    await signal.whileLoading(Promise.resolve())
    const twice = new Promise((resolve) => process.on('SIGHUP', resolve))
    process.kill(process.pid, 'SIGINT')
    await signal.received
    process.kill(process.pid, 'SIGHUP')
    await twice
    await signal.stop([async () => say('stopped')])`)).toEqual({ code: 0, out: 'stopped\n' })
})
