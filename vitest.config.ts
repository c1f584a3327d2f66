import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

// Each test that opens a store starts a thread, and each thread would translate its TypeScript anew: half of the run. What is kept goes
// by the content of a file.
process.env['NODE_COMPILE_CACHE'] ??= join(tmpdir(), 'node-compile-cache')

export default defineConfig({
  test: {
    include: ['packages/**/*.test.ts', 'test/**/*.test.ts'],
    // Real servers, real disks and real child processes: a loaded two-core machine needs room, and timing never decides a test.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
