import { describe, expect, test } from 'vitest'
import type { HistoryItem, Item, Row, RowChange } from '../history.ts'
import { check } from './check.ts'

/** Histories by hand: one in which all is well, and others that differ from it in what is wrong. */
const LANE = { app: 'alpha', memberId: 'portal1' }
const SENT = { kind: 'sent', ...LANE, code: 'ONAPPTEST', data: { MARK: 'm1' }, genuine: true, token: 'T1', raisedAt: 0, process: 1 } as const

function row(seq: number, fields: Partial<Row> = {}): Row {
  return {
    ...LANE, seq, id: `e${seq}`, code: 'ONAPPTEST', state: 'pending', reason: null, proof: 'application_token', attempts: 0, dueAt: null, parked: 0,
    generation: 1, receivedAt: 0, mark: `m${seq}`, ...fields,
  }
}

function onDisk(change: RowChange['change'], ...rows: Row[]): Item {
  return { kind: 'rows', process: 1, rows: rows.map((each) => ({ ...each, change })) }
}

const done = (seq: number, fields: Partial<Row> = {}): Row => row(seq, { state: 'done', attempts: 1, ...fields })
const started = (run: number, seq: number, attempt = 1): Item => ({
  kind: 'started', process: 1, run, ...LANE, code: 'ONAPPTEST', events: [{ id: `e${seq}`, mark: `m${seq}`, data: { MARK: `m${seq}` }, attempt }],
})
const ended = (run: number, outcome: 'done' | 'blocks' | 'parks' | 'final' = 'done'): Item => ({ kind: 'ended', process: 1, run, outcome, delivered: 0 })
const answered = (delivery: number, status = 200): Item => ({ kind: 'answered', process: 1, delivery, status, ...(status === 200 ? { id: `e${delivery}`, state: 'pending' } : {}) })
const sent = (seq: number, fields: object = {}): Item => ({ ...SENT, delivery: seq, mark: `m${seq}`, data: { MARK: `m${seq}` }, ...fields })
const up: Item = { kind: 'up', process: 1 }
const installed: Item = { kind: 'portal', fact: 'installed', ...LANE, token: 'T1' }

function snapshot(...rows: Row[]): Item {
  const attempts = rows.flatMap(({ id, attempts: count, state }) =>
    Array.from({ length: count }, (_value, index) => ({ id, n: index + 1, outcome: state === 'done' && index === count - 1 ? 'done' : 'failed', startedAt: 0, durationMs: 0 })),
  )
  return { kind: 'snapshot', process: 2, rows, attempts, installations: [], audit: [], leftovers: [] }
}

/** Items a millisecond apart, or at the times given. */
function broken(...items: (Item | readonly [Item, number])[]): string[] {
  let at = 0
  const history = items.map((each): HistoryItem => {
    const [item, given] = 'kind' in each ? [each, at + 1] : each
    at = given
    return { at, wall: at, ...item }
  })
  return [...new Set(check(history).map(({ promise }) => promise))].toSorted()
}

const ONE = [up, installed, sent(1), onDisk('insert', row(1)), answered(1), started(1, 1), ended(1), onDisk('update', done(1))] as const
const WITHOUT_ANSWER = [up, installed, sent(1), onDisk('insert', row(1))] as const

test('nothing is broken where all is well', () => {
  expect(broken(...ONE, snapshot(done(1)))).toEqual([])
})

describe('acknowledged is stored', () => {
  test('not on disk when it is answered', () => {
    expect(broken(up, installed, sent(1), answered(1), onDisk('insert', row(1)), started(1, 1), ended(1), onDisk('update', done(1)), snapshot(done(1)))).toEqual(['acknowledged is stored'])
  })
  test('gone after a crash', () => {
    expect(broken(...ONE, snapshot())).toEqual(['acknowledged is stored'])
  })
  test('gone because its portal asked for it', () => {
    const uninstall = done(2, { code: 'ONAPPUNINSTALL' })
    const asked = [sent(2, { code: 'ONAPPUNINSTALL', clean: true }), onDisk('insert', row(2, { code: 'ONAPPUNINSTALL' })), answered(2)]
    const ran: Item[] = [{ ...started(2, 2), code: 'ONAPPUNINSTALL' } as Item, ended(2), onDisk('delete', done(1)), onDisk('update', uninstall)]
    expect(broken(...ONE, ...asked, ...ran, snapshot(uninstall))).toEqual([])
  })
  test('answered with the id of another', () => {
    const other = [sent(2), onDisk('insert', row(2)), { ...answered(2), id: 'e1' } as Item, started(2, 2), ended(2), onDisk('update', done(2))]
    expect(broken(...ONE, ...other, snapshot(done(1), done(2)))).toEqual(['acknowledged is stored'])
  })
})

