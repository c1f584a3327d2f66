import type { Command } from 'commander'
import type { DestinationList } from '../operator-api.ts'
import type { Output } from '../output.ts'
import type { Environment } from '../settings.ts'
import { moment, table } from '../tables.ts'
import { operatorApi } from './events.ts'

const EXAMPLES = `
Examples:
  portline destinations
  portline destinations --json | jq -r 'select(.state == "open") | .destination'

failures: how often it has failed in a row while events still go there.
closed: events go there. open: it failed, and is left alone until the time shown. half-open: one event tries whether it is back.
The app side is asked at PORTLINE_URL (http://127.0.0.1:4400), with PORTLINE_OPERATOR_TOKEN when it is set.`

export function addDestinationsCommand(program: Command, env: Environment, output: Output): void {
  program
    .command('destinations')
    .description('where events go instead of to handlers in code, and whether anything goes there now')
    .option('--json', 'one JSON object per line')
    .addHelpText('after', EXAMPLES)
    .action(async ({ json }: { json?: true }) => {
      const { destinations } = await operatorApi(env).get<DestinationList>('/api/destinations')
      if (json) return destinations.forEach((destination) => output.out(JSON.stringify(destination)))
      const rows = destinations.map(({ app, destination, events, state, failuresInARow, until }) =>
        [app, destination, state, state === 'closed' ? String(failuresInARow) : '', moment(until), events.join('\n')])
      output.out(rows.length === 0 ? 'The apps handle all their events in code.' : table(['APP', 'DESTINATION', 'CIRCUIT', 'FAILURES', 'UNTIL (UTC)', 'EVENTS'], rows))
    })
}
