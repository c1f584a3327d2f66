import type { Command } from 'commander'
import { CodedError } from '@portline/wire/errors.ts'
import { addFilterOptions, filterOf } from '../event-filter.ts'
import type { FilterOptions } from '../event-filter.ts'
import { AlreadyReported } from '../failure.ts'
import type { JsonClient } from '../http-json.ts'
import type { EventDetail, Replayed, ReplayReport } from '../operator-api.ts'
import type { Output } from '../output.ts'
import { facts } from '../facts.ts'

const EXAMPLES = `
Examples:
  portline events replay 01KAXZ5C3V8S1T0Q4W2Y6B9D7E
  portline events replay 01KAXZ5C3V8S1T0Q4W2Y6B9D7E --dry-run
  portline events replay --state dead --dry-run
  portline events replay --event ONCRMDEALADD --reason ATTEMPTS_EXHAUSTED --since 2026-01-31 --yes
  portline events replay --portal a223c6b3710f85df22e9377d6c4f7553 --state dead --yes --json`

interface ReplayOptions extends FilterOptions {
  readonly dryRun?: true
  readonly yes?: true
  readonly json?: true
}

export function addReplayCommand(events: Command, makeApi: () => JsonClient, output: Output): void {
  const command = events
    .command('replay [id]')
    .description('hand events that are done or dead to their handlers again: one by its id, or all that options find (dead, if not said)')
  addFilterOptions(command, ['dead', 'done'])
    .option('--dry-run', 'say what would be replayed, and change nothing')
    .option('--yes', 'replay all that are found')
    .option('--json', 'one JSON object')
    .addHelpText('after', EXAMPLES)
    .action((id: string | undefined, options: ReplayOptions) => {
      const filter = filterOf(options)
      const given = Object.keys(filter).length > 0
      if (id === undefined && !given) throw new CodedError('BAD_REQUEST', 'name an id, or which events by at least one option')
      if (id !== undefined && given) throw new CodedError('BAD_REQUEST', 'name either an id or options that find events')
      if (id === undefined) return replayMany(makeApi(), output, filter, options)
      return (options.dryRun === true ? tryOne : replayOne)(makeApi(), output, id, options.json)
    })
}

async function replayOne(api: JsonClient, output: Output, id: string, json: true | undefined): Promise<void> {
  const replayed = await api.post<Replayed>(`/api/events/${encodeURIComponent(id)}/replay`)
  output.out(json ? JSON.stringify(replayed) : `${replayed.id} is ${replayed.state}`)
}

const MILLISECOND = 1

/** Errors: those of a replay, when it would be refused. */
async function tryOne(api: JsonClient, output: Output, id: string, json: true | undefined): Promise<void> {
  const { app, portal, event, state, proof, receivedAt } = await api.get<EventDetail>(`/api/events/${encodeURIComponent(id)}`)
  if (state !== 'done' && state !== 'dead') throw new CodedError('EVENT_NOT_REPLAYABLE', `it is ${state}`)
  if (proof === null || receivedAt === null) throw new CodedError('EVENT_NOT_REPLAYABLE', 'it was never proven')
  // To which installation it belongs is not shown, but known where many are replayed: those of its kind of that very moment.
  const until = new Date(Date.parse(receivedAt) + MILLISECOND).toISOString()
  const { sample, replayed, refused } = await askAll(api, { app, portal, event, state, since: receivedAt, until }, true)
  if (!sample.includes(id)) {
    if (refused.INSTALLATION_DELETED !== undefined) throw new CodedError('EVENT_NOT_REPLAYABLE', 'its portal is uninstalled')
    if (refused.FORMER_INSTALLATION !== undefined) throw new CodedError('EVENT_NOT_REPLAYABLE', 'it belongs to a former installation')
    if (replayed === sample.length) throw new CodedError('EVENT_NOT_REPLAYABLE')
  }
  output.out(json ? JSON.stringify({ dryRun: true, id, state }) : `${id} is ${state}, and would be replayed`)
}

async function replayMany(api: JsonClient, output: Output, filter: Record<string, string>, { dryRun, yes, json }: ReplayOptions): Promise<void> {
  const asked = dryRun === true || yes !== true
  const report = await askAll(api, filter, asked)
  output.out(json ? JSON.stringify(report) : reportText(report))
  if (dryRun === true || yes === true) return
  output.err(json ? JSON.stringify({ error: 'BAD_REQUEST', error_description: 'nothing was replayed: add --yes' }) : 'Nothing was replayed: add --yes.')
  throw new AlreadyReported()
}

type Sum = Omit<ReplayReport, 'next'>

/** Each request does a part of it. */
async function askAll(api: JsonClient, filter: Record<string, string>, dryRun: boolean): Promise<Sum> {
  let sum: Sum = { dryRun, matched: 0, replayed: 0, refused: {}, sample: [] }
  for (let after: string | null = '0'; after !== null; ) {
    const part: ReplayReport = await api.post('/api/replays', { filter, dryRun, after })
    sum = {
      dryRun, matched: sum.matched + part.matched, replayed: sum.replayed + part.replayed,
      refused: added(sum.refused, part.refused), sample: sum.sample.length > 0 ? sum.sample : part.sample,
    }
    after = part.next
  }
  return sum
}

function added(sum: ReplayReport['refused'], part: ReplayReport['refused']): ReplayReport['refused'] {
  const total: Record<string, number> = { ...sum }
  for (const [code, count] of Object.entries(part)) total[code] = (total[code] ?? 0) + count
  return total
}

function reportText({ dryRun, matched, replayed, refused, sample }: Sum): string {
  return facts([
    ['found', matched],
    [dryRun ? 'would be replayed' : 'replayed', replayed],
    ...Object.entries(refused).map(([code, count]) => [`left alone, ${code}`, count] as const),
    ['such as', sample.join('\n')],
  ])
}
