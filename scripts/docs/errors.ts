import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { ERROR_TABLE } from '../../packages/wire/errors.ts'
import type { ErrorEntry } from '../../packages/wire/errors.ts'

/** docs/errors.md out of the one table of errors: `node scripts/docs/errors.ts` writes it, test/docs.test.ts compares. */
const PAGE = fileURLToPath(new URL('../../docs/errors.md', import.meta.url))

const INTRODUCTION = `# Errors

<!-- Written by \`node scripts/docs/errors.ts\` out of packages/wire/errors.ts. Change it there. -->

Every refusal, failure and reason of Portline has one of these codes. An HTTP answer carries it as
\`{"error": code, "error_description": text}\` with the status below; an event carries it as its \`reason\`, an attempt as its
\`error\`; the command line prints it and exits with 1. Where a code is only ever a reason, its status has no meaning.

Bitrix24's own codes (\`expired_token\`, \`ERROR_ARGUMENT\` …) are not here. A REST call that Bitrix24 refuses fails with
\`REST_FAILED\`, and its description has Bitrix24's code.

*final*: repeating can't help, so an event whose handler fails with it is dead at once.
`

export function errorsPage(): string {
  const entries: [string, ErrorEntry][] = Object.entries(ERROR_TABLE)
  return `${INTRODUCTION}${entries.map(([code, entry]) => sectionOf(code, entry)).join('')}`
}

function sectionOf(code: string, { status, meaning, cause, todo, final }: ErrorEntry): string {
  return `
## ${code}

${status}${final === true ? ', final' : ''}. ${meaning}

- Cause: ${cause}
- What to do: ${todo}
`
}

/** The page as it is in the repository. */
export function writtenErrorsPage(): string {
  return readFileSync(PAGE, 'utf8')
}

if (import.meta.main) writeFileSync(PAGE, errorsPage())
