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

/** A plain value of a map, or undefined when `data` is no map or has no such plain value. */
export function textField(data: FormValue | undefined, name: string): string | undefined {
  if (typeof data !== 'object' || Array.isArray(data) || !Object.hasOwn(data, name)) return undefined
  const value = data[name]
  return typeof value === 'string' ? value : undefined
}
