import { createHash } from 'node:crypto'
import { writeEnvelope } from '@portline/wire/write-envelope.ts'

/**
 * The events that every contender is sent: a deal was changed, on one of many portals, its auth block with a user's tokens as
 * Bitrix24 sends it. Everything follows from numbers, so that all processes know the same portals without being told.
 */
export interface BenchPortal {
  readonly memberId: string
  readonly applicationToken: string
  readonly domain: string
}

export const APP = 'bench'
export const EVENT = 'ONCRMDEALUPDATE'
export const EVENTS_PATH = `/apps/${APP}/events`
/** Stands where a sender writes the id of the deal; ten digits as all followed ids have. `load/wrk.lua` knows it too. */
const ID_PLACE = '9999999999'
const TOKEN_LENGTH = 70
const MD5_LENGTH = 32

export function portalAt(index: number): BenchPortal {
  return {
    memberId: digest(`portal ${index}`, MD5_LENGTH),
    applicationToken: digest(`application token ${index}`, MD5_LENGTH),
    domain: `b24-${digest(`domain ${index}`, 6)}.bitrix24.com`,
  }
}

export function eventBody(index: number, dealId: number | string): string {
  const { memberId, applicationToken, domain } = portalAt(index)
  return writeEnvelope({
    event: EVENT,
    event_handler_id: 100 + index,
    data: { FIELDS: { ID: dealId } },
    ts: '1763733600',
    auth: {
      access_token: digest(`access ${index} ${dealId}`, TOKEN_LENGTH),
      expires: '1763737200',
      expires_in: '3600',
      scope: 'crm,im,imopenlines,placement,user_brief',
      domain,
      server_endpoint: 'https://oauth.bitrix.info/rest/',
      status: 'F',
      client_endpoint: `https://${domain}/rest/`,
      member_id: memberId,
      user_id: '1',
      refresh_token: digest(`refresh ${index} ${dealId}`, TOKEN_LENGTH),
      application_token: applicationToken,
    },
  })
}

/** A whole request into which the id of a deal is written in place. */
export interface RequestTemplate {
  readonly bytes: Buffer
  readonly idAt: number
}

export function requestTemplate(index: number, host: string): RequestTemplate {
  const body = eventBody(index, ID_PLACE)
  const head = [
    `POST ${EVENTS_PATH} HTTP/1.1`, `host: ${host}`, 'content-type: application/x-www-form-urlencoded', `content-length: ${body.length}`,
  ]
  const text = `${head.join('\r\n')}\r\n\r\n${body}`
  return { bytes: Buffer.from(text, 'latin1'), idAt: text.indexOf(ID_PLACE) }
}

/** The file that the script of wrk reads: `<bytes>\n<body>\n` for each portal. */
export function wrkBodies(portals: number): string {
  const bodies = Array.from({ length: portals }, (_, index) => eventBody(index, ID_PLACE))
  return bodies.map((body) => `${body.length}\n${body}\n`).join('')
}

function digest(text: string, length: number): string {
  return createHash('sha512').update(text).digest('hex').slice(0, length)
}
