import { ensureChromium } from './lib/chromium.mjs'
import { ensureInstalled, environment, root, say } from './lib/install.mjs'
import { ensureRabbitMq } from './lib/rabbitmq.mjs'
import { run } from './lib/run.mjs'
import { join } from 'node:path'

const node24 = ensureInstalled()
const env = { ...environment(node24), CHROMIUM: ensureChromium(), RABBITMQ_SERVER: ensureRabbitMq() }

const STEPS = [
  { name: 'types', tool: 'typescript/bin/tsc', args: ['--noEmit'] },
  { name: 'lint', tool: 'oxlint/bin/oxlint', args: ['--deny-warnings'] },
  { name: 'tests', tool: 'vitest/vitest.mjs', args: ['run', ...process.argv.slice(2)] },
]

for (const [index, { name, tool, args }] of STEPS.entries()) {
  say(`[${index + 1}/${STEPS.length}] ${name}`)
  const exitCode = await run(node24, [join(root, 'node_modules', tool), ...args], env)
  if (exitCode !== 0) {
    say(`[${index + 1}/${STEPS.length}] ${name} failed (exit code ${exitCode})`)
    process.exit(exitCode)
  }
}