describe('everything ends', () => {
  test('still pending', () => {
    expect(broken(...WITHOUT_ANSWER, answered(1), snapshot(row(1)))).toEqual(['everything ends'])
  })
  test('done without a handler that succeeded', () => {
    expect(broken(...WITHOUT_ANSWER, answered(1), started(1, 1), ended(1, 'blocks'), onDisk('update', done(1)), snapshot(done(1)))).toEqual(['everything ends'])
  })
  test('given up too soon', () => {
    const dead = row(1, { state: 'dead', reason: 'ATTEMPTS_EXHAUSTED', attempts: 1 })
    expect(broken(...WITHOUT_ANSWER, answered(1), started(1, 1), ended(1, 'blocks'), onDisk('update', dead), snapshot(dead))).toEqual(['everything ends'])
  })
})

describe('lanes keep order', () => {
  const two = [up, installed, sent(1), sent(2), onDisk('insert', row(1), row(2)), answered(1), answered(2)] as const
  test('the second before the first', () => {
    expect(broken(...two, started(1, 2), ended(1), started(2, 1), ended(2), onDisk('update', done(2), done(1)), snapshot(done(1), done(2)))).toEqual(['lanes keep order'])
  })
  test('both at once', () => {
    expect(broken(...two, started(1, 1), started(2, 2), ended(1), ended(2), onDisk('update', done(1), done(2)), snapshot(done(1), done(2)))).toEqual(['lanes keep order'])
  })
  test('the first was held, and its hold ended in the commit that took the second', () => {
    const held = row(1, { state: 'held', proof: null, reason: 'AWAITING_PROOF' })
    const changes = [{ ...row(2), change: 'insert' }, { ...row(1), change: 'update' }] as const
    const runs = [answered(2), started(1, 2), ended(1), started(2, 1), ended(2), onDisk('update', done(2), done(1)), snapshot(done(1), done(2))]
    const before = [up, installed, sent(1), sent(2), onDisk('insert', held), { ...answered(1), state: 'held' } as Item] as const
    expect(broken(...before, { kind: 'rows', process: 1, rows: changes }, ...runs)).toEqual([])
    expect(broken(...before, { kind: 'rows', process: 1, rows: changes.toReversed() }, ...runs)).toEqual(['lanes keep order'])
  })
  test('the second while the first waits for its next attempt', () => {
    const waiting = row(1, { attempts: 1, reason: 'HANDLER_FAILED', dueAt: 30 })
    const runs = [started(1, 1), ended(1, 'blocks'), onDisk('update', waiting), started(2, 2), ended(2), onDisk('update', done(2)), [started(3, 1, 2), 40] as const, ended(3)]
    expect(broken(...two, ...runs, onDisk('update', done(1, { attempts: 2 })), snapshot(done(1, { attempts: 2 }), done(2)))).toEqual(['lanes keep order'])
  })
})

describe('no phantoms', () => {
  test('forged', () => {
    expect(broken(up, installed, sent(1, { genuine: false }), ...ONE.slice(3), snapshot(done(1)))).toEqual(['no phantoms'])
  })
  test('other data', () => {
    expect(broken(up, installed, sent(1, { data: { MARK: 'm1', MORE: 'x' } }), ...ONE.slice(3), snapshot(done(1)))).toEqual(['no phantoms'])
  })
  test('never sent', () => {
    expect(broken(up, installed, onDisk('insert', row(1)), started(1, 1), ended(1), onDisk('update', done(1)), snapshot(done(1)))).toEqual(['no phantoms'])
  })
})

