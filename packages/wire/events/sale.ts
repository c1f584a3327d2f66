import type { IdData } from './fields.ts'
import type { TraitsOf } from './traits.ts'

/** An order that was saved or is about to go (api-reference/sale/events/on-sale-order-saved.md and its neighbour). */
export interface OnSaleOrderData<Action extends string> {
  FIELDS: {
    ID: string
    /** Empty when the order has none. */
    XML_ID?: string
    ACTION: Action
  }
}

/** Orders and what belongs to them (api-reference/sale/events). */
export interface SaleEvents {
  ONSALEORDERSAVED: OnSaleOrderData<'save'>
  ONSALEBEFOREORDERDELETE: OnSaleOrderData<'delete'>
  ONORDERENTITYSAVED: IdData
  ONORDERDELETED: IdData
  ONPAYMENTENTITYSAVED: IdData
  ONPAYMENTDELETED: IdData
  ONSHIPMENTENTITYSAVED: IdData
  ONSHIPMENTDELETED: IdData
  ONPROPERTYVALUEENTITYSAVED: IdData
  ONPROPERTYVALUEDELETED: IdData
}

const sale = { scope: 'sale', queue: 'crm', sendAuth: true, sendRefreshToken: false } as const

export const SALE_TRAITS: TraitsOf<SaleEvents> = {
  ONSALEORDERSAVED: sale,
  ONSALEBEFOREORDERDELETE: sale,
  ONORDERENTITYSAVED: sale,
  ONORDERDELETED: sale,
  ONPAYMENTENTITYSAVED: sale,
  ONPAYMENTDELETED: sale,
  ONSHIPMENTENTITYSAVED: sale,
  ONSHIPMENTDELETED: sale,
  ONPROPERTYVALUEENTITYSAVED: sale,
  ONPROPERTYVALUEDELETED: sale,
}
