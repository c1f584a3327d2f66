import { InvalidArgumentError } from 'commander'
import type { Command } from 'commander'
import { LIST_MAX_ROWS } from 'portline/limits.ts'
import type { Environment } from '../settings.ts'
import { secretSettings, serverUrlSetting } from '../settings.ts'
import { jsonClient } from '../http-json.ts'
import type { JsonClient } from '../http-json.ts'
import { addFilterOptions, filterOf } from '../event-filter.ts'
import type { FilterOptions } from '../event-filter.ts'
import type { EventDetail, EventList, EventView } from '../operator-api.ts'
import type { Output } from '../output.ts'
import { addCopyCommands } from './copy-events.ts'
import { eventDetailText, eventsTable } from './event-texts.ts'
import { addReplayCommand } from './replay-events.ts'
import { addRetryCommand } from './retry-event.ts'

const EXAMPLES = `
Examples:
  portline events list --state dead
  portline events list --portal a223c6b3710f85df22e9377d6c4f7553 --event ONAPPUPDATE --limit 10
  portline events list --json | jq -r .id
  portline events show 01KAXZ5C3V8S1T0Q4W2Y6B9D7E
  portline events replay 01KAXZ5C3V8S1T0Q4W2Y6B9D7E
  portline events replay --state dead --dry-run
  portline events retry 01KAXZ5C3V8S1T0Q4W2Y6B9D7E

The app side is asked at PORTLINE_URL (http://127.0.0.1:4400), with PORTLINE_OPERATOR_TOKEN when it is set.`

interface ListOptions extends FilterOptions {
  readonly limit: string
  readonly after?: string
  readonly json?: true
}

export function addEventsCommand(program: Command, env: Environment, output: Output): void {
  const events = program
    .command('events')
    .description('look at the events of an app side, replay, retry and copy them')
    .addHelpText('after', EXAMPLES)
  addFilterOptions(events.command('list').description('events, newest first'))
    .option('--limit <n>', 'at most so many', readCount, '50')
    .option('--after <place>', 'those that come after it in the list: `next` of a page, or an event\'s id')
    .option('--json', 'one JSON object per line')
    .addHelpText('after', EXAMPLES)
    .action((options: ListOptions) => list(operatorApi(env), output, options))
  events
    .command('show <id>')
    .description('one event: its data, its history and every attempt')
    .option('--json', 'one JSON object')
    .addHelpText('after', EXAMPLES)
    .action((id: string, options: { json?: true }) => show(operatorApi(env), output, id, options.json))
  addCopyCommands(events, env, output)
  addReplayCommand(events, () => operatorApi(env), output)
  addRetryCommand(events, () => operatorApi(env), output)
}

export function operatorApi(env: Environment, answerMs?: number): JsonClient {
  return jsonClient(serverUrlSetting(env), secretSettings(env).operatorToken, answerMs)
}

async function list(api: JsonClient, output: Output, { json, limit, after, ...filters }: ListOptions): Promise<void> {
  const events: EventView[] = []
  // One request looks at a bounded number of events: a page may have few of them, or none, and others still follow.
  let next: string | null = after ?? ''
  do {
    const query: URLSearchParams = new URLSearchParams({ ...filterOf(filters), limit: String(Number(limit) - events.length), ...(next === '' ? {} : { after: next }) })
    const page: EventList = await api.get(`/api/events?${query}`)
    events.push(...page.events)
    next = page.next
  } while (next !== null && events.length < Number(limit))
  if (json) return events.forEach((event) => output.out(JSON.stringify(event)))
  output.out(events.length === 0 ? 'No such events.' : eventsTable(events))
  if (next !== null) output.err(`There are more: --after ${next}`)
}

async function show(api: JsonClient, output: Output, id: string, json: true | undefined): Promise<void> {
  const event = await api.get<EventDetail>(`/api/events/${encodeURIComponent(id)}`)
  output.out(json ? JSON.stringify(event) : eventDetailText(event))
}

function readCount(text: string): string {
  const count = /^\d{1,3}$/.test(text) ? Number(text) : 0
  if (count < 1 || count > LIST_MAX_ROWS) throw new InvalidArgumentError(`It must be a number from 1 to ${LIST_MAX_ROWS}.`)
  return text
}
