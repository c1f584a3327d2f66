import type { PhpValue } from '@portline/wire/form/value.ts'
import { md5 } from '../application-token.ts'
import { phpJson } from '../../rest/php-json.ts'

/** MESSAGE_ID: md5 over name and data. Equal events have equal ones, which is what makes them one row. */
export function offlineMessageId(event: string, data: PhpValue): string {
  return md5(`${event}|${bitrixJson(data)}`)
}

/**
 * As Bitrix\Main\Web\Json::encode writes it: PHP's array rules, escaped slashes, and < > & ' " inside texts as \u
 * sequences; other characters stay as they are.
 */
export function bitrixJson(value: PhpValue): string {
  const json = JSON.stringify(phpJson(value ?? null), (_key, item: unknown) => (typeof item === 'bigint' ? Number(item) : item))
  const escaped = json.replaceAll(/\\(.)|\//g, (whole, char?: string) => {
    if (char === undefined) return String.raw`\/`
    return char === '"' ? String.raw`\u0022` : whole
  })
  return escaped.replaceAll(/[<>&'\u2028\u2029]/g, hexEscape)
}

function hexEscape(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`
}
