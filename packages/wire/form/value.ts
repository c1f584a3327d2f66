/** What a decoded form is made of. Scalars are always strings, as on the wire. */
export type FormValue = string | FormList | FormMap
/** A PHP array whose keys are 0..n-1 in order. */
export type FormList = FormValue[]
/** Any other PHP array: named, sparse or out-of-order keys. */
export interface FormMap {
  [key: string]: FormValue
}

/** What PHP can flatten into a form. */
export type PhpValue = string | number | bigint | boolean | null | undefined | readonly PhpValue[] | PhpMap
export interface PhpMap {
  readonly [key: string]: PhpValue
}
