import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Provider } from 'oidc-provider'

export type ProviderPerson = Readonly<Record<string, string | readonly string[]>>

export interface TestProvider extends AsyncDisposable {
  readonly issuer: string
}

export const providerClient = { client_id: 'integrum', client_secret: 'a secret of the client' }

/** A real provider of OpenID Connect on this machine, which lets in whoever names themselves. */
export async function testProvider(redirectUri: string, people: Readonly<Record<string, ProviderPerson>>): Promise<TestProvider> {
  const server = createServer((request, response) => void listener(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const listener = new Provider(issuer, {
    clients: [{ ...providerClient, redirect_uris: [redirectUri], response_types: ['code'], grant_types: ['authorization_code'] }],
    findAccount: async (_context: unknown, id: string) => ({ accountId: id, claims: async () => ({ sub: id, ...people[id] }) }),
    claims: { profile: ['preferred_username', 'name', 'groups'], email: ['email'] },
    pkce: { required: () => true },
    ttl: { Interaction: 600, Session: 600, Grant: 600, AccessToken: 600, IdToken: 600 },
    cookies: { keys: ['for this test alone'] },
  }).callback()
  return {
    issuer,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** As much of a browser as signing in takes: cookies, by origin, and redirects, which it follows until somebody has to act. */
export class Browser {
  readonly #jars = new Map<string, Map<string, string>>()

  async open(address: string, form?: Readonly<Record<string, string>>): Promise<{ readonly response: Response; readonly url: string }> {
    const url = new URL(address)
    const jar = this.#jars.get(url.origin) ?? new Map<string, string>()
    this.#jars.set(url.origin, jar)
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(form && { method: 'POST', body: new URLSearchParams(form) }),
    })
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!
      if (/max-age=0|expires=Thu, 01 Jan 1970/i.test(line)) jar.delete(name!)
      else jar.set(name!, value!)
    }
    const next = response.headers.get('location')
    return next === null ? { response, url: url.href } : await this.open(new URL(next, url).href)
  }

  cookie(origin: string, name: string): string | undefined {
    return this.#jars.get(origin)?.get(name)
  }

  /** From the service to the provider, through its two pages, and back. */
  async signIn(service: string, login: string): Promise<Response> {
    const first = await this.open(`${service}/api/v1/sign-in/oidc`)
    if (!first.url.includes('/interaction/')) return first.response
    const second = await this.open(first.url, { prompt: 'login', login, password: 'any' })
    if (!second.url.includes('/interaction/')) return second.response
    const last = await this.open(second.url, { prompt: 'consent' })
    assert.ok(last.url.startsWith(service), last.url)
    return last.response
  }
}
