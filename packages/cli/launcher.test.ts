import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { findPinnedNode, isNewEnough } from './bin/find-node.mjs'

const LAUNCHER = fileURLToPath(new URL('bin/portline.mjs', import.meta.url))
/** Stands in for an old Node: the launcher looks at nothing but the version. */
const PRETEND_NODE_20 = 'data:text/javascript,Object.defineProperty(process,"version",{value:"v20.19.0"})'

const launch = (nodeArgs: string[], args: string[], env: Record<string, string> = {}) =>
  spawnSync(process.execPath, [...nodeArgs, LAUNCHER, ...args], { encoding: 'utf8', env: { ...process.env, ...env } })

test('Node 24 and newer will do, older ones will not', () => {
  expect(['v24.0.0', 'v26.1.0'].every(isNewEnough)).toBe(true)
  expect(['v20.19.5', 'v22.12.0', 'v9.0.0', ''].some(isNewEnough)).toBe(false)
})

test('the pinned Node is looked for from the folder upward', () => {
  const pinned = join('/clone', 'node_modules', 'node', 'bin', 'node')
  expect(findPinnedNode('/clone/packages/cli/bin', (path) => path === pinned)).toBe(pinned)
  expect(findPinnedNode('/clone/packages/cli/bin', () => false)).toBeUndefined()
})

test('an old Node hands over to the pinned one', () => {
  const { status, stdout, stderr } = launch(['--import', PRETEND_NODE_20], ['--version'])
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '0.1.0\n', stderr: '' })
})

test('the exit code of the command comes through the hand-over', () => {
  const nobody = { PORTLINE_URL: 'http://127.0.0.1:1' }
  const { status, stderr } = launch(['--import', PRETEND_NODE_20], ['events', 'list', '--json'], nobody)
  expect(status).toBe(1)
  expect(JSON.parse(stderr)).toMatchObject({ error: 'SERVER_UNREACHABLE' })
})

test('where no newer Node is found it says what to do instead of starting itself for ever', () => {
  const { status, stderr } = launch(['--import', PRETEND_NODE_20], ['--version'], { PORTLINE_PINNED_NODE: '1' })
  expect(status).toBe(1)
  expect(stderr).toContain('npm ci')
})

test('a command loads the code of no other one', () => {
  const hooks = `import { registerHooks } from 'node:module'
    registerHooks({ load(url, context, next) { console.error(url); return next(url, context) } })`
  const { stderr } = launch(['--import', `data:text/javascript,${encodeURIComponent(hooks)}`], ['start', '--help'])
  const commands = [...stderr.matchAll(/cli\/commands\/([a-z-]+)\.ts$/gm)].map(([, name]) => name)
  expect(commands).toEqual(['start'])
})
