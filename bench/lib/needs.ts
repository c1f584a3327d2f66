import { readFileSync } from 'node:fs'
import { CONTENDERS } from '../contenders/contenders.ts'
import type { ServerKind } from '../servers/server.ts'
import type { Contender } from './contender.ts'

/** A contender whose server is missing is named in the results with the reason. */
export function isThere(contender: Contender, absent: Map<string, string>): boolean {
  const why = contender.server?.missing() ?? (contender.program.endsWith('.mjs') ? missingPackages() : undefined)
  if (why !== undefined) absent.set(contender.label, why)
  return why === undefined
}

function manifest(): Record<string, string> {
  const { dependencies } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { dependencies: Record<string, string> }
  return dependencies
}

function missingPackages(): string | undefined {
  const missing = Object.keys(manifest()).filter((name) => !hasPackage(name))
  return missing.length === 0 ? undefined : `not in bench/node_modules: ${missing.join(', ')}`
}

function hasPackage(name: string): boolean {
  try {
    readFileSync(new URL(`../node_modules/${name}/package.json`, import.meta.url))
    return true
  } catch {
    return false
  }
}

/** Of the peers and of what they rest on. */
export async function versions(): Promise<[string, string][]> {
  const kinds = new Set(CONTENDERS.flatMap(({ server }): ServerKind[] => (server === undefined ? [] : [server])))
  const servers: [string, string][] = []
  for (const kind of kinds) {
    servers.push([kind.name, kind.missing() ?? `${await kind.version()}; ${kind.durability}`])
  }
  return [
    ...servers,
    ['SQLite', `of Node, ${process.versions['sqlite'] ?? '?'}; WAL, synchronous FULL`],
    ['Packages', Object.entries(manifest()).map((entry) => entry.join(' ')).join(', ')],
  ]
}
