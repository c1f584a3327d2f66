import type { B24OAuth } from '@bitrix24/b24jssdk'
import { RestError, callRest } from '../bitrix24/call-rest.ts'
import type { ConnectorDefinition } from '../define-app.ts'

/** Bitrix24 wants an icon; this one is a plain speech bubble. */
const PLAIN_ICON =
  'data:image/svg+xml;charset=US-ASCII,' +
  encodeURIComponent(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 70 70"><path fill="#fff" d="M14 18h42v28H34L22 56V46h-8z"/></svg>',
  )
const PLAIN_COLOR = '#1f7a8c'

/**
 * Registers the declared connectors; a repeated call updates them (imconnector.register).
 * Errors: RestError, also for a refusal that comes with status 200.
 */
export async function registerConnectors(
  b24: B24OAuth,
  connectors: readonly ConnectorDefinition[],
  placementHandler: string,
): Promise<void> {
  for (const { id, name, icon } of connectors) {
    const result = await callRest(b24, 'imconnector.register', {
      ID: id,
      NAME: name,
      ICON: { DATA_IMAGE: icon?.dataImage ?? PLAIN_ICON, COLOR: icon?.color ?? PLAIN_COLOR },
      PLACEMENT_HANDLER: placementHandler,
    })
    const refusal = refusalIn(result)
    if (refusal !== undefined) throw new RestError('imconnector.register', refusal, '')
  }
}

function refusalIn(result: unknown): string | undefined {
  if (typeof result !== 'object' || result === null || !('result' in result) || result.result !== false) return undefined
  return 'error' in result ? String(result.error) : 'UNKNOWN'
}
