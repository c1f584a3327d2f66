import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'

/** A bug put in by hand: what stands in a file of packages/, and what somebody could have written instead. */
export interface Mutant {
  readonly name: string
  /** Below packages/. */
  readonly file: string
  /** Stands in the file exactly once. */
  readonly find: string
  readonly replace: string
}

const PACKAGES = new URL('../../../packages/', import.meta.url)

/** The file's text with the bug in it. Throws when the code has changed and the bug no longer fits. */
export function mutated({ name, file, find, replace }: Mutant, text = readFileSync(new URL(file, PACKAGES), 'utf8')): string {
  const places = text.split(find).length - 1
  if (places !== 1) throw new Error(`mutant "${name}": its text stands ${places} times in ${file}`)
  return text.replace(find, () => replace)
}

/** From here on this process loads the file with the bug in it; the file itself stays as it is. */
export function infect(mutant: Mutant): void {
  const path = fileURLToPath(new URL(mutant.file, PACKAGES))
  mutated(mutant)
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context)
      if (!url.startsWith('file:') || fileURLToPath(url) !== path) return loaded
      const { source } = loaded
      return { ...loaded, source: mutated(mutant, typeof source === 'string' ? source : Buffer.from(source as Uint8Array).toString('utf8')) }
    },
  })
}
