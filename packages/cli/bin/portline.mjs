#!/usr/bin/env node
import { spawn } from 'node:child_process'
import module from 'node:module'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findPinnedNode, isNewEnough, NEEDED_NODE_MAJOR } from './find-node.mjs'

// Plain JavaScript that an old Node can read: everything behind it is TypeScript, which only Node 24 runs as it is.
const self = fileURLToPath(import.meta.url)
const FORWARDED_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP']
const ALREADY_PINNED = 'PORTLINE_PINNED_NODE'

if (isNewEnough(process.version)) {
  // From the second run on what was compiled is read from the temporary folder instead of compiled again.
  module.enableCompileCache?.()
  const [{ main }, { endProcess }] = await Promise.all([import('../main.ts'), import('../end-process.ts')])
  endProcess(await main(process.argv.slice(2)))
} else {
  const node = process.env[ALREADY_PINNED] === undefined ? findPinnedNode(dirname(self)) : undefined
  if (node === undefined) {
    process.stderr.write(`error CONFIG_INVALID: Portline needs Node ${NEEDED_NODE_MAJOR}, this is ${process.version}\n`
      + '  Run npm ci (or npm start) in the clone: it brings its own Node. Or install a newer one.\n')
    process.exitCode = 1
  } else {
    await runWith(node)
  }
}

/** The command decides how it ends; a signal is only handed on. */
function runWith(node) {
  return new Promise((resolve) => {
    const env = { ...process.env, [ALREADY_PINNED]: '1' }
    const child = spawn(node, [self, ...process.argv.slice(2)], { stdio: 'inherit', env })
    for (const signal of FORWARDED_SIGNALS) process.on(signal, () => child.kill(signal))
    child.once('error', (error) => {
      process.stderr.write(`error: ${node} could not be started: ${error.message}\n`)
      process.exitCode = 1
      resolve()
    })
    child.once('exit', (code) => {
      process.exitCode = code ?? 1
      resolve()
    })
  })
}
