import { ensureInstalled, environment } from './lib/install.mjs'
import { run } from './lib/run.mjs'

const node24 = ensureInstalled()
process.exitCode = await run(node24, ['packages/cli/bin/portline.mjs', 'demo', ...process.argv.slice(2)], environment(node24))
