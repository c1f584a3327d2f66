import { Webhook } from 'standardwebhooks'

/** Random bytes a signing secret must have, as Standard Webhooks demands. */
const SECRET_BYTES = { least: 24, most: 64 } as const
const SECRET = /^(?:whsec_)?([A-Za-z0-9+/]+={0,2})$/

export type Signer = (id: string, atMs: number, body: string) => Record<string, string>

/** Signs with every secret, so that the receiver can go from one to the next. Throws an Error that does not show the secret. */
export function createSigner(secrets: readonly string[]): Signer {
  const webhooks = secrets.map((secret) => {
    const [, key] = SECRET.exec(secret) ?? []
    const bytes = key === undefined ? 0 : Buffer.from(key, 'base64').length
    if (bytes < SECRET_BYTES.least || bytes > SECRET_BYTES.most) {
      throw new Error(`a secret must be whsec_ and ${SECRET_BYTES.least} to ${SECRET_BYTES.most} bytes in base64`)
    }
    return new Webhook(secret)
  })
  const secondMs = 1_000
  return (id, atMs, body) => ({
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(atMs / secondMs)),
    'webhook-signature': webhooks.map((webhook) => webhook.sign(id, new Date(atMs), body)).join(' '),
  })
}
