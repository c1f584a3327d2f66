import { delimiter, join } from 'node:path'
import { aptInstall, isExecutable } from './apt.mjs'
import { giveUp } from './install.mjs'

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
  return aptInstall('chromium', 'Chromium for the browser tests') ? find() : undefined
}
