import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

/**
 * The rules of the house (ARCHITECTURE.md), read off the sources. A rule that has to be broken somewhere is broken in
 * EXCEPTIONS, with the reason; an exception that nothing needs any more fails too.
 */
const EXCEPTIONS: Readonly<Record<string, readonly { readonly at: RegExp; readonly why: string }[]>> = {
  'real time': [
    { at: /^packages\/cli\/stop-signal\.ts: /, why: 'the deadline of a person who pressed Ctrl-C' },
    { at: /^packages\/cli\/commands\/demo\.ts: /, why: 'the demo runs in real time only and prints a stopwatch' },
    { at: /^packages\/cli\/demo\//, why: 'as above' },
    { at: /^packages\/app\/store\/sqlite\/sqlite-thread\.ts: /, why: 'how long a settlement waits for company is a matter of the real disk and thread' },
  ],
  'machine paths': [
    { at: /^packages\/cli\/commands\/dev\.ts: .*PORTLINE_DATA=\/tmp\/try/, why: 'an example in a help text' },
  ],
}

const root = fileURLToPath(new URL('../', import.meta.url))
const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8' })
const files = listed.split('\n').filter((file) => file !== '' && existsSync(join(root, file)))

function textOf(file: string): string {
  return readFileSync(join(root, file), 'utf8')
}

interface Import {
  readonly specifier: string
  readonly typeOnly: boolean
}

interface Source {
  readonly file: string
  readonly text: string
  /** Without comments; strings kept. */
  readonly code: string
  /** Without comments, and without what is in strings, templates and regular expressions. */
  readonly bare: string
  readonly imports: readonly Import[]
}

/** A comment, a string, a template or a regular expression, whichever begins first. */
const TOKENS = new RegExp(
  [
    /\/\/[^\n]*|\/\*[\s\S]*?\*\//,
    /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/,
    // What stands before it tells a regular expression from a division.
    /(?<=(?:^|[(,=:[!&|?{};\n]|=>|return)\s*)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*/,
  ].map(({ source }) => source).join('|'),
  'g',
)
const IMPORTS = /(?:^|\n)\s*(?:import|export)\s+(type\s+)?(?:[\w*{}\s,$]+\s+from\s+)?'([^']+)'|\bimport\('([^']+)'\)/g

function readSource(file: string): Source {
  const text = textOf(file)
  const isComment = (token: string): boolean => token.startsWith('//') || token.startsWith('/*')
  const code = text.replace(TOKENS, (token) => (isComment(token) ? ' ' : token))
  const bare = text.replace(TOKENS, (token) => (isComment(token) ? ' ' : "''"))
  const imports = [...code.matchAll(IMPORTS)].map(([, type, from, dynamic]) => {
    return { specifier: from ?? dynamic ?? '', typeOnly: type !== undefined }
  })
  return { file, text, code, bare, imports }
}

const sources = files.filter((file) => file.endsWith('.ts')).map(readSource)
const shipped = sources.filter(({ file }) => !/^test\/|\.test\.ts$|\/test-support\/|\/battery[a-z-]*\.ts$/.test(file))

function within(checked: readonly Source[], ...folders: readonly string[]): Source[] {
  return checked.filter(({ file }) => folders.some((folder) => file.startsWith(folder)))
}

function outside(checked: readonly Source[], ...folders: readonly string[]): Source[] {
  return checked.filter(({ file }) => !folders.some((folder) => file.startsWith(folder)))
}

/** Where an import leads: a file of ours by its path, anything else by its specifier. */
function target(file: string, specifier: string): string {
  if (specifier.startsWith('.')) return relative(root, join(root, dirname(file), specifier))
  const [, name = '', path = ''] = /^(portline|@portline\/[a-z]+)(\/.*)?$/.exec(specifier) ?? []
  return name === '' ? specifier : `packages/${name === 'portline' ? 'app' : name.slice('@portline/'.length)}${path}`
}

type ImportTest = (leadsTo: string, from: string, typeOnly: boolean) => boolean

/** Imports that a rule forbids, as `file: where it leads`. */
function importsOf(checked: readonly Source[], isForbidden: ImportTest): string[] {
  return checked.flatMap(({ file, imports }) =>
    imports
      .map(({ specifier, typeOnly }) => ({ leadsTo: target(file, specifier), typeOnly }))
      .filter(({ leadsTo, typeOnly }) => isForbidden(leadsTo, file, typeOnly))
      .map(({ leadsTo }) => `${file}: ${leadsTo}`),
  )
}

function matches(checked: readonly Source[], part: 'code' | 'bare' | 'text', pattern: RegExp): string[] {
  return checked.flatMap((source) => [...source[part].matchAll(pattern)].map(([found]) => `${source.file}: ${found.trim()}`))
}

/** Breaches but for the rule's exceptions, and exceptions that no breach needs. */
function broken(rule: string, breaches: readonly string[]): string[] {
  const exceptions = EXCEPTIONS[rule] ?? []
  const unneeded = exceptions.filter(({ at }) => !breaches.some((breach) => at.test(breach)))
  return [
    ...breaches.filter((breach) => !exceptions.some(({ at }) => at.test(breach))),
    ...unneeded.map(({ at }) => `no breach needs the exception ${String(at)} of "${rule}" any more: take it out of EXCEPTIONS`),
  ]
}

test('the sources are found and read', () => {
  expect(sources.length).toBeGreaterThan(150)
  const compose = importsOf(within(sources, 'packages/app/serve/compose.ts'), () => true).map((line) => line.split(': ')[1])
  expect(compose).toEqual(expect.arrayContaining(['ulid', 'packages/app/inbox/lanes.ts', 'packages/wire/errors.ts']))
  const sample = `const a = /["'/]x!/g; b(c)! // any\nconst d = 'as any' + \`x! \${e}\``
  expect(sample.replace(TOKENS, "''")).toBe(`const a = ''; b(c)! ''\nconst d = '' + ''`)
})

describe('files', () => {
  const LONGEST = 400
  test(`none has more than ${LONGEST} lines`, () => {
    const code = files.filter((file) => /\.(ts|mts|mjs|js|css)$/.test(file))
    expect(code.filter((file) => textOf(file).split('\n').length - 1 > LONGEST)).toEqual([])
  })

  test('none only passes on what others export', () => {
    const passedOn = /export\s+(?:type\s+)?(?:\*(?:\s+as\s+\w+)?|\{[^}]*\})\s+from\s+'[^']+'/g
    expect(sources.filter(({ code }) => code.replaceAll(passedOn, '').trim() === '').map(({ file }) => file)).toEqual([])
  })

  test('none names a path of somebody\'s machine or a registry', () => {
    const machine = new RegExp(`(?<![\\w.$}])/(?:${['work', 'root'].join('|')}/|home/\\w+/)|registry\\.\\w+\\.\\w+`, 'g')
    const texts = files.filter((file) => !/\.(png|jsonl)$/.test(file) && file !== 'test/house-rules.test.ts')
    const found = texts.flatMap((file) => [...textOf(file).matchAll(machine)].map(([path]) => `${file}: ${path}`))
    expect(broken('machine paths', [...found, ...matches(shipped, 'text', /.*\/tmp\/.*/g)])).toEqual([])
  })

  test('package-lock.json has no address of a registry', () => {
    const resolved = [...textOf('package-lock.json').matchAll(/"resolved": "([^"]+)"/g)].map(([, to]) => to)
    expect(resolved.filter((to) => to?.startsWith('packages/') !== true)).toEqual([])
  })
})

