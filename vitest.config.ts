import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['packages/**/*.test.ts', 'test/**/*.test.ts'],
    // Real servers, real disks and real child processes: a loaded two-core machine needs room, and timing never decides a test.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