describe('states follow the table', () => {
  test('dead without a reason', () => {
    const dead = row(1, { state: 'dead', attempts: 1 })
    expect(broken(...WITHOUT_ANSWER, answered(1), started(1, 1), ended(1, 'final'), onDisk('update', dead), snapshot(dead))).toEqual(['states follow the table'])
  })
  test('done and pending again without a replay', () => {
    expect(broken(...ONE, onDisk('update', row(1, { attempts: 1 })), onDisk('update', done(1)), snapshot(done(1)))).toEqual(['states follow the table'])
    expect(broken(...ONE, { kind: 'replayed', id: 'e1' }, onDisk('update', row(1, { attempts: 1 })), onDisk('update', done(1)), snapshot(done(1)))).toEqual([])
  })
  test('an attempt without a record', () => {
    expect(broken(...ONE, { ...snapshot(done(1)), attempts: [] } as Item)).toEqual(['states follow the table'])
  })
  test('a number that is given twice', () => {
    const twice = [...ONE, onDisk('delete', done(1))]
    const next: Item[] = [sent(2), onDisk('insert', row(1, { id: 'e2', mark: 'm2' })), answered(2)]
    const found = done(1, { id: 'e2', mark: 'm2' })
    const run: Item[] = [{ ...started(2, 2) }, ended(2), onDisk('update', found)]
    expect(broken(...twice, ...next, ...run, snapshot(found))).toContain('states follow the table')
    expect(broken(...twice, { kind: 'down', process: 1, cause: 'kill' }, snapshot(), up, ...next, ...run, snapshot(found))).not.toContain('states follow the table')
  })
  test('held events given up early', () => {
    const held = row(1, { state: 'held', proof: null, reason: 'AWAITING_PROOF' })
    const dead = { ...held, state: 'dead', reason: 'HELD_TOO_LONG' }
    expect(broken(up, sent(1, { genuine: false }), onDisk('insert', held), onDisk('update', dead), snapshot(dead))).toEqual(['states follow the table'])
  })
})

describe('nothing needless', () => {
  test('run again though it succeeded', () => {
    expect(broken(...ONE.slice(0, 7), started(2, 1), ended(2), onDisk('update', done(1)), snapshot(done(1)))).toEqual(['nothing needless'])
    const crash: Item[] = [{ kind: 'down', process: 1, cause: 'kill' }, snapshot(row(1)), up, started(2, 1), ended(2), onDisk('update', done(1))]
    expect(broken(...ONE.slice(0, 7), ...crash, snapshot(done(1)))).toEqual([])
  })
  test('before its time', () => {
    const waiting = row(1, { attempts: 1, reason: 'HANDLER_FAILED', dueAt: 500 })
    const runs = [started(1, 1), ended(1, 'blocks'), onDisk('update', waiting), started(2, 1, 2), ended(2), onDisk('update', done(1, { attempts: 2 }))]
    expect(broken(...WITHOUT_ANSWER, answered(1), ...runs, snapshot(done(1, { attempts: 2 })))).toEqual(['nothing needless'])
  })
})

test('a lane that could run and does not', () => {
  expect(broken(...WITHOUT_ANSWER, answered(1), [started(1, 1), 20_000], ended(1), onDisk('update', done(1)), snapshot(done(1)))).toEqual(['lanes do not idle'])
})

test('a sender who waits for ever, and one who is told of trouble where there is none', () => {
  expect(broken(...WITHOUT_ANSWER, started(1, 1), ended(1), onDisk('update', done(1)), [{ kind: 'calm' }, 100_000], snapshot(done(1)))).toEqual(['every sender is answered'])
  expect(broken(...ONE, { kind: 'calm' }, [sent(2), 60_000], answered(2, 503), snapshot(done(1)))).toEqual(['every sender is answered'])
})

test('a refusal of somebody who is known', () => {
  expect(broken(...ONE, sent(2), { ...answered(2, 403), code: 'APPLICATION_TOKEN_MISMATCH' } as Item, snapshot(done(1)))).toEqual(['known are let in'])
})

test('something thrown that nobody handles', () => {
  expect(broken(...ONE, { kind: 'unhandled', process: 1, error: 'x' }, snapshot(done(1)))).toEqual(['nothing unhandled'])
})

