import { argumentMissing, argumentOfType, argumentWrong } from '../../errors.ts'
import type { RequestParams } from '../../params.ts'
import { plainText } from '../../params.ts'

/** One element of MESSAGES with its keys in lower case. */
export interface Element {
  readonly user: Readonly<Record<string, unknown>>
  readonly message: Readonly<Record<string, unknown>>
  readonly chat: Readonly<Record<string, unknown>>
  readonly im: Readonly<Record<string, unknown>>
}

/** Only null counts as missing here. */
export function requireMessages(params: RequestParams): unknown {
  const messages = params.get('MESSAGES')
  if (messages === undefined || messages === null) throw argumentMissing('MESSAGES')
  return lowerKeys(messages)
}

/** The checks that imconnector.send.messages alone has. */
export function requireStructure(messages: unknown): readonly Element[] {
  if (!isMap(messages)) throw argumentOfType('MESSAGES', 'array')
  const elements = Object.values(messages)
  for (const element of elements) {
    if (!isMap(element)) throw argumentWrong('MESSAGES', 'The MESSAGES parameter must be an array of messages (arrays)')
    if ([element['user'], element['message'], element['chat']].some((block) => block === undefined || block === null)) {
      throw argumentWrong('MESSAGES', 'The incorrect structure of a message inside MESSAGES parameter.')
    }
  }
  return elements.map(asElement)
}

/** Whatever came: what is no list has no elements, what is no map has no blocks. */
export function looseElements(messages: unknown): readonly Element[] {
  return isMap(messages) ? Object.values(messages).map(asElement) : []
}

function asElement(value: unknown): Element {
  const block = (name: string): Readonly<Record<string, unknown>> => {
    const found = isMap(value) ? value[name] : undefined
    return isMap(found) ? found : {}
  }
  return { user: block('user'), message: block('message'), chat: block('chat'), im: block('im') }
}

/** The plain values of a block as texts. */
export function textsOf(block: Readonly<Record<string, unknown>>): Record<string, string> {
  const texts: Record<string, string> = {}
  for (const [key, value] of Object.entries(block)) {
    const text = plainText(value)
    if (text !== undefined) texts[key] = text
  }
  return texts
}

/** A list of external ids; one alone counts as a list of one. */
export function externalIdsOf(value: unknown): string[] {
  const ids = isMap(value) ? Object.values(value) : [value]
  return ids.flatMap((id) => plainText(id) ?? [])
}

export function filesOf(value: unknown): Record<string, string>[] {
  return isMap(value) ? Object.values(value).filter(isMap).map(textsOf).filter((file) => file['url'] !== undefined) : []
}

function lowerKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(lowerKeys)
  if (typeof value !== 'object' || value === null) return value
  const lowered: Record<string, unknown> = Object.create(null)
  for (const [key, item] of Object.entries(value)) lowered[key.toLowerCase()] = lowerKeys(item)
  return lowered
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
