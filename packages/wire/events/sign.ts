import type { TraitsOf } from './traits.ts'

/** api-reference/sign/events/on-sign-b2e-document-status-changed.md */
export interface OnSignDocumentStatusData {
  documentUid: string
  /** Only when the company that signs is the one the integration was made for. */
  companyUid?: string
  statusCode: string
  statusName: string
}

/** api-reference/sign/events/on-sign-b2e-member-status-changed.md */
export interface OnSignMemberStatusData extends OnSignDocumentStatusData {
  memberUid: string
}

/** api-reference/sign/events/on-sign-hcm-link-b2e-document-signed.md */
export interface OnSignHcmLinkDocumentSignedData {
  /** The participant's, for sign.b2e.hcmlink.document.get. */
  id: string
  /** The company's code in HCM Link. */
  company: string
}

/** E-signature for HR. */
export interface SignEvents {
  ONSIGNB2EDOCUMENTSTATUSCHANGED: OnSignDocumentStatusData
  ONSIGNB2EMEMBERSTATUSCHANGED: OnSignMemberStatusData
  ONSIGNHCMLINKB2EDOCUMENTSIGNED: OnSignHcmLinkDocumentSignedData
}

const sign = { scope: 'sign.b2e', queue: 'default', sendAuth: true, sendRefreshToken: false } as const

export const SIGN_TRAITS: TraitsOf<SignEvents> = {
  ONSIGNB2EDOCUMENTSTATUSCHANGED: sign,
  ONSIGNB2EMEMBERSTATUSCHANGED: sign,
  ONSIGNHCMLINKB2EDOCUMENTSIGNED: sign,
}
