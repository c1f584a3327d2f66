import type { HistoryItem, Row, Started } from './history.ts'
import type { Violation } from './check/ledger.ts'

/** A history for people: a line for each item, what is broken behind the item where it showed. */
export function printed(items: readonly HistoryItem[], broken: readonly Violation[] = []): string {
  const lines = items.map((item, index) => {
    const marks = broken.filter((violation) => violation.item === index).map(({ promise, what }) => `\n        !!! ${promise}: ${what}`)
    return `${String(index).padStart(5)} ${(item.at / 1_000).toFixed(4).padStart(10)} s  ${lineOf(item)}${marks.join('')}`
  })
  const after = broken.filter(({ item }) => item >= items.length).map(({ promise, what }) => `!!! ${promise}: ${what}`)
  return [...lines, ...after].join('\n')
}

function lineOf(item: HistoryItem): string {
  switch (item.kind) {
    case 'sent':
      return [
        `sent #${item.delivery} ${item.mark} ${item.code} ${item.app}/${item.memberId}${item.genuine ? '' : ' FORGED'}${item.clean ? ' CLEAN' : ''}`,
        ` token ${item.token.split('.')[0]}${item.process === undefined ? ', nobody there' : ''}`,
      ].join('')
    case 'answered':
      return `answered #${item.delivery} ${item.status} ${item.code ?? ''}${short(item.id)} ${item.state ?? ''} (process ${item.process})`
    case 'rows':
      return `on disk ${item.rows.map((row) => `${row.change} ${rowText(row)}`).join('; ')}`
    case 'installations': {
      const states = item.installations.map(({ app, memberId, status, generation }) => `${app}/${memberId} is ${status} g${generation}`)
      const accounts = item.accounts.map(({ app, memberId, userId, state }) => `${app}/${memberId} account ${userId} ${state}`)
      return [...states, ...accounts, ...item.audited.map(({ seq, app, memberId, verb, generation }) => `audit ${seq} ${verb} ${app}/${memberId} g${generation}`)].join('; ')
    }
    case 'snapshot':
      return `found on disk ${item.rows.map(rowText).join('; ')}`
    case 'started':
      return `run ${item.run} started ${item.code} ${item.app}/${item.memberId} ${item.events.map(eventText).join(', ')} (process ${item.process})`
    case 'ended':
      return `run ${item.run} ended: ${item.outcome}${item.delivered > 0 ? `, took ${item.delivered}` : ''} ${item.error ?? ''}`
    case 'up':
      return `process ${item.process} up`
    case 'down':
      return `process ${item.process} down: ${item.cause}`
    case 'portal':
      return `${item.app}/${item.memberId} ${item.fact}${item.clean ? ' CLEAN' : ''} token ${item.token.split('.')[0]}`
    case 'renewal':
      return `${item.app}/${item.memberId} renewal of user ${item.user} with ${item.refresh}: ${item.result} ${item.next ?? ''}, answer ${item.answer} (process ${item.process})`
    case 'forgotten':
      return `${item.app}/${item.memberId} the server has forgotten ${item.refresh}`
    case 'pair':
      return `${item.app}/${item.memberId} pair: ${item.result} (installed ${item.installed}, here ${item.installedHere})`
    case 'weather':
    case 'spell':
      return item.what
    case 'rules':
      return `repeats: ${JSON.stringify(item.duplicates)}, refresh tokens ${item.singleUse ? 'for a single use' : 'stay good'}`
    case 'replayed':
      return `replay${short(item.id)}`
    case 'unhandled':
      return `UNHANDLED ${item.error}`
    case 'calm':
      return 'calm: nothing fails any more'
    case 'end':
      return `nothing is pending after ${item.waitedMs} ms`
  }
}

const SHORT = 6

function short(id: string | undefined): string {
  return id === undefined ? '' : ` ..${id.slice(-SHORT)}`
}

function eventText({ id, mark, attempt }: Started['events'][number]): string {
  return `${mark}${short(id)} attempt ${attempt}`
}

function rowText({ seq, id, mark, code, state, reason, proof, attempts, parked, generation }: Row): string {
  const code6 = code.replace('ON', '').toLowerCase()
  return `${seq}${short(id)} ${mark} ${code6} ${state}${reason === null ? '' : ` ${reason}`}${parked ? ' parked' : ''} a${attempts} g${generation} ${proof ?? 'unproven'}`
}
