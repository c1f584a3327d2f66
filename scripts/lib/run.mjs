import { spawn } from 'node:child_process'
import { root } from './install.mjs'

const FORWARDED_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP']
const PARENT_CHECK_MS = 200

/**
 * Runs a command to its end and answers with its exit code. A signal is handed on and the command decides how to end:
 * in a terminal it gets Ctrl-C twice, once from the terminal and once from here, so it must take a repeat calmly.
 */
export function run(command, args, env) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', env })
    const forward = (signal) => child.kill(signal)
    for (const signal of FORWARDED_SIGNALS) process.on(signal, forward)
    // npm hands a signal to the shell between it and us, and that shell dies of it without a word: its death is the signal.
    const parent = process.ppid
    const orphaned = setInterval(() => {
      if (process.ppid === parent) return
      clearInterval(orphaned)
      forward('SIGTERM')
    }, PARENT_CHECK_MS)
    const end = (code) => {
      clearInterval(orphaned)
      for (const signal of FORWARDED_SIGNALS) process.off(signal, forward)
      resolve(code)
    }
    child.once('error', (error) => {
      process.stderr.write(`error: ${command} could not be started: ${error.message}\n`)
      end(1)
    })
    child.once('exit', (code, signal) => end(code ?? exitCodeOf(signal)))
  })
}

/** A shell's convention: 128 and the number of the signal. */
function exitCodeOf(signal) {
  return { SIGHUP: 129, SIGINT: 130, SIGKILL: 137, SIGTERM: 143 }[signal] ?? 1
}
