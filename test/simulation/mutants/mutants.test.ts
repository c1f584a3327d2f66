import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { describe, expect, test } from 'vitest'
import { MUTANTS } from './all.ts'
import { catchOf } from './catch.ts'
import { mutated } from './mutant.ts'

/**
 * The checker is worth what it catches: bugs put in by hand (mutants/*.ts), each of which must break a promise in some world. With
 * PORTLINE_SIM_MUTANTS=all every one is tried; else a few, each first at the seed that caught it last.
 */
const all = process.env['PORTLINE_SIM_MUTANTS'] === 'all'
const SEEDS_MOST = 1_500
const QUICKLY_CAUGHT = new Set([
  'an event is answered before it is on disk',
  'a group that could not be stored is answered as if it were',
  'grants that come while a lane is leased anew are lost',
  'a released event is in no lane',
  'every application_token is the known one',
])
const CHILD_MS = 30 * 60_000

/** Mutant → a seed that is known to catch it. A hint: where the code has changed another may be needed. */
const hints = JSON.parse(readFileSync(new URL('./caught-by.json', import.meta.url), 'utf8')) as Record<string, number>

test('there are at least thirty, each with a name of its own', () => {
  expect(MUTANTS.length).toBeGreaterThanOrEqual(30)
  expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length)
})

test('each still fits the code, and leaves it code', () => {
  const unfit = MUTANTS.flatMap((mutant) => {
    try {
      return stripTypeScriptTypes(mutated(mutant)) === '' ? [mutant.name] : []
    } catch (error) {
      return [`${mutant.name}: ${String(error)}`]
    }
  })
  expect(unfit).toEqual([])
})

describe('is caught:', () => {
  const tried = MUTANTS.filter(({ name }) => all || QUICKLY_CAUGHT.has(name))
  test.each(tried.map(({ name }) => name))('%s', async (name) => {
    const { caught, hung = false, failure } = await catchOf(name, hints[name] ?? 1, SEEDS_MOST, CHILD_MS)
    expect({ name, caught: hung || caught !== undefined, failure }).toEqual({ name, caught: true, failure: undefined })
  }, CHILD_MS + 60_000)
})
