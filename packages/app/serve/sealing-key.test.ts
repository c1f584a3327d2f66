import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemRandom } from '@portline/runtime/random.ts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { findSealingKeys, loadSealingKeys } from './sealing-key.ts'

let folder: string
let file: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portline-key-'))
  file = join(folder, 'sealing.key')
})
afterEach(() => rm(folder, { recursive: true }))

const key = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)
const text = (byte: number): string => Buffer.from(key(byte)).toString('base64')

test('the first start makes a key that its owner alone can read, and the next finds it', async () => {
  expect(await findSealingKeys(folder, {})).toBeUndefined()
  const made = await loadSealingKeys(folder, {}, systemRandom)
  expect(made).toMatchObject({ source: 'file', keys: [expect.any(Uint8Array)] })
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect((await loadSealingKeys(folder, {}, systemRandom)).keys).toEqual(made.keys)
  expect(await readdir(folder)).toEqual(['sealing.key'])
})

test('of many who start at once all use the same key', async () => {
  const places = await Promise.all(Array.from({ length: 20 }, () => loadSealingKeys(folder, {}, systemRandom)))
  expect(new Set(places.map(({ keys: [one] }) => Buffer.from(one ?? []).toString('hex'))).size).toBe(1)
})

test('a file of several keys is replaced as a whole, readable by its owner alone, whatever a dead process left', async () => {
  const { save } = await loadSealingKeys(folder, {}, systemRandom)
  await writeFile(`${file}.next`, 'half a li')
  await save?.([key(2), key(1)])
  expect((await findSealingKeys(folder, {}))?.keys).toEqual([key(2), key(1)].map((each) => Buffer.from(each)))
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect(await readdir(folder)).toEqual(['sealing.key'])
})

test('a file that cannot be replaced is left as it was', async () => {
  const { save } = await loadSealingKeys(folder, {}, systemRandom)
  const before = await readFile(file, 'utf8')
  // Nobody, not even root, can write a file in the place of a folder.
  await mkdir(join(`${file}.next`, 'full'), { recursive: true })
  await expect(save?.([key(2), key(1)])).rejects.toThrow()
  expect(await readFile(file, 'utf8')).toBe(before)
})

test('a file of a former version, without a line\'s end, is read', async () => {
  await writeFile(file, text(7))
  await chmod(file, 0o600)
  expect((await loadSealingKeys(folder, {}, systemRandom)).keys).toEqual([Buffer.from(key(7))])
})

test('keys from the environment are used as they are and never written', async () => {
  const place = await loadSealingKeys(folder, { key: text(2), formerKeys: `${text(1)}, ${text(3)}` }, systemRandom)
  expect(place.source).toBe('environment')
  expect(place.keys).toEqual([key(2), key(1), key(3)].map((each) => Buffer.from(each)))
  expect(place.save).toBeUndefined()
  expect(await readdir(folder)).toEqual([])
})

test.each([
  ['a key that is too short', { key: 'c2hvcnQ=' }],
  ['a former key that is none', { key: text(1), formerKeys: 'c2hvcnQ=' }],
  ['former keys without a key', { formerKeys: text(1) }],
])('%s is refused with a code, and not shown', async (_name, settings) => {
  const failure = await loadSealingKeys(folder, settings, systemRandom).then(() => undefined, (error: unknown) => error)
  expect(failure).toMatchObject({ code: 'KEY_INVALID' })
  expect(String(failure)).not.toContain('c2hvcnQ')
})

test.each([
  ['is a file', '', {}],
  ['is under a file', 'below/it', {}],
  ['is a file, where the key is given', '', { key: text(1) }],
])('a data folder that %s is a setting that is wrong', async (_name, below, settings) => {
  const noFolder = join(folder, 'package.json', below)
  await writeFile(join(folder, 'package.json'), '{}')
  await expect(loadSealingKeys(noFolder, settings, systemRandom)).rejects.toMatchObject({
    code: 'CONFIG_INVALID', message: expect.stringContaining(`the data folder ${noFolder} cannot be written into: E`) as string,
  })
  expect(await findSealingKeys(noFolder, {})).toBeUndefined()
})

test('a data folder that is not there is made, unless the key is wrong', async () => {
  const deep = join(folder, 'a', 'b')
  await expect(loadSealingKeys(deep, { key: 'c2hvcnQ=' }, systemRandom)).rejects.toMatchObject({ code: 'KEY_INVALID' })
  expect(await readdir(folder)).toEqual([])
  await loadSealingKeys(deep, { key: text(1) }, systemRandom)
  expect((await stat(deep)).isDirectory()).toBe(true)
})

test('a key file that cannot be read is refused with a code', async () => {
  // Nobody, not even root, can read a folder as a file.
  await mkdir(file)
  await expect(loadSealingKeys(folder, {}, systemRandom)).rejects.toMatchObject({ code: 'KEY_INVALID', message: expect.stringContaining('EISDIR') as string })
})

test('an empty or spoilt file is refused: it is not written over', async () => {
  for (const spoilt of ['', '\n', `${text(1)}\nnonsense\n`]) {
    await writeFile(file, spoilt)
    await expect(loadSealingKeys(folder, {}, systemRandom)).rejects.toMatchObject({ code: 'KEY_INVALID' })
    expect(await readFile(file, 'utf8')).toBe(spoilt)
  }
})
