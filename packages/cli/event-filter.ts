import { Option } from 'commander'
import type { Command } from 'commander'
import { timeOption } from './time-option.ts'

/** Which events, as options of a command, and as the operator API is asked for them. */
export interface FilterOptions {
  readonly app?: string
  readonly portal?: string
  readonly event?: string
  readonly state?: string
  readonly reason?: string
  readonly since?: string
  readonly until?: string
}

export const STATES = ['pending', 'held', 'done', 'dead'] as const

export function addFilterOptions(command: Command, states: readonly string[] = STATES): Command {
  return command
    .option('--app <name>', 'of one app')
    .option('--portal <member_id>', 'of one portal')
    .option('--event <code>', 'with this code')
    .addOption(new Option('--state <state>', 'in this state').choices(states))
    .option('--reason <code>', 'with this reason, such as ATTEMPTS_EXHAUSTED')
    .option('--since <time>', 'received at or after: 2026-01-31, or 2026-01-31T12:00:00Z')
    .option('--until <time>', 'received before')
}

/** Errors: BAD_REQUEST when a time is none. */
export function filterOf({ app, portal, event, state, reason, since, until }: FilterOptions): Record<string, string> {
  const given = { app, portal, event, state, reason, since: timeOf(since, '--since'), until: timeOf(until, '--until') }
  return Object.fromEntries(Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
}

function timeOf(text: string | undefined, option: string): string | undefined {
  return text === undefined ? undefined : timeOption(text, option)
}
