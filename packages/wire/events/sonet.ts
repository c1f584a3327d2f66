import type { IdData } from './fields.ts'
import type { TraitsOf } from './traits.ts'

/** A workgroup's subject (api-reference/sonet-group/outdated): the id, and not within FIELDS. */
export interface OnSonetGroupSubjectData {
  ID: string
}

/** Workgroups and projects (api-reference/sonet-group/events). */
export interface SonetEvents {
  ONSONETGROUPADD: IdData
  ONSONETGROUPUPDATE: IdData
  ONSONETGROUPDELETE: IdData
  ONSONETGROUPSUBJECTADD: OnSonetGroupSubjectData
  ONSONETGROUPSUBJECTUPDATE: OnSonetGroupSubjectData
  ONSONETGROUPSUBJECTDELETE: OnSonetGroupSubjectData
}

/** The events' pages say `sonet`; the list of permissions has `sonet_group` only. */
const sonet = { scope: 'sonet_group', alsoIn: ['sonet'], queue: 'default', sendAuth: true, sendRefreshToken: false } as const

export const SONET_TRAITS: TraitsOf<SonetEvents> = {
  ONSONETGROUPADD: sonet,
  ONSONETGROUPUPDATE: sonet,
  ONSONETGROUPDELETE: sonet,
  ONSONETGROUPSUBJECTADD: sonet,
  ONSONETGROUPSUBJECTUPDATE: sonet,
  ONSONETGROUPSUBJECTDELETE: sonet,
}
