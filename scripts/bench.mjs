import { ensurePeers, ensureServers } from './lib/bench-needs.mjs'
import { ensureInstalled, environment } from './lib/install.mjs'
import { run } from './lib/run.mjs'

const node24 = ensureInstalled()
const [first, ...rest] = process.argv.slice(2)
if (first === 'portal') {
  process.exitCode = await run(node24, ['bench/portal.ts', ...rest], environment(node24))
} else {
  const args = process.argv.slice(2)
  if (!args.includes('--help') && !args.includes('--no-install')) {
    ensurePeers(environment(node24))
    ensureServers()
  }
  process.exitCode = await run(node24, ['bench/main.ts', ...args], environment(node24))
}
