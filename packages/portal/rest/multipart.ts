/**
 * The fields of a multipart/form-data body as an urlencoded form, so that brackets in names mean the same in both: what
 * `curl -F` and PHP's CURLOPT_POSTFIELDS with an array send. Files are passed over; a body without a boundary has no fields.
 */
export function multipartToForm(body: Uint8Array, contentType: string): string {
  const boundary = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType)
  const mark = boundary?.[1] ?? boundary?.[2]
  if (mark === undefined) return ''
  const parts = `\r\n${new TextDecoder().decode(body)}`.split(`\r\n--${mark}`).slice(1, -1)
  return parts.flatMap(readField).join('&')
}

function readField(part: string): string[] {
  const end = part.indexOf('\r\n\r\n')
  const disposition = /^content-disposition:.*$/im.exec(part.slice(0, Math.max(end, 0)))?.[0] ?? ''
  const name = /[;\s]name="([^"]*)"/i.exec(disposition)?.[1]
  if (name === undefined || /[;\s]filename\*?=/i.test(disposition)) return []
  return [`${encodeURIComponent(name)}=${encodeURIComponent(part.slice(end + 4))}`]
}
