import { CodedError } from '../errors.ts'
import { toFormBody } from './body.ts'
import { FORM_LIMITS, type FormLimits } from './limits.ts'
import { NameReader } from './name-reader.ts'
import { decodeEscapes } from './percent.ts'
import { FormTree } from './tree.ts'
import type { FormMap } from './value.ts'

const AMPERSAND = 0x26

export function decodeForm(body: Uint8Array | string, limits: FormLimits = FORM_LIMITS): FormMap {
  const form = toFormBody(body, limits.maxBodyBytes)
  const { bytes } = form
  const tree = new FormTree()
  const name = new NameReader(form)
  let parameters = 0
  let end = 0
  for (let start = 0; start < bytes.length; start = end + 1) {
    end = endOfParameter(bytes, start)
    if (end === start) continue
    if (++parameters > limits.maxParameters) throw tooMany(form.text, limits)
    name.read(start, end)
    if (name.end - start > limits.maxKeyBytes) throw tooLong(name.end - start, limits)
    if (name.depth - 1 > limits.maxDepth) throw tooDeep(name.depth - 1, limits)
    if (name.depth === 0) continue
    const value = decodeEscapes(form, name.end + 1, end)
    if (name.isBeside) tree.putBeside(name.path[name.depth - 1] as string, value)
    else tree.put(name.path, name.depth, value)
  }
  return tree.root
}

function endOfParameter(bytes: Uint8Array, start: number): number {
  let at = start
  while (at < bytes.length && bytes[at] !== AMPERSAND) at++
  return at
}

function tooMany(text: string, { maxParameters }: FormLimits): CodedError {
  const found = text.split('&').filter((parameter) => parameter !== '').length
  return new CodedError('TOO_MANY_PARAMETERS', `The body has ${found} parameters, the limit is ${maxParameters}`)
}

function tooLong(found: number, { maxKeyBytes }: FormLimits): CodedError {
  return new CodedError('KEY_TOO_LONG', `A parameter name has ${found} bytes, the limit is ${maxKeyBytes}`)
}

function tooDeep(found: number, { maxDepth }: FormLimits): CodedError {
  return new CodedError('NESTING_TOO_DEEP', `A parameter name has ${found} bracket pairs, the limit is ${maxDepth}`)
}
