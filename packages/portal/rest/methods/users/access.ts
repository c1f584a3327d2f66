import { BASIC_SCOPE } from '@portline/wire/rest.ts'
import { asText } from '../../../records/values.ts'
import type { RestCall, RestMethod } from '../../method.ts'

/** api-reference/common/users/user-access.md, api-reference/common/system/access-name.md */
export const accessMethods: readonly RestMethod[] = [
  { name: 'user.access', scopes: [BASIC_SCOPE], run: hasAccess },
  { name: 'access.name', scopes: [BASIC_SCOPE], run: names },
]

/** G1: administrators, G2: everybody, AU: everybody who is logged in, U…: that user. An administrator may always. */
function hasAccess({ caller: { user }, params }: RestCall): boolean {
  const asked = codes(params.get('ACCESS'))
  return user.admin || asked.some((code) => code === 'AU' || code === 'G2' || code === `U${user.id}`)
}

function names(call: RestCall): object | false {
  const asked = codes(call.params.get('ACCESS'))
  if (asked.length === 0 || typeof call.params.get('ACCESS') !== 'object') return false
  const known = asked.map((code) => [code, describe(call, code)] as const).filter(([, description]) => description !== undefined)
  return Object.fromEntries(known)
}

const GROUPS: Readonly<Record<string, string>> = { G1: 'Administrators', G2: 'All visitors', AU: 'All authorized users' }

function describe({ context }: RestCall, code: string): object | undefined {
  const group = Object.hasOwn(GROUPS, code) ? GROUPS[code] : undefined
  if (group !== undefined) return { provider: '', name: group, provider_id: 'other' }
  const user = /^U\d+$/.test(code) ? context.world.user(Number(code.slice(1))) : undefined
  if (user === undefined) return undefined
  return { provider: 'Users', name: `${user.name} ${user.lastName}`.trim(), provider_id: 'user' }
}

function codes(given: unknown): string[] {
  const items: unknown[] = typeof given === 'object' && given !== null ? Object.values(given) : [given]
  return items.map(asText).filter((code) => code !== undefined)
}
