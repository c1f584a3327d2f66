import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { deliver, destinationParts, failureOf } from '../test-support/deliveries.ts'
import { startHookReceiver } from '../test-support/hook-receiver.ts'
import type { HookReceiver } from '../test-support/hook-receiver.ts'
import { AddressGuard, kindOf } from './address-guard.ts'
import { httpEndpoint } from './http-endpoint.ts'

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`

describe('which addresses are public', () => {
  test.for([
    '8.8.8.8', '1.1.1.1', '172.15.255.255', '172.32.0.0', '100.63.255.255', '100.128.0.0', '223.255.255.255', '126.255.255.255',
    '2606:4700:4700::1111', '2a00:1450:4001::1', '::ffff:8.8.8.8',
  ])('%s is', (address) => {
    expect(kindOf(address)).toBe('public')
  })

  test.for([
    '127.0.0.1', '127.255.255.255', '10.0.0.0', '10.255.255.255', '172.16.0.0', '172.31.255.255', '192.168.0.1', '100.64.0.1', '100.127.255.255',
    '::1', 'fc00::1', 'fdff::1', '::ffff:127.0.0.1', '::ffff:7f00:1', '0:0:0:0:0:ffff:10.0.0.1',
  ])('%s is private', (address) => {
    expect(kindOf(address)).toBe('private')
  })

  test.for([
    '0.0.0.0', '0.1.2.3', '169.254.169.254', '169.254.0.1', '192.0.0.192', '192.0.2.1', '192.88.99.1', '198.18.0.1', '198.51.100.1', '203.0.113.1',
    '224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255', '100.100.100.200', '168.63.129.16', '::ffff:169.254.169.254', '::ffff:0.0.0.0',
    '::', '::2', '::127.0.0.1', 'fe80::1', 'fe80::1%eth0', 'febf::1', 'fec0::1', 'ff02::1', 'fd00:ec2::254', 'fd20:ce::254', '64:ff9b::7f00:1',
    '64:ff9b::8.8.8.8', '64:ff9b:1::1', '2002:7f00:1::1', '2002:808:808::1', '2001::1', '2001:db8::1', '3fff::1', '100::1', '5f00::1',
    '', 'localhost', '1.2.3', '0177.0.0.1',
  ])('%s is special', (address) => {
    expect(kindOf(address)).toBe('special')
  })

  test('an IPv4 address is judged the same in IPv6 clothes', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        expect(kindOf(`::ffff:${address}`)).toBe(kindOf(address))
      }),
    )
  })

  test('of IPv6 nothing outside 2000::/3 is public but IPv4 in IPv6 clothes', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 8, maxLength: 8 }), (words) => {
        const first = words[0] ?? 0
        const mapped = words.slice(0, 5).every((word) => word === 0) && words[5] === 0xffff
        if (kindOf(words.map((word) => word.toString(16)).join(':')) === 'public' && !mapped) expect(first >> 13).toBe(1)
      }),
    )
  })
})

describe('what the operator opens', () => {
  const objections = (allowPrivate: string[], host: string, address: string, secure = true) =>
    new AddressGuard(allowPrivate).objection(host, address, secure)

  test('nothing is open that was not opened', () => {
    expect(objections([], 'app.example', '10.0.0.1')).toContain('not a public address')
    expect(objections([], 'app.example', '8.8.8.8')).toBeUndefined()
  })

  test('a name opens private addresses under that name alone', () => {
    expect(objections(['php-app'], 'php-app', '10.0.0.1', false)).toBeUndefined()
    expect(objections(['PHP-App.'], 'php-app', '10.0.0.1')).toBeUndefined()
    expect(objections(['php-app'], 'php-app.', '10.0.0.1')).toBeUndefined()
    expect(objections(['php-app'], 'another', '10.0.0.1')).toBeDefined()
    expect(objections(['php-app'], 'sub.php-app', '10.0.0.1')).toBeDefined()
  })

  test('a name opens no metadata service and no link-local address; an address does', () => {
    expect(objections(['php-app'], 'php-app', '169.254.169.254')).toBeDefined()
    expect(objections(['php-app'], 'php-app', 'fd00:ec2::254')).toBeDefined()
    expect(objections(['169.254.169.254'], 'php-app', '169.254.169.254')).toBeUndefined()
  })

  test('a network opens its addresses, also in IPv6 clothes, and no others', () => {
    expect(objections(['10.1.0.0/16'], 'any', '10.1.255.255', false)).toBeUndefined()
    expect(objections(['10.1.0.0/16'], 'any', '::ffff:10.1.2.3')).toBeUndefined()
    expect(objections(['10.1.0.0/16'], 'any', '10.2.0.0')).toBeDefined()
    expect(objections(['fd12::/16'], 'any', 'fd12::5')).toBeUndefined()
    expect(objections(['[::1]'], '[::1]', '::1')).toBeUndefined()
  })

  test.for(['10.1.0.0/1/16', '10.1.0.0/16/', '10.1.0.0/16/24', 'fd12::/16/8', '10.1.0.0/', '10.1.0.0/33', '10.1.0.0/-1', 'php-app/16'])(
    '%s is no network: it opens nothing but is refused',
    (entry) => {
      const describeIt = () => httpEndpoint({ url: 'https://app.example/hook', secret: SECRET, allowPrivate: [entry] })
      expect(describeIt).toThrow(expect.objectContaining({ code: 'DESTINATION_INVALID', message: expect.stringContaining(entry) as string }))
    },
  )

  test('plain http stays away from public addresses', () => {
    expect(objections(['php-app'], 'php-app', '8.8.8.8', false)).toContain('use https')
    expect(objections(['php-app'], 'php-app', '8.8.8.8', true)).toBeUndefined()
  })
})

describe('on the way', () => {
  let receiver: HookReceiver
  beforeEach(async () => {
    receiver = await startHookReceiver()
  })
  afterEach(() => receiver.close())

  const attempt = async (host: string, answers: readonly string[][], allowPrivate: string[]) => {
    const asked: string[] = []
    const resolver = {
      addresses(hostname: string) {
        asked.push(hostname)
        return Promise.resolve(answers[asked.length - 1] ?? [])
      },
    }
    const destination = httpEndpoint({ url: `http://${host}:${receiver.port}/hook`, secret: SECRET, allowPrivate }).open(destinationParts({ resolver }))
    const failure = await deliver(destination).then(() => undefined, (error: unknown) => error)
    await destination.close()
    return { failure, asked }
  }
  const forbidden = expect.objectContaining({ code: 'DESTINATION_FORBIDDEN', unavailable: true }) as unknown

  test('the connection goes to the address that was checked; the name is asked once and never again', async () => {
    const { failure, asked } = await attempt('php-app', [['127.0.0.1'], ['169.254.169.254']], ['php-app'])
    expect(failure).toBeUndefined()
    expect(asked).toEqual(['php-app'])
    expect(receiver.received).toHaveLength(1)
    expect(receiver.received[0]?.headers.host).toBe(`php-app:${receiver.port}`)
  })

  test('one address among good ones that may not be reached is enough', async () => {
    const { failure } = await attempt('php-app', [['127.0.0.1', '169.254.169.254']], ['php-app'])
    expect(failure).toEqual(forbidden)
    expect(receiver.received).toHaveLength(0)
  })

  test('a name that leads to this machine without leave is not reached', async () => {
    for (const address of ['127.0.0.1', '::ffff:127.0.0.1', '0.0.0.0']) {
      expect((await attempt('evil.example', [[address]], ['php-app'])).failure).toEqual(forbidden)
    }
    expect(receiver.received).toHaveLength(0)
  })

  test('a name that leads nowhere is a failure that may pass', async () => {
    const failure = (await attempt('php-app', [[]], ['php-app'])).failure
    expect(failure).toMatchObject({ code: 'DESTINATION_FAILED', message: `http://php-app:${receiver.port}/hook: ENOTFOUND` })
  })

  test('localhost of the real resolver is refused unless it is named', async () => {
    const open = (allowPrivate: string[]) =>
      httpEndpoint({ url: `http://localhost:${receiver.port}/hook`, secret: SECRET, allowPrivate }).open(destinationParts())
    const [refused, allowed] = [open(['another']), open(['localhost'])]
    expect(await failureOf(deliver(refused))).toEqual(forbidden)
    await deliver(allowed)
    expect(receiver.received).toHaveLength(1)
    await refused.close()
    await allowed.close()
  })

  test.for(['2130706433', '0x7f000001', '0x7f.1', '0177.0.0.1', '017700000001', '127.1', '127.0.0.1.', '[::1]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '①②⑦.0.0.1', '0'])(
    'however this machine is spelled, it is refused: %s',
    (host) => {
      for (const scheme of ['http', 'https']) {
        const spell = () => httpEndpoint({ url: `${scheme}://${host}/`, secret: SECRET, allowPrivate: ['php-app'] })
        expect(spell).toThrow(expect.objectContaining({ code: 'DESTINATION_INVALID', message: expect.stringContaining('not a public address') as string }))
      }
    },
  )
})
