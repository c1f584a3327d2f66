import type { FormValue } from '../form/value.ts'
import type { TraitsOf } from './traits.ts'

/** Open Channels connector events (api-reference/imopenlines/imconnector/events/*). The mixed case of the keys is Bitrix24's. */

export interface ImConnectorMessageAdd {
  im: { chat_id: string; message_id: string }
  message: { user_id: string; text: string; files?: FormValue; attachments?: FormValue; params?: FormValue }
  chat: { id: string }
}

export interface ImConnectorMessageUpdate {
  im: { chat_id: string; message_id: string }
  /** `id`: the external ids given through imconnector.send.status.delivery. */
  message: { id: string[]; text: string }
  chat: { id: string }
}

export interface ImConnectorMessageDelete {
  im: { chat_id: string; message_id: string }
  message: { id: string }
  chat: { id: string }
}

export interface ImConnectorDialog {
  connector: { connector_id: string; line_id: string; chat_id: string; user_id: string }
  session: { id: string; closed: 'Y' | 'N'; parent_id: string; close_term: string }
  /** Ids of the external system. */
  chat: { id: string }
  user: { id: string }
}

export interface OnImConnectorMessageData<Message> {
  CONNECTOR: string
  LINE: string
  MESSAGES: Message[]
}

export interface OnImConnectorDialogData {
  CONNECTOR: string
  LINE: string
  DATA: ImConnectorDialog[]
}

/** Lower case, unlike its neighbours. */
export interface OnImConnectorStatusDeleteData {
  connector: string
  line: string
}

export interface ImConnectorEvents {
  ONIMCONNECTORMESSAGEADD: OnImConnectorMessageData<ImConnectorMessageAdd>
  ONIMCONNECTORMESSAGEUPDATE: OnImConnectorMessageData<ImConnectorMessageUpdate>
  ONIMCONNECTORMESSAGEDELETE: OnImConnectorMessageData<ImConnectorMessageDelete>
  ONIMCONNECTORDIALOGSTART: OnImConnectorDialogData
  ONIMCONNECTORDIALOGFINISH: OnImConnectorDialogData
  ONIMCONNECTORSTATUSDELETE: OnImConnectorStatusDeleteData
  /** The line's id as a bare value: `data=107`. */
  ONIMCONNECTORLINEDELETE: string
}

/** The pages name the permission `imconnector`; the module registers the whole family under `imopenlines`. */
const imconnector = { scope: 'imopenlines', queue: 'default', sendAuth: true, sendRefreshToken: false } as const

export const IMCONNECTOR_TRAITS: TraitsOf<ImConnectorEvents> = {
  ONIMCONNECTORMESSAGEADD: imconnector,
  ONIMCONNECTORMESSAGEUPDATE: imconnector,
  ONIMCONNECTORMESSAGEDELETE: imconnector,
  ONIMCONNECTORDIALOGSTART: imconnector,
  ONIMCONNECTORDIALOGFINISH: imconnector,
  ONIMCONNECTORSTATUSDELETE: imconnector,
  ONIMCONNECTORLINEDELETE: imconnector,
}