describe('code', () => {
  test('no any', () => {
    expect(matches(sources, 'bare', /(?<![.\w])any\b(?!\s*[:(])/g)).toEqual([])
  })

  test('no non-null assertion', () => {
    expect(matches(sources, 'bare', /[\w)\]]!(?!=)/g)).toEqual([])
  })

  test('no compiler error is silenced', () => {
    expect(matches(sources, 'text', /@ts-(?:ignore|nocheck)/g)).toEqual([])
  })

  test('no test is left out', () => {
    const leftOut = /\b(?:test|it|describe)(?:\.\w+)*\.(?:only|skip|skipIf|todo|fails)\b/g
    expect(matches(sources, 'bare', leftOut)).toEqual([])
  })

  test('every import of a file names its ending', () => {
    const hasEnding = /\.(ts|mjs|json)$|^packages\/\w+$/
    expect(importsOf(sources, (leadsTo) => leadsTo.startsWith('packages/') && !hasEnding.test(leadsTo))).toEqual([])
  })

  test('a package imports only what its package.json names', () => {
    const known = (file: string): readonly string[] => {
      const manifest = textOf(`packages/${file.split('/')[1] ?? ''}/package.json`)
      const { name, dependencies = {} } = JSON.parse(manifest) as { name: string; dependencies?: object }
      return [name, ...Object.keys(dependencies)]
    }
    const undeclared = within(shipped, 'packages/').flatMap(({ file, imports }) =>
      imports
        .map(({ specifier }) => /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? '')
        .filter((name) => !/^(\.|node:)/.test(name) && !known(file).includes(name))
        .map((name) => `${file}: ${name}`),
    )
    expect(undeclared).toEqual([])
  })
})

