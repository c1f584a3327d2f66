import type { BookingEvents } from '@portline/wire/events/booking.ts'
import type { CatalogEvents } from '@portline/wire/events/catalog.ts'
import type { SaleEvents } from '@portline/wire/events/sale.ts'
import type { SamplesOf } from '../sample.ts'

const only = (id: number) => ({ FIELDS: { ID: id } })

/** A simple product (1). */
const product = { FIELDS: { ID: 412, TYPE: 1 } }
const measure = only(5)
const price = only(873)
const priceType = only(2)
const rounding = only(3)

export const CATALOG_SAMPLES: SamplesOf<CatalogEvents> = {
  'CATALOG.PRODUCT.ON.ADD': product,
  'CATALOG.PRODUCT.ON.UPDATE': product,
  'CATALOG.PRODUCT.ON.DELETE': product,
  'CATALOG.MEASURE.ON.ADD': measure,
  'CATALOG.MEASURE.ON.UPDATE': measure,
  'CATALOG.MEASURE.ON.DELETE': measure,
  'CATALOG.PRICE.ON.ADD': price,
  'CATALOG.PRICE.ON.UPDATE': price,
  'CATALOG.PRICE.ON.DELETE': price,
  'CATALOG.PRICE.TYPE.ON.ADD': priceType,
  'CATALOG.PRICE.TYPE.ON.UPDATE': priceType,
  'CATALOG.PRICE.TYPE.ON.DELETE': priceType,
  'CATALOG.ROUNDING.ON.ADD': rounding,
  'CATALOG.ROUNDING.ON.UPDATE': rounding,
  'CATALOG.ROUNDING.ON.DELETE': rounding,
}

const ORDER_ID = 300
const payment = only(271)
const shipment = only(544)
const propertyValue = only(1_906)

export const SALE_SAMPLES: SamplesOf<SaleEvents> = {
  ONSALEORDERSAVED: { FIELDS: { ID: ORDER_ID, XML_ID: '', ACTION: 'save' } },
  ONSALEBEFOREORDERDELETE: { FIELDS: { ID: ORDER_ID, XML_ID: '', ACTION: 'delete' } },
  ONORDERENTITYSAVED: only(ORDER_ID),
  ONORDERDELETED: only(ORDER_ID),
  ONPAYMENTENTITYSAVED: payment,
  ONPAYMENTDELETED: payment,
  ONSHIPMENTENTITYSAVED: shipment,
  ONSHIPMENTDELETED: shipment,
  ONPROPERTYVALUEENTITYSAVED: propertyValue,
  ONPROPERTYVALUEDELETED: propertyValue,
}

const booking = { ID: 66 }
const resource = { ID: 10 }
const resourceType = { ID: 9 }
const waiting = { ID: 1 }

export const BOOKING_SAMPLES: SamplesOf<BookingEvents> = {
  ONBOOKINGADD: booking,
  ONBOOKINGUPDATE: booking,
  ONBOOKINGDELETE: booking,
  ONBOOKINGRESOURCEADD: resource,
  ONBOOKINGRESOURCEUPDATE: resource,
  ONBOOKINGRESOURCEDELETE: resource,
  ONBOOKINGRESOURCETYPEADD: resourceType,
  ONBOOKINGRESOURCETYPEUPDATE: resourceType,
  ONBOOKINGRESOURCETYPEDELETE: resourceType,
  ONBOOKINGWAITLISTITEMADD: waiting,
  ONBOOKINGWAITLISTITEMUPDATE: waiting,
  ONBOOKINGWAITLISTITEMDELETE: waiting,
}
