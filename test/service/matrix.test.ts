import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { testClock } from '#base/clock.ts'
import { endpoints } from '#contract/contract.ts'
import type { Endpoint } from '#contract/endpoint.ts'
import { installationPermissions, mayRole, roles, type Role } from '#contract/permissions.ts'
import { everything } from '#service/catalog/scope.ts'
import { hashOfToken, newToken } from '#service/people/token.ts'
import { catalogState } from '#test/support/catalog-state.ts'
import { serviceWorld, type ServiceWorld } from '#test/support/service-world.ts'
import { testPerson, testService, type Answer, type TestService } from '#test/support/service.ts'
import { samples, type Outcome, type Sample } from './samples.ts'

/** Everybody there is, as the matrix knows them. */
interface Persona {
  readonly name: string
  readonly role?: Role
  /** Of the role: the installation, the tenant whose rows are asked for, or another. */
  readonly where?: 'everywhere' | 'own' | 'foreign'
  readonly token?: string
  readonly isKey?: boolean
}

/** It stands still, so that the service does nothing by itself while the catalog is compared. */
const clock = testClock(new Date())
let here: TestService
let world: ServiceWorld
const personas: Persona[] = []

before(async () => {
  // Behind a proxy, each request comes from an address of its own: what is measured by address is no part of the matrix.
  here = await testService({ publicUrl: 'http://integrum.example', clock })
  world = await serviceWorld(here)
  const { service } = here
  personas.push({ name: 'nobody' }, { name: 'without-role', token: (await testPerson(service, 'without-role', [])).token })
  for (const role of roles)
    for (const where of ['everywhere', 'own', 'foreign'] as const) {
      const tenantId = { everywhere: null, own: world.ours, foreign: world.theirs }[where]
      const name = `${role}-${where}`
      personas.push({ name, role, where, token: (await testPerson(service, name, [{ role, tenantId }])).token })
    }
  personas.push({ name: 'key', isKey: true, token: await confinedKey() })
})
after(() => here[Symbol.asyncDispose]())

/** Of an administrator of everything, for reading jobs alone. */
async function confinedKey(): Promise<string> {
  const { house } = here.service
  const owner = await testPerson(here.service, 'key-owner', [{ role: 'SYSTEM_ADMIN', tenantId: null }])
  const [token, now] = [newToken(house.random, 'itk'), house.clock.now()]
  const expires = new Date(now.getTime() + 3_600_000)
  await house.catalog.as(everything, (tx) =>
    tx
      .insertInto('api_keys')
      .values({
        id: house.random.uuid(),
        user_id: owner.id,
        name: 'key',
        token_hash: hashOfToken(token),
        permissions: ['jobs.read'],
        created_at: now,
        expires_at: expires,
      })
      .execute(),
  )
  return token
}

type Verdict = 'admitted' | 'signed-out' | 'forbidden' | 'session-needed' | 'foreign'

/** By the matrix alone. */
function verdictOf({ permission, isForSessions }: Endpoint, { token, role, where, isKey }: Persona): Verdict {
  if (permission === 'open') return 'admitted'
  if (token === undefined) return 'signed-out'
  if (isForSessions && isKey) return 'session-needed'
  if (permission === 'signed-in') return 'admitted'
  if (isKey) return permission === 'jobs.read' ? 'admitted' : 'forbidden'
  if (role === undefined || !mayRole(role, permission)) return 'forbidden'
  if (where === 'everywhere') return 'admitted'
  if (installationPermissions.includes(permission)) return 'forbidden'
  return where === 'own' ? 'admitted' : 'foreign'
}

let asked = 0

async function ask(endpoint: Endpoint, { params = {}, query = {}, body, upload }: Sample, token: string | undefined): Promise<Answer> {
  const { method, path, media } = endpoint
  asked += 1
  const place = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => params[name] ?? assert.fail(`the sample has no ${name}`))
  const search = Object.keys(query).length > 0 ? `?${new URLSearchParams(query).toString()}` : ''
  const headers = {
    'x-forwarded-for': `10.${asked >> 16}.${(asked >> 8) & 255}.${asked & 255}`,
    ...(upload !== undefined && { 'content-type': 'application/octet-stream' }),
  }
  const options = { token, headers, ...(method !== 'GET' && { body: upload ?? body ?? {} }) }
  // A stream of events does not end by itself.
  return media === 'text/event-stream'
    ? await here.peek(`${place}${search}`, options)
    : await here.ask(method, `${place}${search}`, options)
}

async function sampleOf({ name }: Endpoint): Promise<Sample> {
  const make = samples[name]
  assert.ok(make, `samples.ts has no line for ${name}`)
  return await make(world)
}

const expectations = {
  'signed-out': { status: 401, code: 'NOT_SIGNED_IN' },
  forbidden: { status: 403, code: 'FORBIDDEN' },
  'session-needed': { status: 403, code: 'SESSION_NEEDED' },
} as const

/** Nothing of ours is told to a stranger: no id, no name. */
function assertTellsNothing(answer: Answer, what: string): void {
  assert.doesNotMatch(answer.text, /of-ours-\d/, what)
  assert.ok(!answer.text.includes(world.ours), what)
}

