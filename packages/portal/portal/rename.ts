import { CodedError } from '@portline/wire/errors.ts'
import type { FastifyInstance } from 'fastify'
import type { PortalContext } from '../context.ts'

export interface NewAddress {
  /** A name or address that leads to this machine; the present one when absent. */
  readonly host?: string | undefined
  /** 0: any free one. Absent: the present one, or any free one when there is no new host either. */
  readonly port?: number | undefined
}

const MEMBER_ID_BYTES = 16

/**
 * The portal gets another address (settings/how-to-call-rest-api/change-domen.md): renewals, events and pages name the new
 * one from now on, the old one answers 302, the member_id stays. BAD_REQUEST when it is the present address,
 * ADDRESS_IN_USE. @returns the new origin
 */
export async function renamePortal(context: PortalContext, { host, port }: NewAddress): Promise<string> {
  const now = new URL(context.addresses.portal)
  const target = new URL(now)
  if (host !== undefined) target.hostname = host
  const wanted = port ?? (host === undefined ? 0 : undefined)
  if (wanted !== undefined) target.port = String(await context.doors.open(wanted))
  if (target.host === now.host) throw new CodedError('BAD_REQUEST', `The portal is at ${now.host} already`)
  context.doors.moved(now.host, target.host)
  context.addresses.portal = target.origin
  return target.origin
}

/** A box that registers with its OAuth server again: another member_id, and every token of before is dead. */
export function reRegisterPortal(context: PortalContext): string {
  const memberId = context.world.drawHex(MEMBER_ID_BYTES)
  context.oauth.reRegister(context, memberId)
  return memberId
}

/** Former addresses lead to the present one; the control API stays where it is asked for, as it is not Bitrix24's. */
export function redirectFormerAddresses(server: FastifyInstance, context: PortalContext): void {
  server.addHook('onRequest', async (request, reply) => {
    const host = (request.headers.host ?? '').toLowerCase()
    const path = request.raw.url ?? '/'
    if (!context.doors.isFormer(host) || path.startsWith('/control/')) return
    // Put together as text: the path must not be able to name a host of its own.
    await reply.redirect(`${context.addresses.portal}${path.startsWith('/') ? path : '/'}`, 302)
  })
}
