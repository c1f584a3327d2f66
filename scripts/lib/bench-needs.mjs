import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { root, say } from './install.mjs'

const BENCH = join(root, 'bench')

/** The peers' packages, of versions that bench/package-lock.json names. Without them their rows are missing, and the results say so. */
export function ensurePeers(env) {
  const wanted = packagesOf(join(BENCH, 'package-lock.json'))
  const installed = packagesOf(join(BENCH, 'node_modules', '.package-lock.json'))
  const isThere = Object.entries(wanted).every(([path, { version, optional }]) => {
    return path === '' || optional === true || installed[path]?.version === version
  })
  if (isThere) return
  say('Installing the peers (npm ci in bench/); the first time takes up to a minute.')
  const ended = spawnSync('npm', ['--prefix', BENCH, 'ci', '--no-audit', '--no-fund', '--loglevel=error'], { stdio: ['ignore', 2, 2], env })
  if (ended.status !== 0) say('The peers could not be installed: their rows will be missing.')
}

function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages
  } catch {
    return {}
  }
}

const DEBIAN_PACKAGES = [
  { program: 'wrk', name: 'wrk' },
  { program: 'redis-server', name: 'redis-server' },
  { program: 'rabbitmq-server', name: 'rabbitmq-server' },
  { program: 'postgres', name: 'postgresql', folder: '/usr/lib/postgresql' },
]
/** Debian asks it whether a server may be started: installed ones are not to run beside the bench's own. */
const POLICY = '/usr/sbin/policy-rc.d'
const EXECUTABLE = 0o755

/** wrk and the peers' servers, by apt-get where that can be done unasked; what is missing then is said in the results. */
export function ensureServers() {
  const missing = DEBIAN_PACKAGES.filter(({ program, folder }) => !isOnPath(program) && !(folder !== undefined && existsSync(folder)))
  if (missing.length === 0) return
  const names = missing.map(({ name }) => name).join(', ')
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || !isOnPath('apt-get')) {
    say(`Missing, and only root on Debian or Ubuntu can install them unasked: ${names}`)
    return
  }
  say(`Installing ${names} (apt-get).`)
  const ownPolicy = !existsSync(POLICY)
  if (ownPolicy) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: EXECUTABLE })
  try {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    const apt = (...args) => spawnSync('apt-get', ['-q', ...args], { stdio: ['ignore', 2, 2], env })
    apt('update')
    // One by one: what one of them lacks is not to cost the others.
    for (const { name } of missing) apt('install', '-y', '--no-install-recommends', name)
  } finally {
    if (ownPolicy) rmSync(POLICY)
  }
}

function isOnPath(program) {
  return [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin'].some((folder) => existsSync(join(folder, program)))
}
