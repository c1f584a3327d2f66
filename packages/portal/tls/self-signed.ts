import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { isIPv4, isIPv6 } from 'node:net'
import { bitString, boolean, explicit, implicit, integer, octetString, oid, sequence, set, utcTime, utf8String } from './der.ts'

/** Both PEM. */
export interface KeyAndCertificate {
  readonly key: string
  readonly cert: string
}

const OIDS = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  commonName: '2.5.4.3',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
} as const

/** Fixed, so that a portal under a virtual clock is as good as any: whoever checks goes by the real time. */
const VALID_FROM = new Date('2020-01-01T00:00:00Z')
const VALID_UNTIL = new Date('2049-12-31T23:59:59Z')
const VERSION_3 = Buffer.from([2])
/** digitalSignature and keyCertSign: bits 0 and 5. */
const KEY_USAGE = { bits: Buffer.from([0b1000_0100]), unusedBits: 2 } as const
/** The first bytes of the key's hash name it and number the certificate: the top bit is cleared, so it is positive and short. */
const SERIAL_BYTES = 16
const DNS_NAME = 2
const IP_ADDRESS = 7
const PEM_LINE_CHARS = 64

/**
 * A self-signed certificate (RFC 5280, version 3, ECDSA over P-256) for these names and addresses. It is its own authority:
 * a client that is given it as CA accepts it, and no other client does. Built here because node:crypto reads certificates
 * but makes none.
 */
export function createSelfSigned(names: readonly string[]): KeyAndCertificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const algorithm = sequence(oid(OIDS.ecdsaWithSha256))
  const content = toBeSigned(publicKey, algorithm, names)
  const certificate = sequence(content, algorithm, bitString(sign('sha256', content, privateKey)))
  return { key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), cert: pem(certificate) }
}

function toBeSigned(publicKey: KeyObject, algorithm: Buffer, names: readonly string[]): Buffer {
  const keyInfo = publicKey.export({ type: 'spki', format: 'der' })
  const keyHash = createHash('sha256').update(keyInfo).digest()
  const serial = Buffer.from(keyHash.subarray(0, SERIAL_BYTES))
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40
  const name = sequence(set(sequence(oid(OIDS.commonName), utf8String('Portline local portal'))))
  return sequence(
    explicit(0, integer(VERSION_3)),
    integer(serial),
    algorithm,
    name,
    sequence(utcTime(VALID_FROM), utcTime(VALID_UNTIL)),
    name,
    keyInfo,
    explicit(3, sequence(
      extension(OIDS.basicConstraints, true, sequence(boolean(true))),
      extension(OIDS.keyUsage, true, bitString(KEY_USAGE.bits, KEY_USAGE.unusedBits)),
      extension(OIDS.extendedKeyUsage, false, sequence(oid(OIDS.serverAuth))),
      extension(OIDS.subjectKeyIdentifier, false, octetString(keyHash.subarray(0, SERIAL_BYTES))),
      extension(OIDS.subjectAltName, false, sequence(...names.map(generalName))),
    )),
  )
}

function extension(id: string, isCritical: boolean, value: Buffer): Buffer {
  return sequence(oid(id), ...(isCritical ? [boolean(true)] : []), octetString(value))
}

function generalName(name: string): Buffer {
  if (isIPv4(name)) return implicit(IP_ADDRESS, Buffer.from(name.split('.').map(Number)))
  if (isIPv6(name)) return implicit(IP_ADDRESS, ipv6Bytes(name))
  return implicit(DNS_NAME, Buffer.from(name, 'ascii'))
}

/** Eight groups of 16 bits; `::` stands for as many zeros as are missing. */
function ipv6Bytes(address: string): Buffer {
  const [before = '', after = ''] = address.split('::')
  const groups = (text: string): string[] => text.split(':').filter((group) => group !== '')
  const [head, tail] = [groups(before), groups(after)]
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => '0')
  return Buffer.from([...head, ...zeros, ...tail].map((group) => group.padStart(4, '0')).join(''), 'hex')
}

function pem(der: Buffer): string {
  const lines = der.toString('base64').match(new RegExp(`.{1,${PEM_LINE_CHARS}}`, 'g')) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}
