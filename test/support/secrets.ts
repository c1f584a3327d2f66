import { ServerResponse } from 'node:http'

/** Whether a secret is in something that was written, in any of the forms in which it could have got there. */
export interface Place {
  readonly name: string
  readonly text: string
}

/** Every token that the local portal has ever made looks so, known to the test or not. Longer runs are digests side by side. */
const TOKEN = /(?<![0-9a-f])[0-9a-f]{70}(?![0-9a-f])/g

export function tokensIn(text: string): string[] {
  return text.match(TOKEN) ?? []
}

/** As it is, in a URL, in JSON (twice, as in a log line of a log line), as hex, and as base64 wherever in a longer text it stands. */
export function formsOf(secret: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1)
  const forms = [
    secret, encodeURIComponent(secret), new URLSearchParams({ a: secret }).toString().slice(2), json, JSON.stringify(json).slice(1, -1),
    Buffer.from(secret).toString('hex'), ...base64Forms(secret),
  ]
  return [...new Set(forms)]
}

/** Of a secret that begins at each of the three places that base64 knows, what does not depend on its neighbours. */
function base64Forms(secret: string): string[] {
  return [0, 1, 2].flatMap((before) => {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(secret)])
    const core = bytes.toString('base64').slice(Math.ceil((before * 8) / 6), Math.floor((bytes.length * 8) / 6))
    return [core, core.replaceAll('+', '-').replaceAll('/', '_'), encodeURIComponent(core)]
  })
}

/** `name of the secret in place`, never the secret itself. */
export function leaks(secrets: ReadonlyMap<string, string>, places: readonly Place[]): string[] {
  const found: string[] = []
  for (const [name, secret] of secrets) {
    const forms = formsOf(secret)
    for (const place of places) if (forms.some((form) => place.text.includes(form))) found.push(`${name} in ${place.name}`)
  }
  for (const { name, text } of places) if (tokensIn(text).length > 0) found.push(`something like a token in ${name}`)
  return found
}

/** All that HTTP servers of this process answer, the local portal's among them: where tokens of every generation are seen first. */
export function tapAnswers(): { readonly texts: readonly string[]; stop(): void } {
  const texts: string[] = []
  const { write, end } = ServerResponse.prototype
  const keep = (chunk: unknown): void => {
    if (typeof chunk === 'string' || chunk instanceof Uint8Array) texts.push(Buffer.from(chunk).toString())
  }
  ServerResponse.prototype.write = function (this: ServerResponse, ...args: unknown[]) {
    keep(args[0])
    return Reflect.apply(write, this, args) as boolean
  } as typeof write
  ServerResponse.prototype.end = function (this: ServerResponse, ...args: unknown[]) {
    keep(args[0])
    return Reflect.apply(end, this, args) as ServerResponse
  } as typeof end
  return {
    texts,
    stop() {
      Object.assign(ServerResponse.prototype, { write, end })
    },
  }
}
