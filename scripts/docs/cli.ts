import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** docs/reference/cli.md out of what --help says: `node scripts/docs/cli.ts` writes it, test/docs.test.ts compares. */
const PAGE = fileURLToPath(new URL('../../docs/reference/cli.md', import.meta.url))
const PORTLINE = fileURLToPath(new URL('../../packages/cli/bin/portline.mjs', import.meta.url))

const INTRODUCTION = `# The command line

<!-- Written by \`node scripts/docs/cli.ts\` out of what --help says. Change it in packages/cli. -->

\`npx portline <command>\` in the clone. Exit code 0: it did what was asked; 1: it did not, and stderr has a code of
[the error table](../errors.md), or says what is wrong with the command line; or what was looked at is not well (\`doctor\`,
\`bindings sync\`). Settings come from the environment; an option wins. Where \`PORTLINE_URL\` is not set the app side is asked at
127.0.0.1 and \`PORTLINE_PORT\`; the portal likewise. \`--json\` prints one JSON object per line on stdout, and failures as one on
stderr.
`

export async function cliPage(): Promise<string> {
  return `${INTRODUCTION}${await sectionsOf([])}`
}

/** A command and those below it, in the order in which help lists them. */
async function sectionsOf(command: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [PORTLINE, ...command, '--help'])
  const [, listed = ''] = /^Commands:\n((?: .*\n)+)/m.exec(stdout) ?? []
  const names = [...listed.matchAll(/^ {2}([a-z]+)/gm)].flatMap(([, name = '']) => (name === 'help' ? [] : [name]))
  const below = await Promise.all(names.map((name) => sectionsOf([...command, name])))
  return `
## ${['portline', ...command].join(' ')}

\`\`\`text
${stdout.trim()}
\`\`\`
${below.join('')}`
}

/** The page as it is in the repository. */
export function writtenCliPage(): string {
  return readFileSync(PAGE, 'utf8')
}

if (import.meta.main) writeFileSync(PAGE, await cliPage())
