import assert from 'node:assert/strict'
import { request as httpRequest } from 'node:http'
import { after, before, test } from 'node:test'
import { z } from 'zod'
import { testClock } from '#base/clock.ts'
import { endpoints } from '#contract/contract.ts'
import type { Endpoint } from '#contract/endpoint.ts'
import { catalogState } from '#test/support/catalog-state.ts'
import { serviceWorld, type ServiceWorld } from '#test/support/service-world.ts'
import { testPerson, testService, type Answer, type TestService } from '#test/support/service.ts'
import { samples, type Sample } from './samples.ts'

/** It stands still, so that the service does nothing by itself while the catalog is compared. */
const clock = testClock(new Date())
let here: TestService
let world: ServiceWorld
let token: string
let asked = 0

before(async () => {
  here = await testService({ publicUrl: 'http://integrum.example', clock })
  world = await serviceWorld(here)
  token = (await testPerson(here.service, 'administrator', [{ role: 'SYSTEM_ADMIN', tenantId: null }])).token
})
after(() => here[Symbol.asyncDispose]())

/** The sample's own query, with one field of it changed. */
function withQuery(place: string, { query = {} }: Sample, ...[field, value]: [string, string] | []): string {
  const changed = { ...query, ...(field !== undefined && { [field]: value! }) }
  return Object.keys(changed).length > 0 ? `${place}?${new URLSearchParams(changed).toString()}` : place
}

interface Sent {
  readonly place: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

async function send({ method, media, isUpload }: Endpoint, { place, body, headers }: Sent): Promise<Answer> {
  asked += 1
  const options = {
    token,
    headers: {
      'x-forwarded-for': `10.${asked >> 16}.${(asked >> 8) & 255}.${asked & 255}`,
      ...(isUpload && { 'content-type': 'application/octet-stream' }),
      ...headers,
    },
    ...(method !== 'GET' && { body: body ?? (isUpload ? 'no archive' : {}) }),
  }
  return media === 'text/event-stream' ? await here.peek(place, options) : await here.ask(method, place, options)
}

function placeOf({ path }: Endpoint, params: Readonly<Record<string, string>> = {}): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => params[name]!)
}

async function sampleOf({ name }: Endpoint): Promise<Sample> {
  return await samples[name]!(world)
}

/** A problem of the caller's making: told as one, and nothing of our inside. */
function assertRefused(answer: Answer, statuses: readonly number[], what: string): void {
  const said = `${what}: ${answer.status} ${answer.text.slice(0, 300)}`
  assert.ok(statuses.includes(answer.status), said)
  assert.match(answer.headers.get('content-type') ?? '', /^application\/problem\+json/, said)
  assert.ok(answer.json.detail.length > 5 && answer.json.detail.length < 1_000 && answer.json.hint.length > 10, said)
  assert.doesNotMatch(answer.text, /\bat .*\.(ts|js):\d|node_modules|password_sealed|syntax error|kysely/i, said)
}

type Schema = Readonly<Record<string, any>>

/** The fields of a body or a query, as JSON Schema has them; of a choice, those of the first. */
function fieldsOf(schema: z.ZodType): Record<string, Schema> {
  const json: Schema = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  return (json['properties'] ?? json['anyOf']?.[0]?.properties ?? {}) as Record<string, Schema>
}

function typesOf(schema: Schema): string[] {
  if (Array.isArray(schema['anyOf'])) return schema['anyOf'].flatMap(typesOf)
  if (schema['const'] !== undefined) return [typeof schema['const']]
  return [schema['type']].flat()
}

/** The answers of a provider of OpenID Connect come as they like. */
function isStrict(schema: z.ZodType): boolean {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })['additionalProperties'] === false
}

/** What a field of this type is not. */
function wrongFor(schema: Schema): unknown[] {
  const types = typesOf(schema)
  const isText = types.includes('string')
  return [
    ...(types.includes('object') ? [] : [{ surprise: 1 }]),
    ...(types.includes('array') ? [] : [['surprise']]),
    ...(isText ? ['x'.repeat(100_000), 'half\u0000text'] : ['surprise']),
    ...(types.includes('null') ? [] : [null]),
    ...(types.includes('boolean') ? [] : [true]),
    ...(types.includes('number') || types.includes('integer') ? [1e308, -1.5] : [12]),
  ]
}

const tricks = [
  '1',
  "' or 1=1 --",
  "1'; drop table audit_events; --",
  '..%2f..%2f..%2fetc%2fpasswd',
  '%00',
  '%ff%fe',
  '00000000-0000-0000-0000-000000000000',
  'ffffffff-ffff-4fff-8fff-ffffffffffff',
  'x'.repeat(5_000),
]

const isWriting = ({ method, isUpload }: Endpoint) => method !== 'GET' && !isUpload

