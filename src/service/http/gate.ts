import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { isFault, Fault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { parse, parseValue } from '#base/parse.ts'
import { durations } from '#base/units.ts'
import { canonicalJson } from '#engine/repository/canonical-json.ts'
import type { BodyOf, Endpoint, ParamsOf, QueryOf, ReplyOf } from '#contract/endpoint.ts'
import { lookOnlyHeader } from '#contract/look-only.ts'
import { appendEvent } from '#service/audit/audit.store.ts'
import { everything, type Scope, type Tx } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import { homeTenantOf, nobody, scopeOf, type Caller } from './caller.ts'
import { recallReply, rememberReply, type Remembered } from './idempotency.store.ts'
import { assertPlainText } from './plain-text.ts'
import { SharedWork } from './together.ts'

/** One request that the gate let in: everything in it is parsed, and its rows are those that its caller may touch. */
export interface Call<E extends Endpoint> {
  readonly caller: Caller
  readonly scope: Scope
  readonly params: ParamsOf<E>
  readonly query: QueryOf<E>
  readonly body: BodyOf<E>
  readonly request: RequestFacts
  /** Aborts when whoever asked has gone. */
  readonly signal: AbortSignal
  /** The wire itself, for uploads, downloads and events alone. */
  readonly wire: { readonly request: FastifyRequest; readonly reply: FastifyReply }
  /** A transaction that only reads, in the caller's scope. */
  readonly read: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>
  /** The act itself, in the caller's scope, with its event in the trail: both, or neither. */
  readonly act: <T>(work: (tx: Tx) => Promise<Acted<T>>) => Promise<T>
  /** What a refusal is about, when it comes to one: for its event alone, never for the reply. */
  readonly concerns: (about: Concern) => void
}

export interface Concern {
  readonly tenantId?: string | null
  readonly subject?: Subject
  readonly facts?: Readonly<Record<string, unknown>>
}

export interface Subject {
  readonly kind: string
  readonly id: string
  readonly name?: string
}

export interface RequestFacts {
  readonly id: string
  readonly address: string
  readonly userAgent: string
}

/** What an act changed, for the trail. Never a secret, never patient data. */
export interface Acted<T> {
  readonly reply: T
  readonly tenantId?: string | null
  readonly subject?: Subject
  /** Who it turned out to be, where nobody was signed in yet. */
  readonly actor?: { readonly id: string; readonly name: string }
  readonly reason?: string
  readonly before?: unknown
  readonly after?: unknown
  readonly facts?: Readonly<Record<string, unknown>>
}

/** The answer went out by the wire already. */
export const sent = Symbol('sent')

type Answer<E extends Endpoint> = ReplyOf<E> | typeof sent

interface Admitted {
  readonly caller: Caller
  readonly scope: Scope
}

/** Serves an endpoint of the contract. Whoever may not come in is turned away before a byte of the body is read. */
export function serve<E extends Endpoint>(
  app: FastifyInstance,
  house: House,
  endpoint: E,
  answer: (call: Call<E>) => Promise<Answer<E>>,
): void {
  const admitted = new WeakMap<FastifyRequest, Admitted>()
  const shared = new SharedWork<string>()
  app.route({
    method: endpoint.method,
    url: endpoint.path.replaceAll(/\{(\w+)\}/g, ':$1'),
    bodyLimit: endpoint.bodyBytesMax ?? limits.requestBytesMax,
    config: {
      endpoint,
      ...(endpoint.perMinuteMax !== undefined && { rateLimit: { max: endpoint.perMinuteMax, timeWindow: durations.minute } }),
    },
    onRequest: async (request) => {
      admitted.set(request, await admit(house, endpoint, request))
    },
    handler: async (request, reply) => {
      const { caller, scope } = admitted.get(request)!
      const concern: Concern = {}
      const call = { house, endpoint, request, reply, caller, scope, concern }
      try {
        const input = inputOf(call)
        if (endpoint.isShared) {
          const text = await shared.run(canonicalJson([scope, input]), async () =>
            JSON.stringify(endpoint.reply.parse(await answerTo(call, input, answer))),
          )
          return await reply.status(endpoint.status).type('application/json').send(text)
        }
        const given = await answerTo(call, input, answer)
        if (given === sent) return reply
        return await reply.status(endpoint.status).send(endpoint.status === 204 ? undefined : endpoint.reply.parse(given))
      } catch (error) {
        if (endpoint.isAudited && isFault(error)) await recordRefusal(house, { endpoint, request, caller, fault: error, concern })
        throw error
      }
    },
  })
}

async function admit(house: House, endpoint: Endpoint, request: FastifyRequest): Promise<Admitted> {
  const credential = credentialOf(request)
  if (endpoint.method !== 'GET' && credential.bearer === undefined) assertSameOrigin(request, house.config.publicUrl)
  const isLookOnly = endpoint.method === 'GET' && request.headers[lookOnlyHeader] !== undefined
  const caller = (await house.authenticate({ ...credential, isLookOnly })) ?? nobody
  if (endpoint.permission === 'open') return { caller, scope: { kind: 'tenants', ids: [] } }
  const refuse = async (fault: Fault): Promise<never> => {
    await recordRefusal(house, { endpoint, request, caller, fault })
    throw fault
  }
  if (caller.kind === 'nobody') return await refuse(new Fault('NOT_SIGNED_IN', 'nobody is signed in'))
  if (endpoint.isForSessions && caller.kind !== 'user')
    return await refuse(new Fault('SESSION_NEEDED', `${caller.name} asked with a key, and this takes a session`))
  if (endpoint.permission === 'signed-in') return { caller, scope: { kind: 'tenants', ids: [] } }
  if (caller.mustChangePassword)
    return await refuse(new Fault('PASSWORD_CHANGE_NEEDED', `${caller.name} has a password that somebody else knows`))
  const scope = scopeOf(caller, endpoint.permission)
  if (scope === undefined)
    return await refuse(
      new Fault('FORBIDDEN', `${caller.name} may not do this: it needs the permission ${endpoint.permission}`, {
        permission: endpoint.permission,
      }),
    )
  return { caller, scope }
}

/** As it came, by the cookie or by the header; whether it is good for anything is not looked at. */
export function credentialOf(request: FastifyRequest): { readonly session: string | undefined; readonly bearer: string | undefined } {
  return { session: request.cookies['integrum_session'], bearer: /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1] }
}

