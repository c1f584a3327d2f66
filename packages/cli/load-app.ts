import { registerHooks } from 'node:module'
import { resolve } from 'node:path'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import { CodedError } from '@portline/wire/errors.ts'
import { defineApp, isApp } from 'portline'
import type { App } from 'portline'
import type { Environment } from './settings.ts'

const OURS = /^(?:portline|@portline\/[a-z]+)(?:\/|$)/

/**
 * An app module, or an app file (*.json) whose events go to one destination.
 * Errors: CONFIG_INVALID when there is no such file, APP_MODULE_INVALID, APP_FILE_INVALID, APP_DEFINITION_INVALID,
 * DESTINATION_INVALID.
 */
export async function loadApp(path: string, env: Environment = {}): Promise<App> {
  const file = resolve(path)
  if (!existsSync(file)) throw new CodedError('CONFIG_INVALID', `there is no app module at ${path}`)
  if (file.endsWith('.json')) return await loadAppFile(file, env)
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

async function loadAppFile(file: string, env: Environment): Promise<App> {
  // Loaded when it is needed: an app module brings its own destinations.
  const { parseAppFile } = await import('portline/destinations/app-file.ts')
  const { definition, events, destination } = parseAppFile(await readFile(file, 'utf8'), env)
  const app = defineApp(definition)
  for (const code of events) app.on(code, destination)
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