describe('tokens are kept', () => {
  const use = (answer: 'came' | 'lost', result: 'issued' | 'refused', askedAt: number): Item => ({ kind: 'renewal', process: 1, ...LANE, user: 1, refresh: 'R1', result, answer, askedAt })
  const pair = (result: string): Item => ({ kind: 'pair', ...LANE, installed: true, installedHere: true, result })
  test('a refresh token is used twice', () => {
    expect(broken(...ONE, use('came', 'issued', 9), use('came', 'refused', 10), snapshot(done(1)))).toEqual(['tokens are kept'])
    expect(broken(...ONE, use('lost', 'issued', 9), use('came', 'refused', 10), snapshot(done(1)))).toEqual([])
    const forgotten: Item = { kind: 'forgotten', ...LANE, refresh: 'R2' }
    const first = { ...use('came', 'issued', 9), next: 'R2' } as Item
    expect(broken(...ONE, first, use('came', 'issued', 10), snapshot(done(1)))).toEqual(['tokens are kept'])
    expect(broken(...ONE, first, forgotten, use('came', 'issued', 10), snapshot(done(1)))).toEqual([])
  })
  test('a portal is locked out', () => {
    const account = (userId: string): Item => ({ kind: 'installations', process: 1, installations: [], audited: [], accounts: [{ ...LANE, userId, state: 'live', pairId: 'p', issuedAt: 90 }] })
    const base = [installed, account('1')] as const
    expect(broken(...ONE, ...base, pair('accepted'), snapshot(done(1)))).toEqual([])
    expect(broken(...ONE, ...base, pair('TOKENS_DEAD'), snapshot(done(1)))).toEqual(['tokens are kept'])
    expect(broken(...ONE, ...base, use('lost', 'issued', 9), pair('TOKENS_DEAD'), snapshot(done(1)))).toEqual([])
    const lenient: Item = { kind: 'rules', duplicates: {}, singleUse: false, tokensLiveS: 70 }
    expect(broken(lenient, ...ONE, ...base, use('lost', 'issued', 9), pair('TOKENS_DEAD'), snapshot(done(1)))).toEqual(['tokens are kept'])
        expect(broken(...ONE, ...base, account('2'), use('lost', 'issued', 9), pair('TOKENS_DEAD'), snapshot(done(1)))).toEqual(['tokens are kept'])
  })
})

test('a true install that is given up', () => {
  const held = row(1, { code: 'ONAPPINSTALL', state: 'held', proof: null, reason: 'AWAITING_PROOF' })
  const dead = { ...held, state: 'dead', reason: 'PROOF_REFUSED' }
  const install = sent(1, { code: 'ONAPPINSTALL', userId: '1' })
  expect(broken(up, installed, install, onDisk('insert', held), { ...answered(1), state: 'held' } as Item, onDisk('update', dead), snapshot(dead))).toEqual(['holds end well'])
})

describe('the audit trail is whole', () => {
  const link = (seq: number, previous: string, fields: object = {}) => ({ ...LANE, seq, generation: 1, verb: 'applicationInstalled', previous, hash: `h${seq}`, digest: `d${seq}`, ...fields })
  const chain = [link(1, '0'.repeat(64)), link(2, 'h1')]
  const found = (...audit: ReturnType<typeof link>[]): Item => ({ ...snapshot(done(1)), audit } as Item)
  const change = (status: string, ...verbs: string[]): Item => ({
    kind: 'installations', process: 1, accounts: [], installations: [{ ...LANE, status, generation: 1 }],
    audited: verbs.map((verb, index) => ({ ...LANE, seq: index + 1, generation: 1, verb })),
  })
  test('a fork, a gap, a change, and an end that is cut off', () => {
    expect(broken(...ONE, found(...chain), found(...chain, link(3, 'h2')))).toEqual([])
    const promise = ['the audit trail is whole']
    expect(broken(...ONE, found(...chain, link(3, 'h1')))).toEqual(promise)
    expect(broken(...ONE, found(...chain, link(4, 'h2')))).toEqual(promise)
    expect(broken(...ONE, found(...chain), found(link(1, '0'.repeat(64), { digest: 'other' }), link(2, 'h1')))).toEqual(promise)
    expect(broken(...ONE, found(...chain), found(link(1, '0'.repeat(64))))).toEqual(promise)
  })
  test('a change that is not told', () => {
    expect(broken(...ONE, change('active', 'applicationInstalled'), snapshot(done(1)))).toEqual([])
    expect(broken(...ONE, change('active'), snapshot(done(1)))).toEqual(['the audit trail is whole'])
    expect(broken(...ONE, change('active', 'setApplicationToken'), snapshot(done(1)))).toEqual(['the audit trail is whole'])
  })
})