test('node:http is taken from packages/runtime/http.ts: an import statement slows every start', () => {
  const packages = within(shipped, 'packages/')
  expect(importsOf(packages, (leadsTo, _from, typeOnly) => !typeOnly && /^node:https?$/.test(leadsTo))).toEqual([])
})

describe('who may know whom', () => {
  /** Package → packages of ours it may import. */
  const PACKAGES: Readonly<Record<string, readonly string[]>> = {
    wire: [],
    runtime: ['wire'],
    app: ['wire', 'runtime'],
    portal: ['wire', 'runtime'],
    cli: ['wire', 'runtime', 'app', 'portal'],
  }
  const packageOf = (path: string): string | undefined => /^packages\/([a-z]+)(?:\/|$)/.exec(path)?.[1]

  test('packages', () => {
    const inPackages = within(sources, 'packages/')
    expect([...new Set(inPackages.map(({ file }) => packageOf(file) ?? ''))].toSorted()).toEqual(Object.keys(PACKAGES).toSorted())
    const wrong = importsOf(inPackages, (leadsTo, from) => {
      const [to, own] = [packageOf(leadsTo), packageOf(from) ?? '']
      return to !== undefined && to !== own && PACKAGES[own]?.includes(to) !== true
    })
    expect(wrong).toEqual([])
  })

  test('wire needs nothing but the language and Buffer', () => {
    expect(importsOf(within(shipped, 'packages/wire/'), (leadsTo) => !leadsTo.startsWith('packages/wire/'))).toEqual([])
  })

  /**
   * Room → rooms of the app side whose code it may use; every arrow points down. Types may be taken from anywhere but
   * serve: they say nothing of the order in which things happen.
   */
  const ROOMS: Readonly<Record<string, readonly string[]>> = {
    serve: ['audit', 'receive', 'inbox', 'doctor', 'offline', 'destinations', 'trust', 'installations', 'connectors', 'bitrix24', 'tokens', 'store'],
    receive: [],
    inbox: ['destinations', 'trust', 'installations', 'connectors', 'bitrix24', 'tokens', 'store'],
    doctor: ['destinations', 'offline', 'installations', 'bitrix24', 'store'],
    offline: ['installations', 'bitrix24', 'tokens', 'store'],
    trust: ['installations', 'tokens', 'store'],
    installations: ['connectors', 'bitrix24', 'tokens', 'store'],
    audit: ['tokens', 'store'],
    connectors: ['bitrix24', 'store'],
    bitrix24: ['tokens', 'store'],
    tokens: ['store'],
    store: [],
    destinations: [],
    // What stands beside the rooms, define-app.ts, tells a destination from a handler.
    '': ['destinations'],
  }
  const roomOf = (path: string): string | undefined => /^packages\/app\/([a-z0-9-]+)\//.exec(path)?.[1]

  test('rooms of the app side', () => {
    const wrong = importsOf(within(shipped, 'packages/app/'), (leadsTo, from, typeOnly) => {
      const [to, own] = [roomOf(leadsTo), roomOf(from) ?? '']
      if (to === undefined || to === own || (typeOnly && to !== 'serve')) return false
      return ROOMS[own]?.includes(to) !== true
    })
    expect(broken('rooms of the app side', wrong.map((line) => line.replace(': packages/app/', ': ')))).toEqual([])
  })

  test('the store knows nothing but the wire', () => {
    const known = /^(packages\/(app\/store|wire)\/|node:)/
    expect(importsOf(within(shipped, 'packages/app/store/'), (leadsTo) => !known.test(leadsTo))).toEqual([])
  })
})

