import { ERROR_TABLE } from '@portline/wire/errors.ts'
import type { ErrorEntry } from '@portline/wire/errors.ts'
import type { FastifyInstance } from 'fastify'

/** What the codes mean, so that a page can say why something is as it is. The statuses are those of answers, and not shown. */
export interface ExplainedErrors {
  readonly errors: Readonly<Record<string, Pick<ErrorEntry, 'meaning' | 'cause' | 'todo'>>>
}

export function addErrorsApi(api: FastifyInstance): void {
  const entries: [string, ErrorEntry][] = Object.entries(ERROR_TABLE)
  const answer: ExplainedErrors = { errors: Object.fromEntries(entries.map(([code, { meaning, cause, todo }]) => [code, { meaning, cause, todo }])) }
  api.get('/api/errors', () => answer)
}