/** A page of somebody else cannot make a signed-in browser act: it may send the cookie, not the origin. */
function assertSameOrigin(request: FastifyRequest, publicUrl: string | undefined): void {
  const { origin, host } = request.headers
  const asking = origin === undefined ? host : URL.parse(origin)?.host
  const isForeign = asking === undefined || (asking !== host && asking !== URL.parse(publicUrl ?? '')?.host)
  if (isForeign || request.headers['sec-fetch-site'] === 'cross-site')
    throw new Fault('ORIGIN_REFUSED', `a page of ${origin ?? 'another site'} asked`, { origin: origin ?? null })
}

interface Asked<E extends Endpoint> extends Admitted {
  readonly house: House
  readonly endpoint: E
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  /** Filled by the route. */
  readonly concern: Concern
}

type Input<E extends Endpoint> = Pick<Call<E>, 'params' | 'query' | 'body'>

function inputOf<E extends Endpoint>({ endpoint, request }: Asked<E>): Input<E> {
  const params = parseValue(endpoint.params, request.params, 'the path') as ParamsOf<E>
  const query = parseValue(endpoint.query, request.query, 'the query') as QueryOf<E>
  const body = (endpoint.isUpload ? {} : parseValue(endpoint.body, request.body === undefined ? {} : request.body, 'the body')) as BodyOf<E>
  for (const given of [params, query, body]) assertPlainText(given)
  return { params, query, body }
}

async function answerTo<E extends Endpoint>(
  asked: Asked<E>,
  input: Input<E>,
  answer: (call: Call<E>) => Promise<Answer<E>>,
): Promise<Answer<E>> {
  const { house, endpoint, request, reply, caller, scope } = asked
  const remembered = rememberedOf(asked, input)
  const known = remembered && (await house.catalog.as(everything, (tx) => recallReply(tx, remembered)))
  if (known) return (endpoint.hasSecretReply ? unsealedReply(house, known.reply) : known.reply) as Answer<E>
  const gone = new AbortController()
  // The response's own end: a request whose body was read is closed long before.
  reply.raw.once('close', () => reply.raw.writableFinished || gone.abort(new Fault('CANCELLED', 'whoever asked has gone')))
  let acts = 0
  const given = await answer({
    // Of an answer that others are given too.
    caller: endpoint.isShared ? nobody : caller,
    scope,
    ...input,
    request: factsOf(request),
    signal: gone.signal,
    wire: { request, reply },
    concerns: (about) => void Object.assign(asked.concern, about),
    read: (work) => house.catalog.as(scope, work),
    act: (work) => {
      acts += 1
      return house.catalog.as(scope, async (tx) => {
        const { reply: result, ...acted } = await work(tx)
        await appendEvent(tx, house.trail, { ...eventOf(house, asked, acted), outcome: 'done' })
        const kept = endpoint.hasSecretReply ? sealedReply(house, result) : result
        if (remembered) await rememberReply(tx, remembered, { status: endpoint.status, reply: kept, at: house.clock.now() })
        return result
      })
    },
  })
  // A mistake of ours, found by any test that calls the endpoint: an audited act without its event.
  if (endpoint.isAudited && acts === 0) throw new Error(`${endpoint.name} was answered without an event in the trail`)
  return given
}

