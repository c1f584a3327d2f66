import { systemNetwork } from '@portline/runtime/network.ts'
import type { Network } from '@portline/runtime/network.ts'
import type { House } from './house.ts'

/** What an attacker has to work with, and what stands in their way, in the tests of test/attacks. */

/** A live token of a user, as every user who opens the app has one. */
export async function tokenOf({ portal, clientId, clientSecret }: Pick<House, 'portal' | 'clientId' | 'clientSecret'>, userId: number): Promise<string> {
  const response = await fetch(`${portal.url}/oauth/authorize/?client_id=${clientId}&user_id=${userId}`, { redirect: 'manual' })
  const code = new URL(response.headers.get('location') ?? '').searchParams.get('code') ?? ''
  const query = new URLSearchParams({ grant_type: 'authorization_code', client_id: clientId, client_secret: clientSecret, code })
  const tokens = (await (await fetch(`${portal.oauthUrl}/oauth/token/?${query}`)).json()) as { access_token: string }
  return tokens.access_token
}

/** An ONAPPINSTALL or another event as anybody can write one. */
export function forged(code: string, auth: Readonly<Record<string, string>>, more: Readonly<Record<string, string>> = {}) {
  return { event: code, data: { LANGUAGE_ID: 'en' }, ts: '1767225600', ...more, auth }
}

/** Headers that come from an address: for an app side that believes proxies on this machine. */
export function from(address: string): Record<string, string> {
  return { 'x-forwarded-for': address }
}

/** A way to other machines that can be cut and slowed down, and that keeps what goes over it. */
export class Weather implements Network {
  readonly sent: { readonly url: string; readonly form: Readonly<Record<string, string>> }[] = []
  isCut = false
  /** Waited for before each question goes out. */
  hold: Promise<void> = Promise.resolve()
  clear: () => void = () => {}

  async postForm(...args: Parameters<Network['postForm']>): ReturnType<Network['postForm']> {
    const [url, form] = args
    this.sent.push({ url, form })
    if (this.isCut) throw new Error('no route to host')
    await this.hold
    return systemNetwork.postForm(...args)
  }

  asked(path: string): number {
    return this.sent.filter(({ url }) => url.endsWith(path)).length
  }

  /** Nothing gets through until the returned function is called. */
  jam(): () => void {
    this.hold = new Promise((resolve) => {
      this.clear = () => {
        this.hold = Promise.resolve()
        resolve()
      }
    })
    return this.clear
  }
}
