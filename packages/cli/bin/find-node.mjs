import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

export const NEEDED_NODE_MAJOR = 24

export function isNewEnough(version) {
  return Number(/^v(\d+)/.exec(version)?.[1] ?? 0) >= NEEDED_NODE_MAJOR
}

/** The Node that the nearest installation pins (its `node` package), looked for from a folder upward. */
export function findPinnedNode(folder, exists = existsSync) {
  const candidate = join(folder, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  if (exists(candidate)) return candidate
  const parent = dirname(folder)
  return parent === folder ? undefined : findPinnedNode(parent, exists)
}
