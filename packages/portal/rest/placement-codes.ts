import { BASIC_SCOPE } from '@portline/wire/rest.ts'

interface PlacementOption {
  readonly type: 'string' | 'int'
  readonly required?: true
  readonly fallback?: string | number
}

export interface PlacementInfo {
  /** Besides `placement`; `basic`: none. */
  readonly scope: string
  /** Kept out of OPTIONS; anything else is dropped. */
  readonly options?: Readonly<Record<string, PlacementOption>>
  readonly maxCount?: number
  readonly userMode?: true
}

const ROLE_OPTIONS = {
  extranet: { type: 'string', fallback: 'N' },
  context: { type: 'string', fallback: 'ALL' },
  role: { type: 'string', fallback: 'USER' },
} as const
const ICON = { iconName: { type: 'string', required: true } } as const
const BOX = { color: { type: 'string' }, width: { type: 'int', fallback: 100 }, height: { type: 'int', fallback: 100 } } as const

/** Which CRM types have a place (pages under api-reference/widgets/crm). */
const CRM_PLACES: readonly (readonly [place: string, types: readonly string[]])[] = [
  ['ACTIVITY_TIMELINE_MENU', ['LEAD', 'DEAL', 'QUOTE', 'SMART_INVOICE']],
  ['DETAIL_ACTIVITY', ['LEAD', 'DEAL', 'CONTACT', 'COMPANY', 'QUOTE', 'SMART_INVOICE', 'ORDER']],
  ['DETAIL_TAB', ['LEAD', 'DEAL', 'CONTACT', 'COMPANY', 'QUOTE', 'SMART_INVOICE', 'ORDER']],
  ['DETAIL_TOOLBAR', ['LEAD', 'DEAL', 'CONTACT', 'COMPANY', 'QUOTE', 'SMART_INVOICE']],
  ['DOCUMENTGENERATOR_BUTTON', ['LEAD', 'DEAL', 'CONTACT', 'COMPANY', 'QUOTE', 'SMART_INVOICE']],
  ['FUNNELS_TOOLBAR', ['DEAL', 'SMART_INVOICE']],
  ['LIST_MENU', ['LEAD', 'DEAL', 'CONTACT', 'COMPANY', 'QUOTE', 'SMART_INVOICE', 'ACTIVITY']],
  ['LIST_TOOLBAR', ['LEAD', 'DEAL', 'CONTACT', 'COMPANY', 'QUOTE', 'SMART_INVOICE', 'ORDER']],
  ['ROBOT_DESIGNER_TOOLBAR', ['LEAD', 'DEAL', 'SMART_INVOICE']],
]

/** Codes without options of their own, by the scope they need besides `placement`. */
const PLAIN: Readonly<Record<string, readonly string[]>> = {
  [BASIC_SCOPE]: ['BI_ANALYTICS_MENU', 'IM_SMILES_SELECTOR', 'LEFT_MENU'],
  calendar: ['CALENDAR_GRIDVIEW'],
  contact_center: ['CONTACT_CENTER'],
  crm: [
    'CRM_ANALYTICS_MENU', 'CRM_ANALYTICS_TOOLBAR', 'CRM_BANK_DETAIL_AUTOCOMPLETE', 'CRM_DETAIL_SEARCH', 'CRM_FUNNELS_TOOLBAR',
    'CRM_REQUISITE_AUTOCOMPLETE', ...CRM_PLACES.flatMap(([place, types]) => types.map((type) => `CRM_${type}_${place}`)),
  ],
  imopenlines: ['SETTING_CONNECTOR'],
  sonet_group: ['SONET_GROUP_DETAIL_TAB', 'SONET_GROUP_ROBOT_DESIGNER_TOOLBAR', 'SONET_GROUP_TOOLBAR'],
  task: [
    'TASK_GROUP_LIST_TOOLBAR', 'TASK_LIST_CONTEXT_MENU', 'TASK_ROBOT_DESIGNER_TOOLBAR', 'TASK_USER_LIST_TOOLBAR',
    'TASK_VIEW_SIDEBAR', 'TASK_VIEW_TAB', 'TASK_VIEW_TOP_PANEL',
  ],
  telephony: ['CALL_CARD', 'TELEPHONY_ANALYTICS_MENU'],
  user: ['USER_PROFILE_MENU', 'USER_PROFILE_TOOLBAR'],
}

const SPECIAL: Readonly<Record<string, PlacementInfo>> = {
  IM_CONTEXT_MENU: { scope: 'im', options: ROLE_OPTIONS },
  IM_NAVIGATION: { scope: 'im', options: { ...ICON, ...ROLE_OPTIONS } },
  IM_SIDEBAR: { scope: 'im', options: { ...ICON, ...ROLE_OPTIONS, color: { type: 'string' } } },
  IM_TEXTAREA: { scope: 'im', options: { ...ICON, ...ROLE_OPTIONS, ...BOX } },
  IMMOBILE_CONTEXT_MENU: { scope: 'im', options: ROLE_OPTIONS },
  PAGE_BACKGROUND_WORKER: { scope: BASIC_SCOPE, options: { errorHandlerUrl: { type: 'string' } }, maxCount: 1, userMode: true },
  REST_APP_URI: { scope: BASIC_SCOPE, maxCount: 1 },
}

/** Every code of the catalogue of api-reference/widgets/placements.md. */
const PLACEMENTS: ReadonlyMap<string, PlacementInfo> = new Map([
  ...Object.entries(PLAIN).flatMap(([scope, codes]) => codes.map((code): [string, PlacementInfo] => [code, { scope }])),
  ...Object.entries(SPECIAL),
])

/** Places of a custom type, whatever its number: this portal knows none, and takes all. */
const DYNAMIC = new RegExp(`^CRM_DYNAMIC_\\d+_(${CRM_PLACES.map(([place]) => place).join('|')})$`)

/** undefined: no such code, or not within the scopes. */
export function placementInfo(code: string, scopes: readonly string[]): PlacementInfo | undefined {
  const info = PLACEMENTS.get(code) ?? (DYNAMIC.test(code) ? { scope: 'crm' } : undefined)
  return info !== undefined && scopes.includes(info.scope) ? info : undefined
}

/** @param scopes undefined: all */
export function placementCodes(scopes: readonly string[] | undefined): string[] {
  return [...PLACEMENTS].filter(([, info]) => scopes === undefined || scopes.includes(info.scope)).map(([code]) => code)
}
