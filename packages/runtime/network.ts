/** Outgoing HTTP as a dependency. */
export interface Network {
  /**
   * POSTs a form and reads a JSON answer. Never follows a redirect: a secret in the form must not travel on.
   * Rejects when no complete JSON answer came within `timeoutMs` or `maxBytes`; any HTTP status is an answer.
   */
  postForm(url: string, form: Readonly<Record<string, string>>, limits: AnswerLimits): Promise<JsonAnswer>
}

export interface AnswerLimits {
  readonly timeoutMs: number
  readonly maxBytes: number
}

export interface JsonAnswer {
  readonly status: number
  readonly json: unknown
}

export const systemNetwork: Network = {
  async postForm(url, form, { timeoutMs, maxBytes }) {
    const response = await fetch(url, {
      method: 'POST',
      body: new URLSearchParams(form),
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    })
    return { status: response.status, json: JSON.parse(await readText(response, maxBytes)) }
  },
}

/** A GET of public data. Never follows a redirect. Rejects when no complete JSON answer with a status of success came within the limits. */
export type GetJson = (url: string, limits: AnswerLimits) => Promise<unknown>

export const systemGetJson: GetJson = async (url, { timeoutMs, maxBytes }) => {
  const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(timeoutMs) })
  if (!response.ok) throw new Error(`the answer has status ${response.status}`)
  return JSON.parse(await readText(response, maxBytes)) as unknown
}

/** Of real time, also where the rest runs by another clock: for what goes over the real network. */
export function endsAfter(ms: number): AbortSignal {
  return AbortSignal.timeout(ms)
}

async function readText(response: Response, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > maxBytes) throw new Error(`the answer is larger than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
