import { aptInstall, isExecutable } from './apt.mjs'
import { giveUp } from './install.mjs'

/** Debian's /usr/sbin/rabbitmq-server is for root and the user rabbitmq alone; the one behind it runs for everybody. */
const PLACES = ['/usr/lib/rabbitmq/bin/rabbitmq-server', '/opt/homebrew/sbin/rabbitmq-server', '/usr/local/sbin/rabbitmq-server']

/** The path of a rabbitmq-server for the broker tests, installed first where that can be done unasked. Never answers without one. */
export function ensureRabbitMq() {
  const given = process.env.RABBITMQ_SERVER
  if (given !== undefined && given !== '') {
    return isExecutable(given) ? given : giveUp(`RABBITMQ_SERVER names ${given}, which cannot be run.`, 'Mend or unset RABBITMQ_SERVER.')
  }
  return find() ?? install() ?? giveUp(
    'The broker tests need rabbitmq-server, and it could not be installed here.',
    'Install it, or set RABBITMQ_SERVER to the path of its start script. On Debian or Ubuntu: sudo apt-get install rabbitmq-server',
  )
}

function find() {
  return PLACES.find(isExecutable)
}

function install() {
  return aptInstall('rabbitmq-server', 'rabbitmq-server for the broker tests') ? find() : undefined
}
