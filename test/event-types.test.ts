import { defineApp } from 'portline'
import type { HandlerContext } from 'portline'
import type { AuthBlock } from '@portline/wire/envelope.ts'
import type {
  CataloguedCode, EventCode, EventData, EventDataByCode, KnownEventCode,
} from '@portline/wire/events/catalogue.ts'
import { EVENT_TRAITS, knownTraits } from '@portline/wire/events/catalogue.ts'
import type { FormValue } from '@portline/wire/form/value.ts'
import { expect, expectTypeOf, test } from 'vitest'

/** The codes of `Codes` for which the handler of app.on gets anything but the catalogue's own type: none, one hopes. */
type NotNarrowed<Codes extends KnownEventCode> = {
  [Code in Codes]: Same<HandlerContext<Code>['event']['data'], EventDataByCode[Code]> extends true ? never : Code
}[Codes]

/** The codes whose data is no more than the raw form. */
type Raw<Codes extends KnownEventCode> = {
  [Code in Codes]: Same<EventData<Code>, FormValue | undefined> extends true ? Code : never
}[Codes]

/** The codes with a scalar somewhere that is not a string. */
type NotOnTheWire<Codes extends KnownEventCode> = {
  [Code in Codes]: OnlyStrings<EventDataByCode[Code]> extends true ? never : Code
}[Codes]

type Same<One, Other> = (<T>() => T extends One ? 1 : 2) extends <T>() => T extends Other ? 1 : 2 ? true : false

type OnlyStrings<Data> =
  Same<Data, FormValue> extends true ? true
  : Data extends string | undefined ? true
  : Data extends readonly (infer Item)[] ? OnlyStrings<Item>
  : Data extends object ? (false extends OfFields<Data> ? false : true)
  : false

type OfFields<Data extends object> = { [Key in keyof Data]-?: OnlyStrings<Exclude<Data[Key], undefined>> }[keyof Data]

test('every code of the catalogue narrows the data that its handler gets', () => {
  expectTypeOf<NotNarrowed<KnownEventCode>>().toEqualTypeOf<never>()
  expectTypeOf<Raw<KnownEventCode>>().toEqualTypeOf<never>()
})

test('every scalar of every event is a string, as on the wire', () => {
  expectTypeOf<NotOnTheWire<KnownEventCode>>().toEqualTypeOf<never>()
  // Proof that the check can fail.
  expectTypeOf<OnlyStrings<{ FIELDS: { ID: number } }>>().toEqualTypeOf<false>()
  expectTypeOf<OnlyStrings<{ LIST: { deep?: { id: string | boolean } }[] }>>().toEqualTypeOf<false>()
})

test('app.on narrows, code by code', () => {
  const app = defineApp({ name: 'types' })
  app.on('ONCRMDEALMOVETOCATEGORY', ({ event }) => {
    expectTypeOf(event.data.FIELDS.STAGE_ID).toEqualTypeOf<string>()
    // @ts-expect-error the event has no TITLE: only what is documented comes with it
    void event.data.FIELDS.TITLE
  })
  app.on('CATALOG.PRODUCT.ON.ADD', ({ event }) => {
    expectTypeOf(event.data).toEqualTypeOf<{ FIELDS: { ID: string; TYPE: string } }>()
  })
  app.on('ONIMCONNECTORLINEDELETE', ({ event }) => void expectTypeOf(event.data).toEqualTypeOf<string>())
  app.on('ONOFFLINEEVENT', ({ event }) => void expectTypeOf(event.data).toEqualTypeOf<undefined>())
  app.on('ONCALENDARROOMCREATE', ({ event }) => void expectTypeOf(event.data).toEqualTypeOf<{ id: string }>())
  app.on('ONTASKADD', ({ event }) => {
    expectTypeOf(event.data.FIELDS_BEFORE).toEqualTypeOf<'undefined'>()
    // @ts-expect-error ids are strings on the wire, so a number is never equal to one
    void (event.data.FIELDS_AFTER.ID === 5)
  })
  app.on('ONUSERADD', ({ event }) => {
    // @ts-expect-error may be absent: null and empty values don't travel
    void event.data.UF_DEPARTMENT.length
  })
  app.on('ONIMBOTV2MESSAGEADD', ({ event }) => void expectTypeOf(event.data.bot.auth).toEqualTypeOf<AuthBlock>())
  expect(app.codes).toHaveLength(8)
})

test('the code of a single smart process narrows like the general one', () => {
  const app = defineApp({ name: 'types' })
  app.on('ONCRMDYNAMICITEMADD_147', ({ event }) => {
    expectTypeOf(event.data).toEqualTypeOf<EventDataByCode['ONCRMDYNAMICITEMADD']>()
  })
  app.on('ONCRMDYNAMICITEMADD_any', ({ event }) => void expectTypeOf(event.data).toEqualTypeOf<FormValue | undefined>())
  expect(knownTraits('ONCRMDYNAMICITEMADD_147')).toEqual(EVENT_TRAITS.ONCRMDYNAMICITEMADD)
  expect([knownTraits('ONCRMDYNAMICITEMADD_any'), knownTraits('ONCRMDYNAMICITEMADD_'), knownTraits('constructor')]).toEqual([
    undefined, undefined, undefined,
  ])
})

test('an unknown code stays usable, its data the raw form', () => {
  const app = defineApp({ name: 'types' })
  app.on('ONSOMETHINGNEW', ({ event }) => void expectTypeOf(event.data).toEqualTypeOf<FormValue | undefined>())
  const code: EventCode = 'ONWHATEVER'
  app.on(code, ({ event }) => void expectTypeOf(event.code).toEqualTypeOf<string>())
  expect(app.codes).toEqual(['ONSOMETHINGNEW', 'ONWHATEVER'])
})

test('app.on takes every code of the catalogue', () => {
  const app = defineApp({ name: 'types' })
  const codes = Object.keys(EVENT_TRAITS)
  for (const code of codes) app.on(code, () => {})
  expect(app.codes).toEqual(codes)
  // 204 documented codes that are the same everywhere, and four of the module source.
  expect(codes).toHaveLength(208)
  expectTypeOf<keyof typeof EVENT_TRAITS>().toEqualTypeOf<CataloguedCode>()
})
