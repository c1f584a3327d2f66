import { asText } from '../../../records/values.ts'
import type { RestMethod } from '../../method.ts'
import { Page } from '../../page.ts'

/** The company's structure is one department, the one all its people are in. */
const DEPARTMENTS: readonly Readonly<Record<string, string | number>>[] = [{ ID: '1', NAME: 'Company', SORT: 500, UF_HEAD: '1' }]
const FILTERS = ['ID', 'NAME', 'SORT', 'PARENT', 'UF_HEAD'] as const

/** api-reference/departments/department-get.md */
export const departmentGet: RestMethod = {
  name: 'department.get',
  scopes: ['department'],
  run: ({ params }) => {
    const found = DEPARTMENTS.filter((department) => FILTERS.every((name) => {
      const given = params.get(name)
      return given === undefined || asText(given) === asText(department[name])
    }))
    return new Page(found, found.length)
  },
}
