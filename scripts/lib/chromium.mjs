import { spawnSync } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { giveUp, say } from './install.mjs'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
const ELSEWHERE = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
]

/** The path of a Chromium for the browser tests, installed first where that can be done unasked. Never answers without one. */
export function ensureChromium() {
  const given = process.env.CHROMIUM
  if (given !== undefined && given !== '') {
    return isExecutable(given) ? given : giveUp(`CHROMIUM names ${given}, which cannot be run.`, 'Mend or unset CHROMIUM.')
  }
  return find() ?? install() ?? giveUp(
    'The browser tests need Chromium, and it could not be installed here.',
    'Install Chromium or Chrome, or set CHROMIUM to the path of one. On Debian or Ubuntu: sudo apt-get install chromium',
  )
}

function find() {
  const onPath = (process.env.PATH ?? '').split(delimiter).flatMap((folder) => NAMES.map((name) => join(folder, name)))
  return [...onPath, ...ELSEWHERE].find(isExecutable)
}

function install() {
  const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '-n']
  const apt = (...args) => {
    const [command, ...rest] = [...asRoot, 'apt-get', '-q', ...args]
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    return spawnSync(command, rest, { stdio: ['ignore', 2, 2], env }).status === 0
  }
  if (process.platform !== 'linux' || spawnSync('apt-get', ['--version']).status !== 0) return undefined
  say('Installing Chromium for the browser tests (apt-get).')
  // A repository that cannot be refreshed may still have the package: the install decides.
  apt('update')
  return apt('install', '-y', '--no-install-recommends', 'chromium') ? find() : undefined
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
