import { execFile, execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { isApp } from 'portline'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cliPage, writtenCliPage } from '../scripts/docs/cli.ts'
import { errorsPage, writtenErrorsPage } from '../scripts/docs/errors.ts'
import { installApp, openHouse } from './support/house.ts'

/** What the documentation says is so: its code compiles and runs, its links lead somewhere, its pages match the sources. */
const root = fileURLToPath(new URL('../', import.meta.url))
const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8' })
const files = listed.split('\n').filter((file) => file !== '' && existsSync(join(root, file)))
const pages = files.filter((file) => file.endsWith('.md'))

function textOf(file: string): string {
  return readFileSync(join(root, file), 'utf8')
}

function codeBlocks(page: string): string[] {
  return [...textOf(page).matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code = '']) => code)
}

describe('written out of the sources', () => {
  test('docs/errors.md is up to date, else: node scripts/docs/errors.ts', () => {
    expect(writtenErrorsPage()).toBe(errorsPage())
  })

  test('docs/reference/cli.md is up to date, else: node scripts/docs/cli.ts', async () => {
    expect(writtenCliPage()).toBe(await cliPage())
  })
})

describe('docs/security.md', () => {
  const rules = textOf('docs/security.md').split(/^### /m).slice(1)
  const tests = files.filter((file) => file.endsWith('.test.ts')).map((file) => textOf(file).replaceAll("\\'", "'"))

  test('its rules are numbered, and each is attacked by a test', () => {
    expect(rules.length).toBeGreaterThan(15)
    expect(rules.map((rule) => Number.parseInt(rule, 10))).toEqual(rules.map((_rule, index) => index + 1))
    expect(rules.filter((rule) => !rule.includes('- Tested by: `'))).toEqual([])
  })

  test('the tests that it names exist', () => {
    const named = rules.flatMap((rule) => [...rule.matchAll(/^- Tested by: `(.+)`$/gm)].map(([, title = '']) => title.replaceAll("\\'", "'")))
    expect(named.filter((title) => !tests.some((text) => text.includes(`'${title}'`) || text.includes(`\`${title}\``)))).toEqual([])
  })
})

describe('code on the pages', () => {
  let folder: string
  beforeAll(async () => {
    // Inside the clone, so that its imports are found as a reader's are.
    await mkdir(join(root, '.portline'), { recursive: true })
    folder = await mkdtemp(join(root, '.portline', 'docs-test-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  const [smallest = ''] = codeBlocks('README.md')

  test('the smallest app has less than 15 lines', () => {
    expect(smallest.trim().split('\n').length).toBeLessThan(15)
  })

  test('the smallest app runs on the local portal', async () => {
    const file = join(folder, 'smallest.ts')
    await writeFile(file, smallest)
    const { default: app } = (await import(pathToFileURL(file).href)) as { default: unknown }
    if (!isApp(app)) throw new Error('it exports no app')
    const house = await openHouse({ app })
    try {
      await installApp(house)
      const { id } = await house.settled('ONAPPINSTALL')
      expect((await house.event(id)).attemptLog.at(-1)?.notes).toContain('version 1, speaking as Anna')
    } finally {
      await house.close()
    }
  })

  test('every example compiles', async () => {
    const written: string[] = []
    for (const page of pages) {
      for (const [name, code] of modulesOf(page)) {
        const file = join(folder, page.replaceAll('/', '-'), name)
        await mkdir(dirname(file), { recursive: true })
        await writeFile(file, code)
        written.push(file)
      }
    }
    expect(written.length).toBeGreaterThan(4)
    const settings = { extends: '../../tsconfig.json', include: ['./**/*.ts'], exclude: [] }
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(settings))
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    const complaints = await promisify(execFile)(process.execPath, [tsc, '--noEmit', '-p', folder]).then(
      () => '',
      (failure: { stdout: string }) => failure.stdout,
    )
    expect(complaints).toBe('')
  })

  /** A block with imports is a module, named in its first line where the page has several; others belong to the one before. */
  function modulesOf(page: string): Map<string, string> {
    const modules = new Map<string, string>()
    let last = 'app.ts'
    for (const code of codeBlocks(page)) {
      if (code.includes('import ')) {
        last = /^\/\/ (\S+\.ts)\n/.exec(code)?.[1] ?? 'app.ts'
        modules.set(last, code)
      } else {
        const before = modules.get(last) ?? ''
        modules.set(last, before.replace('export default app', `${code}\nexport default app`))
      }
    }
    return modules
  }
})

describe('references', () => {
  test('every relative link leads to a file, and to a heading where it names one', () => {
    const dead = pages.flatMap((page) =>
      [...withoutCode(textOf(page)).matchAll(/\]\(([^)\s]+)\)/g)]
        .map(([, link = '']) => link)
        .filter((link) => !/^[a-z]+:/.test(link) && !leadsSomewhere(page, link))
        .map((link) => `${page}: ${link}`),
    )
    expect(dead).toEqual([])
  })

  test('every page of docs/ can be reached from its index', () => {
    const reached = new Set(['docs/index.md'])
    for (const page of reached) {
      for (const [, link = ''] of textOf(page).matchAll(/\]\(([^)#\s]+\.md)/g)) {
        const target = relative(root, join(root, dirname(page), link))
        if (target.startsWith('docs/')) reached.add(target)
      }
    }
    expect(pages.filter((page) => page.startsWith('docs/') && !reached.has(page))).toEqual([])
  })

  test('every path that ARCHITECTURE.md names is there', () => {
    const paths = /`((?:packages|docs|test|scripts|examples)\/[\w./-]*)`/g
    const named = [...textOf('ARCHITECTURE.md').matchAll(paths)].map(([, path = '']) => path)
    expect(named.length).toBeGreaterThan(40)
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([])
  })

  test('every page that a source names is there', () => {
    const sources = files.filter((file) => /\.(ts|mjs|js)$/.test(file) && !file.startsWith('test/'))
    const named = sources.flatMap((file) => [...textOf(file).matchAll(/\bdocs\/[\w/-]+\.md\b/g)].map(([page]) => [file, page]))
    expect(named.filter(([, page = '']) => !existsSync(join(root, page)) && !MOVED.includes(page))).toEqual([])
  })

  /** Named by comments that are still to follow. */
  const MOVED = ['docs/operator-api.md']

  test('every proof that README.md names is a test of that file', () => {
    const proofs = [...textOf('README.md').matchAll(/\[`([\w./-]+\.test\.ts)`\]\(([^)]+)\): “([^”]+)”/g)]
    expect(proofs.length).toBeGreaterThan(8)
    for (const [, file = '', link, title = ''] of proofs) {
      expect(link).toBe(file)
      expect(textOf(file).replaceAll(String.raw`\'`, `'`), `${file}: ${title}`).toContain(title)
    }
  })
})

function withoutCode(markdown: string): string {
  return markdown.replaceAll(/^```[\s\S]*?^```$/gm, '').replaceAll(/`[^`\n]*`/g, '')
}

function leadsSomewhere(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#')
  const target = path === '' ? page : relative(root, join(root, dirname(page), path))
  if (!existsSync(join(root, target))) return false
  return anchor === undefined || anchorsOf(target).includes(anchor)
}

/** Headings as GitHub makes anchors of them. */
function anchorsOf(page: string): string[] {
  return [...textOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading.toLowerCase().replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').trim().replaceAll(/\s/g, '-'),
  )
}
