import { registerHooks } from 'node:module'
import { resolve } from 'node:path'
import { existsSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { CodedError } from '@portline/wire/errors.ts'
import { isApp } from 'portline'
import type { App } from 'portline'

const OURS = /^(?:portline|@portline\/[a-z]+)(?:\/|$)/

/** Errors: CONFIG_INVALID when there is no such file, APP_MODULE_INVALID, APP_DEFINITION_INVALID. */
export async function loadApp(path: string): Promise<App> {
  const file = resolve(path)
  if (!existsSync(file)) throw new CodedError('CONFIG_INVALID', `there is no app module at ${path}`)
  const url = pathToFileURL(file).href
  letItImportUs(url)
  const module: unknown = await import(url).catch((cause: unknown) => {
    if (cause instanceof CodedError) throw cause
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new CodedError('APP_MODULE_INVALID', `${path} could not be loaded: ${message}`, { cause })
  })
  const app: unknown = typeof module === 'object' && module !== null && 'default' in module ? module.default : undefined
  if (!isApp(app)) throw new CodedError('APP_MODULE_INVALID')
  return app
}

/** An app module anywhere on disk may import 'portline' without installing it: then it gets the one that runs it. */
function letItImportUs(appUrl: string): void {
  registerHooks({
    resolve(specifier, context, nextResolve) {
      try {
        const found = nextResolve(specifier, context)
        // A folder without package.json doesn't say that its .ts files are modules; an app always is one.
        return found.url === appUrl && appUrl.endsWith('.ts') ? { ...found, format: 'module-typescript' } : found
      } catch (error) {
        if (!OURS.test(specifier)) throw error
        return nextResolve(specifier, { ...context, parentURL: import.meta.url })
      }
    },
  })
}