test('a row that is left of a portal whose data was to go', () => {
  const uninstall = done(2, { code: 'ONAPPUNINSTALL' })
  const asked = [sent(2, { code: 'ONAPPUNINSTALL', clean: true }), onDisk('insert', row(2, { code: 'ONAPPUNINSTALL' })), answered(2)]
  const ran: Item[] = [{ ...started(2, 2), code: 'ONAPPUNINSTALL' } as Item, ended(2), onDisk('delete', done(1)), onDisk('update', uninstall)]
  const end = (status: string, ...rows: Row[]): Item => ({ ...snapshot(...rows), installations: [{ ...LANE, status, generation: 1 }], leftovers: [{ ...LANE, table: 'accounts', count: 1 }] } as Item)
  expect(broken(...ONE, ...asked, ...ran, end('active', uninstall))).toEqual([])
  expect(broken(...ONE, ...asked, ...ran, end('deleted', uninstall))).toEqual(['what is erased is gone'])
  expect(broken(...ONE, ...asked, ...ran.filter((item) => item.kind !== 'rows'), onDisk('update', uninstall), end('active', done(1), uninstall))).toEqual(['what is erased is gone'])
})

test('an event that came in beside the uninstall and is left', () => {
  const uninstall = done(2, { code: 'ONAPPUNINSTALL' })
  const asked = [sent(2, { code: 'ONAPPUNINSTALL', clean: true }), onDisk('insert', row(2, { code: 'ONAPPUNINSTALL' })), answered(2)]
  const ran: Item[] = [{ ...started(2, 2), code: 'ONAPPUNINSTALL' } as Item, ended(2), onDisk('delete', done(1)), onDisk('update', uninstall)]
  const end = (...rows: Row[]): Item => ({ ...snapshot(uninstall, ...rows), installations: [{ ...LANE, status: 'deleted', generation: 1 }] } as Item)
  const left = (fields: Partial<Row>): string[] => broken(...ONE, ...asked, ...ran, end(done(3, fields))).filter((promise) => promise === 'what is erased is gone')
  expect(left({})).toEqual(['what is erased is gone'])
  for (const fields of [{ generation: 2 }, { generation: 0, state: 'held' }, { generation: 0, state: 'dead', proof: null }, { code: 'ONAPPUNINSTALL', reason: 'ALREADY_UNINSTALLED' }]) expect(left(fields)).toEqual([])
})

describe('installations are as the portals say', () => {
  const install = [{ ...installed, token: 'T1' } as Item, sent(2, { code: 'ONAPPINSTALL', userId: '1', raisedAt: 50 }), onDisk('insert', row(2, { code: 'ONAPPINSTALL' })), answered(2)]
  const ran: Item[] = [
    { ...started(2, 2), code: 'ONAPPINSTALL', events: [{ id: 'e2', mark: 'm2', data: { MARK: 'm2' }, attempt: 1, userId: '1' }] } as Item, ended(2),
    onDisk('update', done(2, { code: 'ONAPPINSTALL' })),
  ]
  const closed: Item = { kind: 'installations', process: 1, accounts: [], installations: [{ ...LANE, status: 'deleted', generation: 1 }], audited: [{ ...LANE, seq: 1, generation: 1, verb: 'applicationUninstalled' }] }
  const pair: Item = { kind: 'pair', ...LANE, installed: true, installedHere: false, result: 'INSTALLATION_DELETED' }
  const rules: Item = { kind: 'rules', duplicates: {}, singleUse: true, tokensLiveS: 70 }
  const spell: Item = { kind: 'spell', of: 'network', forMs: 1_000, what: '' }
  test('closed here and open there', () => {
    expect(broken(rules, ...ONE, ...install, ...ran, closed, pair, snapshot(done(1), done(2, { code: 'ONAPPINSTALL' })))).toEqual(['installations are as the portals say'])
    expect(broken(rules, ...ONE, ...install, ...ran, spell, closed, pair, snapshot(done(1), done(2, { code: 'ONAPPINSTALL' })))).toEqual([])
  })
  test('closed when no token was left to ask with', () => {
    const renewal: Item = { kind: 'renewal', process: 1, ...LANE, user: 1, refresh: 'R1', next: 'R2', result: 'issued', answer: 'came', askedAt: 60_000 }
    const down: Item = { kind: 'down', process: 1, cause: 'kill' }
    const end = snapshot(done(1), done(2, { code: 'ONAPPINSTALL' }))
    const before = [rules, ...ONE, ...install, ...ran, [renewal, 60_000]] as const
    expect(broken(...before, [closed, 100_000], pair, end)).toEqual(['installations are as the portals say'])
    expect(broken(...before, down, [closed, 100_000], pair, end)).toEqual([])
    expect(broken(...before.slice(0, -1), [{ ...renewal, answer: 'lost' } as Item, 60_000], [closed, 100_000], pair, end)).toEqual([])
  })
})
