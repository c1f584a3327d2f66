import { installations, view } from './known.js'
import { badge, byId, facts, node, timeOf } from './nodes.js'
import { reasonFacts, reasonWords } from './reasons.js'
import { text } from './texts.js'

export function showInstallations() {
  const all = [...installations.values()]
  byId('installations-count').textContent = all.length === 0 ? '' : `${all.length}${view.portalsCursor === undefined ? '' : '+'}`
  byId('installations-empty').hidden = !view.loaded || all.length > 0
  byId('more-installations').hidden = view.portalsCursor === undefined
  byId('installations-list').replaceChildren(...all.map(installationCard))
}

function installationCard(installation) {
  const { app, domain, portal, status, version, reason, bindings, connectorLines, accounts, installedAt } = installation
  const lines = connectorLines.map(({ connector, line, active }) => {
    const shown = `${connector} · ${text('line')} ${line} · ${text(active ? 'on' : 'off')}`
    return node('span', { class: 'badge', 'data-state': active ? 'active' : 'deleted' }, shown)
  })
  const users = accounts.map(({ userId, state, deadReason }) => {
    return `${userId} (${text(state === 'live' ? 'tokensLive' : 'tokensDead')}${state === 'live' || deadReason === null ? '' : `: ${deadReason}`})`
  })
  const heading = node('div', { class: 'card-heading' }, node('h3', {}, domain || portal), badge(status))
  return node('li', {}, heading, facts([
    ['app', app],
    ['version', version],
    ['reason', reason === null ? null : node('div', {}, ...reasonWords(reason))],
    ...reasonFacts(reason),
    ['installed', installedAt === null ? null : timeOf(installedAt)],
    ['account', users.join(', ')],
    ['bindings', bindings.length === 0 ? text('none') : node('ul', { class: 'codes' }, ...bindings.map(({ event }) => node('li', {}, event)))],
    ['connectors', lines.length === 0 ? null : node('span', { class: 'badges' }, ...lines)],
  ]))
}
