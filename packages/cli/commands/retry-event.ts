import type { Command } from 'commander'
import type { JsonClient } from '../http-json.ts'
import type { Replayed } from '../operator-api.ts'
import type { Output } from '../output.ts'

const EXAMPLES = `
Examples:
  portline events retry 01KAXZ5C3V8S1T0Q4W2Y6B9D7E
  portline events retry 01KAXZ5C3V8S1T0Q4W2Y6B9D7E --json`

export function addRetryCommand(events: Command, makeApi: () => JsonClient, output: Output): void {
  events
    .command('retry <id>')
    .description('try an event now that has failed and waits for its next try')
    .option('--json', 'one JSON object')
    .addHelpText('after', EXAMPLES)
    .action((id: string, { json }: { json?: true }) => retry(makeApi(), output, id, json))
}

async function retry(api: JsonClient, output: Output, id: string, json: true | undefined): Promise<void> {
  const retried = await api.post<Replayed>(`/api/events/${encodeURIComponent(id)}/retry`)
  output.out(json ? JSON.stringify(retried) : `${retried.id} is due now`)
}
