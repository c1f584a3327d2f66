import { BASIC_SCOPE } from '@portline/wire/rest.ts'
import { yesNo } from '../../world/state.ts'
import { RestError } from '../errors.ts'
import type { RestMethod } from '../method.ts'

/** api-reference/common/system/feature-get.md */
export const featureGet: RestMethod = {
  name: 'feature.get',
  scopes: [BASIC_SCOPE],
  run: ({ context, params }) => {
    const code = params.text('CODE')
    if (code === undefined) throw new RestError('CODE_EMPTY')
    return { value: yesNo(Object.entries(context.features).some(([feature, on]) => on && feature === code)) }
  },
}