/** `Idempotency-Key`: the same request sent twice is carried out once, and answered twice alike. */
function rememberedOf(asked: Asked<Endpoint>, given: unknown): Remembered | undefined {
  const key = asked.request.headers['idempotency-key']
  const { isAudited, media, isLook = false } = asked.endpoint
  if (typeof key !== 'string' || asked.caller.kind === 'nobody' || !isAudited || media !== undefined || isLook) return undefined
  if (!/^[\x21-\x7e]{1,128}$/.test(key))
    throw new Fault('INPUT_INVALID', 'an Idempotency-Key has 1 to 128 printable characters', { field: 'Idempotency-Key' })
  // Keyed: what was sent may hold a password, and nobody shall try passwords against what the catalog remembers.
  const hash = asked.house.sealing.digest(canonicalJson(given), replyUse)
  return { callerId: asked.caller.userId, key, endpoint: asked.endpoint.name, requestHash: hash }
}

const replyUse = 'idempotency'
const sealedReplySchema = z.object({ sealed: z.base64() })

function sealedReply(house: House, reply: unknown): z.infer<typeof sealedReplySchema> {
  return { sealed: house.sealing.seal(JSON.stringify(reply ?? null), replyUse).toString('base64') }
}

function unsealedReply(house: House, kept: unknown): unknown {
  const { sealed } = parseValue(sealedReplySchema, kept, 'a remembered reply')
  return parse(z.unknown(), house.sealing.unseal(Buffer.from(sealed, 'base64'), replyUse), 'a remembered reply')
}

function factsOf(request: FastifyRequest): RequestFacts {
  return { id: request.id, address: request.ip, userAgent: (request.headers['user-agent'] ?? '').slice(0, 200) }
}

function eventOf(
  house: House,
  { endpoint, request, caller }: Pick<Asked<Endpoint>, 'endpoint' | 'request' | 'caller'>,
  acted: Omit<Acted<unknown>, 'reply'>,
) {
  return {
    id: house.random.uuid(),
    tenantId: acted.tenantId ?? null,
    at: house.clock.now().toISOString(),
    actorKind: acted.actor ? ('user' as const) : caller.kind,
    actorId: acted.actor?.id ?? (caller.kind === 'nobody' ? null : caller.userId),
    actorName: acted.actor?.name ?? caller.name,
    address: request.ip,
    requestId: request.id,
    action: endpoint.name,
    subjectKind: acted.subject?.kind ?? null,
    subjectId: acted.subject?.id ?? null,
    subjectName: acted.subject?.name ?? null,
    reason: acted.reason ?? null,
    before: acted.before ?? null,
    after: acted.after ?? null,
    facts: acted.facts ?? {},
  }
}

interface Refusal {
  readonly endpoint: Endpoint
  readonly request: FastifyRequest
  readonly caller: Caller
  readonly fault: Fault
  readonly concern?: Concern
}

/** Denied tries are logged (C1), with what was wrong and never with what was sent. */
async function recordRefusal(house: House, { endpoint, request, caller, fault, concern = {} }: Refusal): Promise<void> {
  const id = (request.params as { id?: unknown } | undefined)?.id
  const subject = concern.subject ?? (typeof id === 'string' && id.length <= 64 ? { kind: endpoint.name.split('.')[0]!, id } : undefined)
  const tenantId = concern.tenantId ?? (caller.kind === 'nobody' ? null : homeTenantOf(caller.grants))
  const facts = { code: fault.code, fact: fault.message, ...concern.facts }
  const event = eventOf(house, { endpoint, request, caller }, { tenantId, ...(subject && { subject }), facts })
  await house.catalog.as(everything, (tx) => appendEvent(tx, house.trail, { ...event, outcome: 'refused' }))
}
