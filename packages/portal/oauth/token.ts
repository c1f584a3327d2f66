import { createHmac, timingSafeEqual } from 'node:crypto'

/**
 * The layout of a token (protocol facts from captured tokens): all fields but the signature in the clear, so a token says
 * itself whose it is and when it ends. Access and refresh tokens are 35 bytes = 70 lower-case hex digits, a code lacks the
 * event session byte. Nothing is stored when one is minted.
 */
export interface TokenClaims {
  /** Unix seconds, little-endian: the first eight digits of a token. */
  readonly expiresS: number
  /** Row id of the app. */
  readonly appId: number
  /** The portal's number at its OAuth server in the upper half, the count of installations there in the lower. */
  readonly installId: number
  readonly userId: number
  /**
   * Sits where the old server put a time zone offset. Two pairs minted within one second must differ, or using one
   * refresh token would use up the other.
   */
  readonly serial: number
  /** How many more hops of events a call with this token may cause. */
  readonly session: number
}

/** Installations of one portal and portals of one server that a token can tell apart. */
export const INSTALLS_PER_PORTAL = 0x1_0000

export function portalNumberOf(installId: number): number {
  return Math.floor(installId / INSTALLS_PER_PORTAL)
}

export type TokenKind = 'code' | 'access' | 'refresh'

const KIND_DIGIT: Record<TokenKind, string> = { code: '1', access: '2', refresh: '3' }
const SIGNATURE_BYTES = 16
const PAYLOAD_BYTES: Record<TokenKind, number> = { code: 18, access: 19, refresh: 19 }
const SERIAL_RANGE = 0x1_0000

export function sealToken(kind: TokenKind, claims: TokenClaims, clientSecret: string): string {
  const payload = Buffer.alloc(PAYLOAD_BYTES[kind])
  payload.writeUInt32LE(claims.expiresS, 0)
  payload.writeUInt32BE(claims.appId, 4)
  payload.writeUInt32BE(claims.installId, 8)
  payload.writeUInt32BE(claims.userId, 12)
  payload.writeUInt16BE(claims.serial % SERIAL_RANGE, 16)
  if (kind !== 'code') payload.writeUInt8(claims.session, 18)
  return Buffer.concat([payload, sign(kind, payload, clientSecret)]).toString('hex')
}

/** What a token says of itself, unproven; undefined when it has not the form of one. */
export function readToken(kind: TokenKind, token: string): TokenClaims | undefined {
  const payloadBytes = PAYLOAD_BYTES[kind]
  if (token.length !== (payloadBytes + SIGNATURE_BYTES) * 2 || !/^[0-9a-f]+$/.test(token)) return undefined
  const bytes = Buffer.from(token, 'hex')
  return {
    expiresS: bytes.readUInt32LE(0),
    appId: bytes.readUInt32BE(4),
    installId: bytes.readUInt32BE(8),
    userId: bytes.readUInt32BE(12),
    serial: bytes.readUInt16BE(16),
    session: kind === 'code' ? 0 : bytes.readUInt8(18),
  }
}

/** Only for a token that readToken() understood. */
export function isSignedWith(kind: TokenKind, token: string, clientSecret: string): boolean {
  const bytes = Buffer.from(token, 'hex')
  const payload = bytes.subarray(0, PAYLOAD_BYTES[kind])
  return timingSafeEqual(bytes.subarray(PAYLOAD_BYTES[kind]), sign(kind, payload, clientSecret))
}

function sign(kind: TokenKind, payload: Uint8Array, clientSecret: string): Buffer {
  return createHmac('md5', KIND_DIGIT[kind] + clientSecret).update(payload).digest()
}
