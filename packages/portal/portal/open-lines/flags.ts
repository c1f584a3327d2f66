import type { Connector, ConnectorFlags } from '../../world/state.ts'

export const DEFAULT_FLAGS: ConnectorFlags = {
  DEL_EXTERNAL_MESSAGES: true, EDIT_INTERNAL_MESSAGES: true, DEL_INTERNAL_MESSAGES: true, NEWSLETTER: true,
  NEED_SYSTEM_MESSAGES: true, NEED_SIGNATURE: true, CHAT_GROUP: false,
}

export function flagsOf(connector: Connector): ConnectorFlags {
  return connector.flags ?? DEFAULT_FLAGS
}
