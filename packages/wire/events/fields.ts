/** Shapes that many events share. Every scalar is a string, as on the wire. */

/** The usual event: only the id travels, and the app asks REST for the rest. */
export interface IdData {
  FIELDS: { ID: string }
}

/** A user field of a CRM record (api-reference/crm/leads/userfield/events and its likes). */
export interface UserFieldData {
  FIELDS: {
    ID: string
    /** `CRM_LEAD`, `CRM_DEAL` …; for smart processes `CRM_` and their number. */
    ENTITY_ID: string
    /** `UF_CRM_…` */
    FIELD_NAME: string
  }
}