for (const endpoint of endpoints) {
  const { name } = endpoint

  test(`${name}: an unknown field, a wrong type, a text without end are refused with the field, and change nothing`, async () => {
    const sample = await sampleOf(endpoint)
    const place = placeOf(endpoint, sample.params)
    const state = await catalogState(here.service.house)
    if (isStrict(endpoint.query)) {
      const query = await send(endpoint, { place: withQuery(place, sample, 'surprise', '1'), body: sample.body })
      assertRefused(query, [422], `${name}?surprise`)
      assert.equal(query.json.field, 'surprise', name)
    }
    for (const [field, schema] of Object.entries(fieldsOf(endpoint.query))) {
      const text = typesOf(schema).includes('string') && schema['enum'] === undefined ? 'x'.repeat(8_000) : 'surprise'
      assertRefused(await send(endpoint, { place: withQuery(place, sample, field, text), body: sample.body }), [422], `${name}?${field}`)
      assertRefused(
        await send(endpoint, { place: `${withQuery(place, sample, field, '1')}&${field}=2`, body: sample.body }),
        [422],
        `${name}?${field} twice`,
      )
    }
    if (isWriting(endpoint)) await checkBody(endpoint, place, sample)
    assert.deepEqual(await catalogState(here.service.house), state, `${name} changed something`)
  })

  if (endpoint.path.includes('{'))
    test(`${name}: ids that are none, SQL and paths out of it find nothing`, async () => {
      const sample = await sampleOf(endpoint)
      const state = await catalogState(here.service.house)
      for (const trick of tricks) {
        const params = Object.fromEntries(
          Object.keys(sample.params ?? {}).map((key) => [key, trick.includes('%') ? trick : encodeURIComponent(trick)]),
        )
        const answer = await send(endpoint, { place: withQuery(placeOf(endpoint, params), sample), body: sample.body })
        assertRefused(answer, [400, 404, 414, 422], `${name} of ${trick.slice(0, 40)}`)
      }
      assert.deepEqual(await catalogState(here.service.house), state, `${name} changed something`)
    })

  if (isWriting(endpoint))
    test(`${name}: what is no JSON, or says that it is not, or is too large, is refused before it is read`, async () => {
      const sample = await sampleOf(endpoint)
      const place = placeOf(endpoint, sample.params)
      for (const body of [
        '{"a":',
        '',
        '[1',
        '{"__proto__": {"admin": true}}',
        '"text"',
        '[]',
        'null',
        '{"a":1}{"b":2}',
        '\u0000',
        '['.repeat(300_000),
      ])
        assertRefused(await send(endpoint, { place, body }), [400, 422], `${name} with ${JSON.stringify(body).slice(0, 60)}`)
      for (const type of [
        'text/plain',
        'application/xml',
        'multipart/form-data; boundary=x',
        'application/x-www-form-urlencoded',
        'nonsense',
      ])
        assertRefused(await send(endpoint, { place, body: '{}', headers: { 'content-type': type } }), [415], `${name} as ${type}`)
      const { status, readBytes } = await sendLarge(endpoint, place)
      assert.equal(status, 413, name)
      assert.ok(readBytes < 20_000_000, `${name} took ${readBytes} bytes`)
    })
}

async function checkBody(endpoint: Endpoint, place: string, sample: Sample): Promise<void> {
  const { name } = endpoint
  const body = sample.body ?? {}
  const surprise = await send(endpoint, { place, body: { ...body, surprise: 1 } })
  assertRefused(surprise, [422], `${name} with a surprise`)
  if (!(endpoint.body instanceof z.ZodUnion)) assert.equal(surprise.json.field, 'surprise', name)
  for (const [field, schema] of Object.entries(fieldsOf(endpoint.body)))
    for (const wrong of wrongFor(schema)) {
      const answer = await send(endpoint, { place, body: { ...body, [field]: wrong } })
      assertRefused(answer, [422], `${name} with ${field} ${JSON.stringify(wrong).slice(0, 60)}`)
      if (!(endpoint.body instanceof z.ZodUnion))
        assert.equal(String(answer.json.field).split('.')[0], field, `${name}: ${answer.text.slice(0, 300)}`)
    }
}

/** 100 MB, as much of it as is taken. */
async function sendLarge({ method }: Endpoint, place: string): Promise<{ readonly status: number; readonly readBytes: number }> {
  const size = 100_000_000
  return await new Promise((resolve, reject) => {
    asked += 1
    const headers = {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'content-length': String(size),
      'x-forwarded-for': `10.${asked >> 16}.${(asked >> 8) & 255}.${asked & 255}`,
    }
    const request = httpRequest(`${here.service.url}${place}`, { method, headers })
    let readBytes = 0
    const piece = Buffer.alloc(1_000_000, 'x')
    const over = new AbortController()
    const more = () => {
      while (!over.signal.aborted && readBytes < size) {
        readBytes += piece.byteLength
        if (!request.write(piece)) return
      }
    }
    request.on('drain', more)
    request.on('response', (response) => {
      over.abort()
      response.resume()
      resolve({ status: response.statusCode ?? 0, readBytes })
      request.destroy()
    })
    // The service closes the connection once it has said no; before that it is a failure.
    request.on('error', (error) => {
      if (!over.signal.aborted) reject(error)
    })
    more()
  })
}
