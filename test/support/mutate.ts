import type { Random } from '@portline/runtime/random.ts'

/** Bodies as no sender means them: the wire's own pieces, broken in the ways that senders, proxies and attackers break them. */
const PIECES = [
  '&', '=', '[', ']', '[]', '%', '%0', '%00', '%ff', '%C3%28', '%5B', '%5D', '+', '\0', '\u00ff', '__proto__', 'constructor', 'toString', 'auth',
  'auth[member_id]', 'auth[application_token]', 'data', 'data[', 'event', 'event=ONAPPINSTALL', 'ts', '-1', '1e309', '99999999999999999999', 'NaN',
  '[a][b][c]', '[]'.repeat(70), 'a'.repeat(5_000), '&a=1'.repeat(300), 'ONAPPUNINSTALL', 'auth[access_token]=', '\r\n', ';', '.', ' ',
]

export function mutate(body: string, random: Random): string {
  const pick = (limit: number): number => Math.floor(random.fraction() * limit)
  let text = body
  for (let left = 1 + pick(4); left > 0; left--) {
    const at = pick(text.length + 1)
    const end = Math.min(text.length, at + 1 + pick(random.fraction() < 0.2 ? 200 : 8))
    const piece = PIECES[pick(PIECES.length)] ?? ''
    switch (pick(7)) {
      case 0: text = text.slice(0, at) + piece + text.slice(at); break
      case 1: text = text.slice(0, at) + piece + text.slice(end); break
      case 2: text = text.slice(0, at) + text.slice(end); break
      case 3: text = text.slice(0, at); break
      case 4: text = text.slice(0, at) + String.fromCharCode(pick(256)) + text.slice(at + 1); break
      case 5: text = text.slice(0, at) + text.slice(at, end).repeat(2 + pick(3)) + text.slice(end); break
      default: text = shuffled(text.split('&'), pick).join('&')
    }
  }
  return text
}

function shuffled(parts: string[], pick: (limit: number) => number): string[] {
  for (let last = parts.length - 1; last > 0; last--) {
    const other = pick(last + 1)
    const [a = '', b = ''] = [parts[last], parts[other]]
    parts[last] = b
    parts[other] = a
  }
  return parts
}