async function refusals(action: string): Promise<string[]> {
  const rows = await here.service.house.catalog.as(everything, (tx) =>
    tx.selectFrom('audit_events').select('actor_name').where('action', '=', action).where('outcome', '=', 'refused').execute(),
  )
  return rows.map((row) => row.actor_name)
}

/** Each of those that must not: refused alike, nothing changed by any of them, and each try written down. */
async function checkRefused(endpoint: Endpoint, refused: readonly { persona: Persona; verdict: Verdict }[]): Promise<void> {
  // One for all: whoever is refused leaves it as it was.
  const sample = await sampleOf(endpoint)
  const state = await catalogState(here.service.house)
  const before = await refusals(endpoint.name)
  const expected: string[] = []
  for (const { persona, verdict } of refused) {
    const what = `${endpoint.name} as ${persona.name} (${verdict})`
    const answer = await ask(endpoint, sample, persona.token)
    const said = `${what}: ${answer.status} ${answer.text.slice(0, 300)}`
    const isHidden = verdict === 'foreign' && sample.foreign === undefined
    if (isHidden) {
      // What a body names is found as little as what a path names; the tenant itself is a field that is wrong.
      assert.ok(answer.status === 404 || (sample.params === undefined && answer.status === 422), said)
      assert.match(answer.json.code, /^(NOT_FOUND|BACKUP_NOT_FOUND|RESTORE_NOT_FOUND|INPUT_INVALID)$/, said)
      const told = answer.text.match(/[a-z]+-of-ours-\d+/g) ?? []
      assert.ok(
        told.every((name) => JSON.stringify(sample).includes(name)),
        said,
      )
    } else if (verdict !== 'foreign') {
      const { status, code } = expectations[verdict as keyof typeof expectations]
      assert.equal(answer.status, status, said)
      assert.equal(answer.json.code, code, said)
    }
    if (verdict !== 'foreign' || (isHidden && endpoint.isAudited)) expected.push(persona.name === 'key' ? 'key-owner' : persona.name)
  }
  assert.deepEqual(await catalogState(here.service.house), state, `a refused ${endpoint.name} changed the catalog`)
  const after = await refusals(endpoint.name)
  assert.deepEqual(
    after.slice(before.length).toSorted(),
    expected.toSorted(),
    `${endpoint.name}: who was refused is not what the trail says`,
  )
}

async function checkForeignReading(endpoint: Endpoint, persona: Persona): Promise<void> {
  const answer = await ask(endpoint, await sampleOf(endpoint), persona.token)
  const what = `${endpoint.name} as ${persona.name}`
  assert.equal(answer.status, endpoint.status, `${what}: ${answer.text}`)
  // What they themselves asked for and were refused is theirs to read, ids and all.
  const lines = answer.text.split('\n').filter((line) => !line.includes('"outcome":"refused"'))
  assertTellsNothing({ ...answer, text: lines.join('\n') }, what)
}

/** The first of them does it; where it takes long the others are seen to be let in by what is wrong with their request. */
async function checkAdmitted(endpoint: Endpoint, admitted: readonly Persona[]): Promise<void> {
  const readable = endpoint.method === 'GET' ? await sampleOf(endpoint) : undefined
  for (const [index, persona] of admitted.entries()) {
    const sample = readable ?? (await sampleOf(endpoint))
    const isTried = sample.isHeavy && index > 0
    // Whoever signs out does it with a session of their own.
    const token = endpoint.name === 'sign-in.end' ? (await testPerson(here.service, `leaving-${index}`, [])).token : persona.token
    const answer = await ask(endpoint, isTried ? { ...sample, query: { surprise: '1' } } : sample, token)
    const outcomes: Outcome[] = isTried ? [{ status: 422, code: 'INPUT_INVALID' }] : [sample.admitted ?? { status: endpoint.status }].flat()
    const said = `${endpoint.name} as ${persona.name}: ${answer.status} ${answer.text.slice(0, 400)}`
    assert.ok(
      outcomes.some(({ status, code }) => answer.status === status && answer.json?.code === code),
      said,
    )
  }
}

test('there is a sample for each endpoint, and no other', () => {
  assert.deepEqual(
    endpoints.map(({ name }) => name).filter((name) => !(name in samples)),
    [],
    'write a line for it into test/service/samples.ts',
  )
  assert.deepEqual(
    Object.keys(samples).filter((name) => !endpoints.some((endpoint) => endpoint.name === name)),
    [],
  )
})

for (const endpoint of endpoints)
  test(`${endpoint.name}: everybody gets what the permission matrix says`, async () => {
    const judged = personas.map((persona) => ({ persona, verdict: verdictOf(endpoint, persona) }))
    const isEmptyForStrangers = (await sampleOf(endpoint)).foreign === 'empty'
    const strangers = judged.filter(({ verdict }) => verdict === 'foreign')
    await checkRefused(
      endpoint,
      judged.filter(({ verdict }) => verdict !== 'admitted' && !(verdict === 'foreign' && isEmptyForStrangers)),
    )
    if (isEmptyForStrangers) for (const { persona } of strangers) await checkForeignReading(endpoint, persona)
    await checkAdmitted(
      endpoint,
      judged.filter(({ verdict }) => verdict === 'admitted').map(({ persona }) => persona),
    )
  })