describe('the outer world', () => {
  test('SQL is in the store alone', () => {
    const rest = outside(shipped, 'packages/app/store/')
    const sql = [
      /\bSELECT\s.+?\sFROM\b/g, /\bINSERT\s+(?:OR\s+\w+\s+)?INTO\b/g, /\bUPDATE\s+\w+\s+SET\b/g, /\bDELETE\s+FROM\b/g,
      /\bCREATE\s+(?:UNIQUE\s+)?(?:TABLE|INDEX)\b/g, /\bPRAGMA\s+\w+/g,
    ]
    expect(sql.flatMap((words) => matches(rest, 'code', words))).toEqual([])
    expect(importsOf(outside(shipped, 'packages/app/store/sqlite/'), (leadsTo) => leadsTo === 'node:sqlite')).toEqual([])
  })

  test('real time and real chance come from the runtime', () => {
    const real = /\b(?:(?:Date|performance)\.now|Math\.random|setTimeout|setInterval|random(?:Bytes|Int|UUID))\(|new Date\(\)/g
    const rest = outside(shipped, 'packages/runtime/', 'bench/')
    const modules = importsOf(rest, (leadsTo) => /^node:(timers|perf_hooks)/.test(leadsTo))
    expect(broken('real time', [...matches(rest, 'bare', real), ...modules])).toEqual([])
  })

  /** Who may open files and sockets. */
  const DOORS = [
    'packages/runtime/', 'packages/cli/', 'packages/app/store/', 'packages/app/serve/', 'scripts/', 'bench/',
    // The portal's servers and addresses, the files of its pages, its queue server's deliveries, its state file.
    'packages/portal/http-server.ts', 'packages/portal/portal/doors.ts', 'packages/portal/face/web/', 'packages/portal/queue/',
    'packages/portal/world/state-file.ts', 'packages/portal/oauth/authorize-routes.ts', 'packages/portal/oauth/front-routes.ts',
    // Connections to HTTP endpoints; which addresses they may have.
    'packages/app/destinations/post-json.ts', 'packages/app/destinations/address-guard.ts',
    // Ask node:net what an address looks like, nothing else.
    'packages/portal/tls/self-signed.ts', 'packages/app/destinations/http-endpoint.ts',
  ]

  test('files and sockets are opened where the house has a door', () => {
    const io = /^node:(?:fs|fs\/promises|net|http|https|http2|tls|dgram|dns|child_process|worker_threads|cluster)$/
    const rest = outside(shipped, ...DOORS)
    const modules = importsOf(rest, (leadsTo, _from, typeOnly) => !typeOnly && io.test(leadsTo))
    expect([...modules, ...matches(rest, 'bare', /(?<![.\w])fetch\(/g)]).toEqual([])
  })

  test('the environment is read by the command line alone', () => {
    const rest = outside(shipped, 'packages/cli/', 'scripts/', 'bench/', 'vitest.config.ts')
    expect(matches(rest, 'bare', /\bprocess\.(?:env|argv|exit|stdin|stdout)\b/g)).toEqual([])
  })
})
