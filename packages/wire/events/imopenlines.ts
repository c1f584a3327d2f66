import type { FormValue } from '../form/value.ts'
import type { ImConnectorDialog } from './imconnector.ts'
import type { TraitsOf } from './traits.ts'

/** A message in a dialog of an open line (api-reference/imopenlines/openlines/events/on-open-line-message-add.md). */
export interface OpenLineMessage {
  connector: { connector_id: string; line_id: string; chat_id: string; user_id: string }
  chat: { id: string }
  message: {
    id: string
    date?: string
    text?: string
    files?: FormValue
    attach?: FormValue
    /** Y: written by the system. */
    system: 'Y' | 'N'
    user_id: string
  }
  /** `trackId`, which ties the message to a CRM record. */
  ref?: FormValue
  extra?: { EXTRA_URL?: string }
}

/** api-reference/imopenlines/openlines/events/on-open-line-message-update.md, on-open-line-message-delete.md */
export interface OpenLineMessageChange {
  im: { chat_id: string; message_id: string }
  message: { id: string }
  chat: { id: string }
}

export interface OnOpenLineMessageChangeData {
  CONNECTOR: string
  LINE: string
  DATA: OpenLineMessageChange[]
}

export interface ImOpenLinesEvents {
  ONOPENLINEMESSAGEADD: { DATA: OpenLineMessage[] }
  ONOPENLINEMESSAGEUPDATE: OnOpenLineMessageChangeData
  ONOPENLINEMESSAGEDELETE: OnOpenLineMessageChangeData
  /** api-reference/imopenlines/openlines/events/on-session-start.md: as a connector's dialog, ids of the external system too. */
  ONSESSIONSTART: { DATA: ImConnectorDialog[] }
  ONSESSIONFINISH: { DATA: ImConnectorDialog[] }
}

const imopenlines = { scope: 'imopenlines', queue: 'default', sendAuth: true, sendRefreshToken: false } as const

export const IMOPENLINES_TRAITS: TraitsOf<ImOpenLinesEvents> = {
  ONOPENLINEMESSAGEADD: imopenlines,
  ONOPENLINEMESSAGEUPDATE: imopenlines,
  ONOPENLINEMESSAGEDELETE: imopenlines,
  ONSESSIONSTART: imopenlines,
  ONSESSIONFINISH: imopenlines,
}
