import { resolve } from 'node:path'
import { ensureInstalled, environment } from './lib/install.mjs'
import { run } from './lib/run.mjs'

// The script in package.json is one line for both kinds of shell. sh takes it for a function that gives its own process to node, so that a
// signal to npm reaches us; Windows' cmd for a variable that nobody reads. npm appends arguments at its end either way.
// npm goes to the clone's root first; an app's path is meant from where its user stood.
const from = process.env.npm_lifecycle_event === 'start' ? process.env.INIT_CWD ?? '.' : '.'
const args = process.argv.slice(2).map((arg) => (arg.startsWith('-') ? arg : resolve(from, arg)))
const node24 = ensureInstalled()
process.exitCode = await run(node24, ['packages/cli/bin/portline.mjs', 'dev', ...args], environment(node24))
