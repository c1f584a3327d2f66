import { InvalidArgumentError, Option } from 'commander'
import type { Command } from 'commander'
import { LIST_MAX_ROWS } from 'portline/limits.ts'
import type { Environment } from '../settings.ts'
import { secretSettings, serverUrlSetting } from '../settings.ts'
import { jsonClient } from '../http-json.ts'
import type { JsonClient } from '../http-json.ts'
import type { EventDetail, EventList, Replayed } from '../operator-api.ts'
import type { Output } from '../output.ts'
import { eventDetailText, eventsTable } from './event-texts.ts'

const EXAMPLES = `
Examples:
  portline events list --state dead
  portline events list --portal a223c6b3710f85df22e9377d6c4f7553 --event ONAPPUPDATE --limit 10
  portline events list --json | jq -r .id
  portline events show 01KAXZ5C3V8S1T0Q4W2Y6B9D7E
  portline events replay 01KAXZ5C3V8S1T0Q4W2Y6B9D7E

The app side is asked at PORTLINE_URL (http://127.0.0.1:4400), with PORTLINE_OPERATOR_TOKEN when it is set.`

interface ListOptions {
  readonly portal?: string
  readonly event?: string
  readonly state?: string
  readonly limit: string
  readonly after?: string
  readonly json?: true
}

export function addEventsCommand(program: Command, env: Environment, output: Output): void {
  const events = program
    .command('events')
    .description('look at the events of an app side, and replay them')
    .addHelpText('after', EXAMPLES)
  events
    .command('list')
    .description('events, newest first')
    .option('--portal <member_id>', 'of one portal')
    .option('--event <code>', 'with this code')
    .addOption(new Option('--state <state>', 'in this state').choices(['pending', 'held', 'done', 'dead']))
    .option('--limit <n>', 'at most so many', readCount, '50')
    .option('--after <id>', 'those that come after this one in the list')
    .option('--json', 'one JSON object per line')
    .addHelpText('after', EXAMPLES)
    .action((options: ListOptions) => list(operatorApi(env), output, options))
  events
    .command('show <id>')
    .description('one event: its data, its history and every attempt')
    .option('--json', 'one JSON object')
    .addHelpText('after', EXAMPLES)
    .action((id: string, options: { json?: true }) => show(operatorApi(env), output, id, options.json))
  events
    .command('replay <id>')
    .description('hand a done or dead event to its handler again')
    .option('--json', 'one JSON object')
    .addHelpText('after', EXAMPLES)
    .action((id: string, options: { json?: true }) => replay(operatorApi(env), output, id, options.json))
}

export function operatorApi(env: Environment): JsonClient {
  return jsonClient(serverUrlSetting(env), secretSettings(env).operatorToken)
}

async function list(api: JsonClient, output: Output, { json, ...filters }: ListOptions): Promise<void> {
  const query = new URLSearchParams(Object.entries(filters))
  const { events, next } = await api.get<EventList>(`/api/events?${query}`)
  if (json) return events.forEach((event) => output.out(JSON.stringify(event)))
  output.out(events.length === 0 ? 'No such events.' : eventsTable(events))
  if (next !== null) output.err(`There are more: --after ${next}`)
}

async function show(api: JsonClient, output: Output, id: string, json: true | undefined): Promise<void> {
  const event = await api.get<EventDetail>(`/api/events/${encodeURIComponent(id)}`)
  output.out(json ? JSON.stringify(event) : eventDetailText(event))
}

async function replay(api: JsonClient, output: Output, id: string, json: true | undefined): Promise<void> {
  const replayed = await api.post<Replayed>(`/api/events/${encodeURIComponent(id)}/replay`)
  output.out(json ? JSON.stringify(replayed) : `${replayed.id} is ${replayed.state}`)
}

function readCount(text: string): string {
  const count = /^\d{1,3}$/.test(text) ? Number(text) : 0
  if (count < 1 || count > LIST_MAX_ROWS) throw new InvalidArgumentError(`It must be a number from 1 to ${LIST_MAX_ROWS}.`)
  return text
}
