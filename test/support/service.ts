import assert from 'node:assert/strict'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import path from 'node:path'
import { systemClock, type Clock } from '#base/clock.ts'
import { systemRandom } from '#host/random.ts'
import type { Role } from '#contract/permissions.ts'
import { everything } from '#service/catalog/scope.ts'
import type { AnyJobKind } from '#service/jobs/job-kind.ts'
import { jobKinds } from '#service/jobs/job-kinds.ts'
import { startService, type Service } from '#service/main.ts'
import { hashOfToken, newToken } from '#service/people/token.ts'
import { serverPlace } from './server-place.ts'

/** A whole service with a private PostgreSQL, on a free port, in a directory of its own. */
export interface TestService extends AsyncDisposable {
  readonly service: Service
  readonly directory: string
  /** Plain `fetch`, with a bearer token when one is given. A body that is no string goes as JSON. */
  ask(method: string, path: string, options?: AskOptions): Promise<Answer>
  /** What a stream that does not end begins with; its first piece, if it is one. */
  peek(path: string, options?: AskOptions): Promise<Answer>
  /** Ends the service and starts it again on the same data directory. */
  restart(): Promise<void>
  /** Ends it, until `restart`. */
  stop(): Promise<void>
}

export interface AskOptions {
  readonly token?: string | undefined
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** Of an answer in JSON. */
  readonly json: any
}

export interface TestServiceOptions {
  readonly clock?: Clock
  /** With one, a proxy is believed: `x-forwarded-for` says from which address somebody asks. */
  readonly publicUrl?: string
  /** A free one without. For whoever must find it at the same address after it was started again. */
  readonly port?: number
  /** Takes jobs, too; of these kinds beside those there are. */
  readonly isWorker?: boolean
  readonly kinds?: readonly AnyJobKind[]
  readonly jobsAtOnce?: number
  /** A PostgreSQL of the test's for the catalog, instead of a private one. */
  readonly databaseUrl?: string
}

export async function testService(options: TestServiceOptions = {}): Promise<TestService> {
  const directory = await mkdtemp(path.join(await serverPlace(), 'integrum-test-service-'))
  // The private server runs as another user, who must be able to pass.
  await chmod(directory, 0o755)
  const start = () =>
    startService(
      {
        dataDirectory: path.join(directory, 'data'),
        port: options.port ?? 0,
        address: '127.0.0.1',
        isWorker: options.isWorker ?? false,
        ...(options.publicUrl !== undefined && { publicUrl: options.publicUrl }),
        jobsAtOnce: options.jobsAtOnce ?? 2,
        ...(options.databaseUrl !== undefined && { databaseUrl: options.databaseUrl }),
      },
      {
        clock: options.clock ?? systemClock,
        random: systemRandom,
        logLevel: 'silent',
        kinds: [...jobKinds, ...(options.kinds ?? [])],
      },
    )
  let service = await start()
  return {
    get service() {
      return service
    },
    directory,
    ask: (method, place, asked) => ask(service.url, method, { place, ...asked }),
    peek: (place, asked) => peek(service.url, { place, ...asked }),
    stop: async () => await service[Symbol.asyncDispose](),
    restart: async () => {
      await service[Symbol.asyncDispose]()
      service = await start()
    },
    [Symbol.asyncDispose]: async () => {
      await service[Symbol.asyncDispose]()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** Of any server; `TestService.ask` asks the service itself. */
export async function ask(
  url: string,
  method: string,
  { place, token, body, headers }: AskOptions & { readonly place: string },
): Promise<Answer> {
  const isText = typeof body === 'string'
  const response = await fetch(`${url}${place}`, {
    method,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: isText ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: /^application\/(problem\+)?json/.test(response.headers.get('content-type') ?? '') ? JSON.parse(text) : undefined,
  }
}

async function peek(url: string, { place, token, headers }: AskOptions & { readonly place: string }): Promise<Answer> {
  const over = new AbortController()
  const response = await fetch(`${url}${place}`, {
    headers: { ...(token !== undefined && { authorization: `Bearer ${token}` }), ...headers },
    signal: over.signal,
  })
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') ?? false
  const text = isStream ? '' : await response.text()
  over.abort()
  return { status: response.status, headers: response.headers, text, json: isStream ? undefined : JSON.parse(text) }
}

export const testPassword = 'seven lamps in the harbour'

/** As the first administrator does it, with the link that the start printed. */
export async function setUpHere(
  here: TestService,
  name = 'anna',
): Promise<{ readonly token: string; readonly tenantId: string; readonly id: string }> {
  const token = here.service.setUpLink!.split('#')[1]!
  const body = { token, name, title: 'Anna Berg', password: testPassword }
  const { status, json, text } = await here.ask('POST', '/api/v1/set-up', { body })
  assert.equal(status, 201, text)
  return { token: json.token, tenantId: json.tenantId, id: json.userId }
}

/** What a problem (RFC 9457) must be: the status of its code, a fact, a hint, and nothing of our inside. */
export function assertProblem(answer: Answer, status: number, code: string): void {
  assert.equal(answer.status, status, answer.text)
  assert.match(answer.headers.get('content-type') ?? '', /^application\/problem\+json/)
  assert.equal(answer.json.code, code)
  assert.equal(answer.json.status, status)
  assert.match(answer.json.detail, /^\S.{5,400}$/)
  assert.ok(answer.json.hint.length > 10)
  assert.doesNotMatch(answer.text, /\bat .*\.(ts|js):\d|node_modules/)
}

/** Somebody with these roles, straight into the catalog, and the token of a session of theirs. For tests of anything but signing in. */
export async function testPerson(
  { house }: Service,
  name: string,
  grants: readonly { readonly role: Role; readonly tenantId: string | null }[],
): Promise<{ readonly id: string; readonly token: string }> {
  const { catalog, clock, random } = house
  const [id, token, now] = [random.uuid(), newToken(random, 'its'), clock.now()]
  const later = new Date(now.getTime() + 3_600_000)
  await catalog.as(everything, async (tx) => {
    await tx
      .insertInto('users')
      .values({ id, name, title: `Title of ${name}`, created_at: now })
      .execute()
    for (const grant of grants)
      await tx
        .insertInto('role_grants')
        .values({ id: random.uuid(), user_id: id, role: grant.role, tenant_id: grant.tenantId, created_at: now })
        .execute()
    await tx
      .insertInto('sessions')
      .values({
        id: random.uuid(),
        user_id: id,
        token_hash: hashOfToken(token),
        created_at: now,
        used_at: now,
        idle_until: later,
        expires_at: later,
        address: '127.0.0.1',
        user_agent: 'test',
      })
      .execute()
  })
  return { id, token }
}

/** A tenant, straight into the catalog. */
export async function testTenant({ house }: Service, name: string): Promise<string> {
  const id = house.random.uuid()
  await house.catalog.as(everything, (tx) =>
    tx.insertInto('tenants').values({ id, name, title: name, created_at: house.clock.now() }).execute(),
  )
  return id
}
