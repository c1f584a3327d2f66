import { spawnSync } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import { say } from './install.mjs'

/** Installs a package of Debian or Ubuntu where that goes unasked: as root or with sudo that needs no password. */
export function aptInstall(name, what) {
  const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '-n']
  const apt = (...args) => {
    const [command, ...rest] = [...asRoot, 'apt-get', '-q', ...args]
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    return spawnSync(command, rest, { stdio: ['ignore', 2, 2], env }).status === 0
  }
  if (process.platform !== 'linux' || spawnSync('apt-get', ['--version']).status !== 0) return false
  say(`Installing ${what} (apt-get).`)
  // A repository that cannot be refreshed may still have the package: the install decides.
  apt('update')
  return apt('install', '-y', '--no-install-recommends', name)
}

export function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
