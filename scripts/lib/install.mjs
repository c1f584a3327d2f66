import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { basename, delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

// Runs on the machine's own Node, which may be 20, before anything is installed: no dependencies, nothing newer than Node 20.

export const root = fileURLToPath(new URL('../../', import.meta.url))
const modules = join(root, 'node_modules')
const binaries = join(modules, '.bin')
const pinnedPackage = join(modules, 'node')
const pinnedNode = join(pinnedPackage, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
const NEEDED_NODE_MAJOR = 24

/** Makes node_modules what package-lock.json says, when it isn't. Answers with the path of a Node 24, or ends the process. */
export function ensureInstalled() {
  if (!matchesLockfile()) {
    say('Installing what is missing (npm ci); the first time takes up to a minute.')
    npm(['ci', '--no-audit', '--no-fund', '--loglevel=error', ...ALWAYS_INCLUDED])
  }
  return findNode24() ?? repairNode24() ?? giveUp(
    `Node ${NEEDED_NODE_MAJOR} is not in node_modules/node, and the running Node is ${process.version}.`,
    `Delete node_modules and run the command again; or install Node ${NEEDED_NODE_MAJOR} on this machine (https://nodejs.org).`,
  )
}

/** The environment of everything started from here: `node` means Node 24, and tools are those of the lockfile. */
export function environment(node24) {
  const ownFolder = node24 === pinnedNode ? binaries : join(node24, '..')
  return { ...process.env, PATH: [...new Set([binaries, ownFolder]), process.env.PATH ?? ''].join(delimiter) }
}

export function say(line) {
  process.stderr.write(`${line}\n`)
}

export function giveUp(problem, whatToDo) {
  say(`error: ${problem}\n  ${whatToDo}`)
  process.exit(1)
}

// A user's own settings (NODE_ENV=production, omit=dev, ignore-scripts) would leave out the pinned Node or the tools.
const ALWAYS_INCLUDED = ['--include=dev', '--include=optional', '--ignore-scripts=false']

/** npm's own record of what it installed is written last, so an interrupted install never looks complete. */
function matchesLockfile() {
  const wanted = packagesOf(join(root, 'package-lock.json')) ?? giveUp(
    'package-lock.json is missing or cannot be read.', 'Check it out again: git checkout package-lock.json',
  )
  const installed = packagesOf(join(modules, '.package-lock.json'))
  if (installed === undefined) return false
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.startsWith('node_modules/')) return true
    const present = installed[path]
    if (present === undefined) return entry.optional === true || entry.peer === true
    return present.version === entry.version && present.integrity === entry.integrity && present.link === entry.link
  })
}

function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages
  } catch {
    return undefined
  }
}

function npm(args) {
  // Under `npm start` the running Node may be the pinned one, which `npm ci` is about to delete: npm's own Node does the work.
  const byNpm = process.env.npm_execpath
  const usable = byNpm !== undefined && /^npm-cli\.c?js$/.test(basename(byNpm))
  const [command, before] = usable ? [process.env.npm_node_execpath ?? process.execPath, [byNpm]] : ['npm', []]
  const PATH = (process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.startsWith(modules)).join(delimiter)
  // stdout belongs to the command that is going to run (`demo --json`).
  const shell = !usable && process.platform === 'win32'
  const options = { cwd: root, stdio: ['ignore', 2, 2], env: { ...process.env, PATH }, shell }
  const ended = spawnSync(command, [...before, ...args], options)
  if (ended.signal !== null) process.kill(process.pid, ended.signal)
  if (ended.error?.code === 'ENOENT') giveUp('npm was not found.', 'Install Node 20 or newer with npm: https://nodejs.org')
  if (ended.status !== 0) {
    giveUp(`npm ${args[0]} failed (exit code ${ended.status}); its message is above.`,
      'Check the network and the npm registry (npm config get registry), then run the command again.')
  }
}

function findNode24() {
  if (isNode24(pinnedNode)) return pinnedNode
  return majorOf(process.version) >= NEEDED_NODE_MAJOR ? process.execPath : undefined
}

/** The package's own install step, for an npm that skips install scripts whatever it is told. */
function repairNode24() {
  const script = join(pinnedPackage, 'installArchSpecificPackage.js')
  if (!existsSync(script)) return undefined
  say(`Fetching Node ${NEEDED_NODE_MAJOR}.`)
  spawnSync(process.execPath, [script], { cwd: pinnedPackage, stdio: ['ignore', 2, 2] })
  return findNode24()
}

function isNode24(node) {
  if (!existsSync(node)) return false
  const { status, stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' })
  return status === 0 && majorOf(stdout) >= NEEDED_NODE_MAJOR
}

function majorOf(version) {
  return Number(/^v(\d+)/.exec(version)?.[1] ?? 0)
}
