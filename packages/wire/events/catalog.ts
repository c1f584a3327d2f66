import type { IdData } from './fields.ts'
import type { TraitsOf } from './traits.ts'

/** Products, services and variations (api-reference/catalog/product/events). */
export interface OnCatalogProductData {
  FIELDS: {
    ID: string
    /** 1 product, 3 product with variations, 4 variation, 5 variation without its product, 6 like 3 but with none, 7 service. */
    TYPE: string
  }
}

/** The codes with dots: units, prices, price types and rounding rules have only an id (api-reference/catalog/…/events). */
export interface CatalogEvents {
  'CATALOG.PRODUCT.ON.ADD': OnCatalogProductData
  'CATALOG.PRODUCT.ON.UPDATE': OnCatalogProductData
  'CATALOG.PRODUCT.ON.DELETE': OnCatalogProductData
  'CATALOG.MEASURE.ON.ADD': IdData
  'CATALOG.MEASURE.ON.UPDATE': IdData
  'CATALOG.MEASURE.ON.DELETE': IdData
  'CATALOG.PRICE.ON.ADD': IdData
  'CATALOG.PRICE.ON.UPDATE': IdData
  'CATALOG.PRICE.ON.DELETE': IdData
  'CATALOG.PRICE.TYPE.ON.ADD': IdData
  'CATALOG.PRICE.TYPE.ON.UPDATE': IdData
  'CATALOG.PRICE.TYPE.ON.DELETE': IdData
  'CATALOG.ROUNDING.ON.ADD': IdData
  'CATALOG.ROUNDING.ON.UPDATE': IdData
  'CATALOG.ROUNDING.ON.DELETE': IdData
}

const catalog = { scope: 'catalog', queue: 'crm', sendAuth: true, sendRefreshToken: false } as const

export const CATALOG_TRAITS: TraitsOf<CatalogEvents> = {
  'CATALOG.PRODUCT.ON.ADD': catalog,
  'CATALOG.PRODUCT.ON.UPDATE': catalog,
  'CATALOG.PRODUCT.ON.DELETE': catalog,
  'CATALOG.MEASURE.ON.ADD': catalog,
  'CATALOG.MEASURE.ON.UPDATE': catalog,
  'CATALOG.MEASURE.ON.DELETE': catalog,
  'CATALOG.PRICE.ON.ADD': catalog,
  'CATALOG.PRICE.ON.UPDATE': catalog,
  'CATALOG.PRICE.ON.DELETE': catalog,
  'CATALOG.PRICE.TYPE.ON.ADD': catalog,
  'CATALOG.PRICE.TYPE.ON.UPDATE': catalog,
  'CATALOG.PRICE.TYPE.ON.DELETE': catalog,
  'CATALOG.ROUNDING.ON.ADD': catalog,
  'CATALOG.ROUNDING.ON.UPDATE': catalog,
  'CATALOG.ROUNDING.ON.DELETE': catalog,
}
