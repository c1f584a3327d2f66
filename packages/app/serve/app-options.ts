import type { App } from '../define-app.ts'

/** An app to run, with what the application's card in Bitrix24 shows. */
export interface AppOptions {
  readonly app: App
  readonly clientId: string
  readonly clientSecret: string
}
