import { CodedError } from '@portline/wire/errors.ts'
import { z } from 'zod'
import type { PortalContext } from '../context.ts'
import { domainOf, nowS } from '../context.ts'
import { PORTAL_LIMITS } from '../limits.ts'
import { mintPair } from '../oauth/tokens.ts'
import type { App, User } from '../world/state.ts'
import type { FrameForm, FrameOptions } from './frame.ts'
import { finishInstallation } from './install.ts'

/** The answer to `getInitData`, the first thing a page's script asks of the portal (b24jssdk, B24Frame.init). */
export interface InitData {
  readonly LANG: string
  readonly DOMAIN: string
  /** 1: https. */
  readonly PROTOCOL: 0 | 1
  readonly PATH: string
  readonly AUTH_ID: string
  /** Seconds. */
  readonly AUTH_EXPIRES: string
  readonly REFRESH_ID: string
  readonly MEMBER_ID: string
  /** The user opens this version for the first time: `setInstall` has not been said yet. */
  readonly FIRST_RUN: boolean
  readonly IS_ADMIN: boolean
  /** The page is the installer; only then does `setInstallFinish` do anything. */
  readonly INSTALL: boolean
  readonly USER_OPTIONS: Readonly<Record<string, unknown>>
  readonly APP_OPTIONS: Readonly<Record<string, unknown>>
  readonly PLACEMENT: string
  readonly PLACEMENT_OPTIONS: Readonly<Record<string, unknown>>
}

export function initData(context: PortalContext, app: App, user: User, form: FrameForm, options: FrameOptions): InitData {
  return {
    LANG: app.language,
    DOMAIN: domainOf(context.addresses.portal),
    PROTOCOL: context.addresses.portal.startsWith('https:') ? 1 : 0,
    PATH: '/rest',
    AUTH_ID: form.fields['AUTH_ID'] ?? '',
    AUTH_EXPIRES: form.fields['AUTH_EXPIRES'] ?? '',
    REFRESH_ID: form.fields['REFRESH_ID'] ?? '',
    MEMBER_ID: context.world.memberId,
    FIRST_RUN: app.startedVersions?.[user.id] !== app.version,
    IS_ADMIN: user.admin,
    INSTALL: !app.installed,
    USER_OPTIONS: app.userOptions?.[user.id] ?? {},
    APP_OPTIONS: app.options,
    PLACEMENT: options.placement,
    PLACEMENT_OPTIONS: options.placementOptions ?? {},
  }
}

const option = z.strictObject({ name: z.string().min(1).max(100), value: z.json() })

/** What the portal's page asks of the portal on behalf of the app's page; names are Bitrix24's. */
const requestSchema = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('access_refresh') }),
  z.strictObject({ action: z.literal('set_installed') }),
  z.strictObject({ action: z.literal('set_install'), install: z.boolean() }),
  z.strictObject({ action: z.literal('set_option'), options: z.array(option).min(1).max(100) }),
  z.strictObject({ action: z.literal('set_user_option'), options: z.array(option).min(1).max(100) }),
])

/**
 * Answers the portal's page (module source, app.layout). BAD_REQUEST for anything but the requests above, for an app that
 * is not installed, for options of the app from a user who is no administrator, and beyond maxOptionsChars.
 */
export function answerFrame(context: PortalContext, app: App, user: User, request: unknown): object {
  const parsed = requestSchema.safeParse(request)
  if (!parsed.success) throw new CodedError('BAD_REQUEST', 'Not a request of the frame protocol')
  if (!app.active) throw new CodedError('BAD_REQUEST', 'The app is not installed')
  switch (parsed.data.action) {
    case 'access_refresh': return freshPair(context, app, user)
    case 'set_installed': return { result: finish(context, app, user) }
    case 'set_install': return { result: start(context, app, user, parsed.data.install) }
    case 'set_option': return setAppOptions(context, app, user, parsed.data.options)
    case 'set_user_option': return setUserOptions(context, app, user, parsed.data.options)
  }
}

/** The portal asks the authorization server for a new pair; it does not need the old refresh token for that. */
function freshPair(context: PortalContext, app: App, user: User): object {
  const { accessToken, refreshToken, expiresS } = mintPair(context, app, user.id)
  return { access_token: accessToken, refresh_token: refreshToken, expires_in: expiresS - nowS(context) }
}

function finish(context: PortalContext, app: App, user: User): boolean {
  if (!user.admin) return false
  finishInstallation(context, app)
  return app.installed
}

function start(context: PortalContext, app: App, user: User, started: boolean): boolean {
  const startedVersions = { ...app.startedVersions, [user.id]: started ? app.version : '' }
  context.world.changeApp(app, { startedVersions })
  return true
}

type Given = readonly { readonly name: string; readonly value: unknown }[]

function setAppOptions(context: PortalContext, app: App, user: User, given: Given): object {
  if (!user.admin) throw new CodedError('BAD_REQUEST', "Only an administrator sets the app's options")
  const options = withOptions(app.options, given)
  requireFit(options)
  context.world.changeApp(app, { options })
  return options
}

function setUserOptions(context: PortalContext, app: App, user: User, given: Given): object {
  const options = withOptions(app.userOptions?.[user.id] ?? {}, given)
  const userOptions = { ...app.userOptions, [user.id]: options }
  requireFit(userOptions)
  context.world.changeApp(app, { userOptions })
  return options
}

function withOptions(existing: Readonly<Record<string, unknown>>, given: Given): Record<string, unknown> {
  return Object.fromEntries([...Object.entries(existing), ...given.map(({ name, value }) => [name, value] as const)])
}

function requireFit(options: object): void {
  if (JSON.stringify(options).length <= PORTAL_LIMITS.maxOptionsChars) return
  throw new CodedError('BAD_REQUEST', 'The options are too large: a limit of packages/portal/limits.ts')
}
