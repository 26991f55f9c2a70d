import { Fault, messageOf, type Facts } from '#base/fault.ts'
import { parse } from '#base/parse.ts'
import { problemSchema, type Endpoint, type Problem, type ReplyOf } from './endpoint.ts'
import type { z } from 'zod'

/** What the service refused, in its own words. A code may be one that only a newer service knows. */
export class RemoteFault extends Error {
  override readonly name = 'RemoteFault'
  readonly code: string
  readonly hint: string
  readonly status: number
  /** Of the request, when one of its fields is wrong. */
  readonly field: string | undefined
  readonly facts: Facts

  constructor({ code, detail, hint, status, field, facts = {} }: Problem) {
    super(detail)
    this.code = code
    this.hint = hint
    this.status = status
    this.field = field
    this.facts = facts
  }
}

export interface ClientOptions {
  /** `https://backup.example.org`, without a path; empty in a page of the service itself. */
  readonly url: string
  /** A session's or a key's; a page sends its cookie instead. */
  readonly token?: string | undefined
}

type Part = 'params' | 'query' | 'body'
type Given<E extends Endpoint, P extends Part> = z.input<E[P]>
type Needed<E extends Endpoint> = { readonly [P in Part as Record<string, never> extends Given<E, P> ? never : P]: Given<E, P> }
type Optional<E extends Endpoint> = { readonly [P in Part as Record<string, never> extends Given<E, P> ? P : never]?: Given<E, P> }

/** What an endpoint is called with: what its schemas demand, and what goes with every call. */
export type Asked<E extends Endpoint> = Needed<E> &
  Optional<E> & {
    readonly signal?: AbortSignal | undefined
    /** The same call sent twice with it is carried out once. */
    readonly idempotencyKey?: string | undefined
    readonly headers?: Readonly<Record<string, string>> | undefined
  }

export interface Client {
  /** The parsed reply. RemoteFault when the service refuses, SERVICE_UNREACHABLE when there is none. */
  call<E extends Endpoint>(endpoint: E, asked: Asked<E>): Promise<ReplyOf<E>>
  /** The reply as it comes, for downloads and events. RemoteFault when the service refuses. */
  open<E extends Endpoint>(endpoint: E, asked: Asked<E>): Promise<Response>
}

/** Calls endpoints of the contract, typed by it. Runs in a browser as well. */
export function clientOf(options: ClientOptions): Client {
  const open = async (endpoint: Endpoint, asked: LooseAsked) => {
    const response = await send(options, endpoint, asked)
    if (!response.ok) throw await refusalOf(response)
    return response
  }
  return {
    open,
    call: async (endpoint, asked) => {
      const response = await open(endpoint, asked)
      const text = await response.text()
      return parse(endpoint.reply, text === '' ? '{}' : text, 'the reply of the service', 'SERVICE_REPLY') as ReplyOf<typeof endpoint>
    },
  }
}

interface LooseAsked {
  readonly params?: unknown
  readonly query?: unknown
  readonly body?: unknown
  readonly signal?: AbortSignal | undefined
  readonly idempotencyKey?: string | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
}

async function send({ url, token }: ClientOptions, endpoint: Endpoint, asked: LooseAsked): Promise<Response> {
  const { signal, idempotencyKey, headers, body = {} } = asked
  const hasBody = endpoint.method !== 'GET'
  try {
    return await fetch(`${url}${placeOf(endpoint, asked)}`, {
      method: endpoint.method,
      headers: {
        accept: 'application/json, application/problem+json',
        ...(hasBody && { 'content-type': 'application/json' }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
        ...headers,
      },
      ...(hasBody && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
    })
  } catch (cause) {
    if (signal?.aborted) throw new Fault('CANCELLED', 'cancelled', {}, { cause })
    throw new Fault('SERVICE_UNREACHABLE', `the service at ${url || 'this address'} does not answer: ${messageOf(cause)}`, {}, { cause })
  }
}

/** Its address beside that of the service, for links by which a browser downloads, and for uploads. */
export function addressOf<E extends Endpoint>(endpoint: E, asked: Asked<E>): string {
  return placeOf(endpoint, asked)
}

function placeOf({ path }: Endpoint, { params = {}, query = {} }: LooseAsked): string {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => encodeURIComponent((params as Record<string, string>)[name] ?? ''))
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query as Record<string, string | number | boolean | undefined>)) {
    if (value !== undefined) search.set(name, String(value))
  }
  return search.size === 0 ? filled : `${filled}?${search.toString()}`
}

async function refusalOf(response: Response): Promise<RemoteFault> {
  return refusalIn(await response.text(), response.status)
}

/** What stands in the answer of a refusal. */
export function refusalIn(text: string, status: number): RemoteFault {
  return new RemoteFault(parse(problemSchema, text, `what answered with ${status}`, 'SERVICE_REPLY'))
}
