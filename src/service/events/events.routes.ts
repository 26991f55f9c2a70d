import type { FastifyInstance } from 'fastify'
import type { ServerResponse } from 'node:http'
import { Fault } from '#base/fault.ts'
import { MiB, durations } from '#base/units.ts'
import { eventSchema, events } from '#contract/events.ts'
import type { Scope } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import { scopeOf } from '#service/http/caller.ts'
import { credentialOf, sent, serve, type Call } from '#service/http/gate.ts'
import { oldestEventId, readEvents, type StoredEvent } from './events.store.ts'

const commentEveryMs = 15 * durations.second
const sessionLookEveryMs = durations.minute
/** Of a listener that does not read: it is let go, and resumes. */
const unreadBytesMax = 4 * MiB
const batch = 500

export function addEvents(app: FastifyInstance, house: House): void {
  serve(app, house, events.stream, async (call) => {
    await using listener = new Listener(house, call)
    await listener.listen()
    return sent
  })
}

type StreamCall = Call<typeof events.stream>

/** One listener at the other end of a connection. */
class Listener implements AsyncDisposable {
  readonly #house: House
  readonly #call: StreamCall
  readonly #wire: ServerResponse
  readonly #parts = new AsyncDisposableStack()
  readonly #over = new AbortController()
  #scope: Scope
  /** What comes in while what was missed is still read. */
  #held: StoredEvent[] | undefined = []

  constructor(house: House, call: StreamCall) {
    this.#house = house
    this.#call = call
    this.#scope = call.scope
    this.#wire = call.wire.reply.raw
  }

  async listen(): Promise<void> {
    const after = resumePoint(this.#call)
    const subscription = this.#parts.use(await this.#house.events.subscribe((event) => this.#take(event)))
    this.#open()
    if (after !== undefined) await this.#catchUp(after, subscription.from)
    const held = this.#held ?? []
    this.#held = undefined
    for (const event of held) this.#write(event)
    await this.#end()
  }

  #open(): void {
    const { reply } = this.#call.wire
    reply.hijack()
    this.#wire.writeHead(200, {
      ...(reply.getHeaders() as Record<string, string>),
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // A proxy that collects what comes would hold it back.
      'x-accel-buffering': 'no',
    })
    this.#wire.write(': events follow\n\n')
    const { clock } = this.#house
    this.#parts.use(clock.every(commentEveryMs, () => this.#wire.write(': alive\n\n')))
    this.#parts.use(clock.every(sessionLookEveryMs, () => void this.#lookAtSession()))
  }

  /** In the caller's scope, so that the server itself says which of them they may see. */
  async #catchUp(after: number, until: number): Promise<void> {
    const oldest = await this.#house.catalog.as({ kind: 'all' }, oldestEventId)
    if (after < oldest - 1) this.#wire.write('event: missed\ndata: {}\n\n')
    for (let from = after; ;) {
      const missed = await this.#house.catalog.as(this.#scope, (tx) => readEvents(tx, { after: from, until, limit: batch }))
      for (const event of missed) this.#write(event)
      if (missed.length < batch) return
      from = missed.at(-1)!.id
    }
  }

  #take(event: StoredEvent): void {
    if (this.#held) this.#held.push(event)
    else this.#write(event)
  }

  #write(event: StoredEvent): void {
    if (!isVisible(event, this.#scope)) return
    const { id, kind } = event
    const data = eventSchema.parse({ ...event, at: event.at.toISOString() })
    this.#wire.write(`id: ${id}\nevent: ${kind}\ndata: ${JSON.stringify(data)}\n\n`)
    if (this.#wire.writableLength > unreadBytesMax) this.#over.abort()
  }

  /** Looked at, not used: an open page is nobody at work. */
  async #lookAtSession(): Promise<void> {
    try {
      const caller = await this.#house.authenticate({ ...credentialOf(this.#call.wire.request), isLookOnly: true })
      const scope = caller && scopeOf(caller, 'jobs.read')
      if (scope) this.#scope = scope
      else this.#over.abort()
    } catch (error) {
      this.#house.log.warn({ err: error }, 'a session cannot be looked at; the next look is in a minute')
    }
  }

  async #end(): Promise<void> {
    const signal = AbortSignal.any([this.#over.signal, this.#call.signal, this.#house.stopping])
    if (!signal.aborted) await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.disposeAsync()
    if (this.#wire.headersSent) this.#wire.end()
  }
}

function resumePoint({ wire }: StreamCall): number | undefined {
  const given = wire.request.headers['last-event-id']
  if (given === undefined || given === '') return undefined
  if (typeof given !== 'string' || !/^\d{1,15}$/.test(given))
    throw new Fault('INPUT_INVALID', 'Last-Event-ID is not the id of an event', { field: 'Last-Event-ID' })
  return Number(given)
}

/** As the row security of the catalog decides it. */
function isVisible({ tenantId }: StoredEvent, scope: Scope): boolean {
  return scope.kind === 'all' || (tenantId !== null && scope.ids.includes(tenantId))
}
