import assert from 'node:assert/strict'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { systemClock, type Clock } from '#base/clock.ts'
import { durations } from '#base/units.ts'
import { jobSchema } from '#contract/jobs.ts'
import { everything, within } from '#service/catalog/scope.ts'
import { publish } from '#service/events/events.ts'
import { listenToEvents } from '#test/support/event-listener.ts'
import { assertProblem, testPerson, testService, testTenant, type TestService } from '#test/support/service.ts'
import { addSteps, isOver, jobWhen, stepsKind } from '#test/support/test-jobs.ts'

/** The system's clock, on which what is done each minute, or each quarter of one, is done each tenth of a second. */
const hurried: Clock = {
  ...systemClock,
  every: (periodMs, work) => systemClock.every(periodMs >= 15 * durations.second && periodMs <= durations.minute ? 100 : periodMs, work),
}

let here: TestService
let tenantId: string
let token: string
const house = () => here.service.house
const said = (text: string, tenant: string | null = tenantId) => ({
  tenantId: tenant,
  kind: 'test.said',
  subjectId: null,
  body: { text },
  at: house().clock.now(),
})
const say = (text: string, tenant?: string | null) => house().catalog.as(everything, (tx) => publish(tx, said(text, tenant)))
const listen = (options: { readonly token?: string; readonly after?: number } = {}) =>
  listenToEvents(here.service.url, { token, ...options })
const textOf = (event: { readonly body?: unknown }) => (event.body as { text?: string }).text

before(async () => {
  here = await testService({ isWorker: true, kinds: [stepsKind], clock: hurried })
  tenantId = await testTenant(here.service, 'clinic')
  token = (await testPerson(here.service, 'viewer', [{ role: 'VIEWER', tenantId }])).token
})
after(() => here[Symbol.asyncDispose]())

test('each change of a job is heard as it happens, in order, as the job itself is read', async () => {
  await using listener = await listen()
  const id = await addSteps(house(), tenantId, { trace: path.join(here.directory, 'heard'), steps: 25 })
  await listener.when(({ subjectId, body }) => subjectId === id && jobSchema.parse(body).status === 'completed')
  const jobs = listener.events.filter(({ subjectId }) => subjectId === id).map(({ body }) => jobSchema.parse(body))
  assert.deepEqual([...new Set(jobs.map(({ status }) => status))], ['pending', 'in_progress', 'completed'])
  const percents = jobs.map(({ percent }) => percent ?? 0)
  assert.deepEqual(
    percents,
    percents.toSorted((a, b) => a - b),
  )
  assert.ok(jobs.filter(({ status, percent }) => status === 'in_progress' && percent !== null).length >= 2)
  const ids = listener.events.map((event) => event.id)
  assert.deepEqual(
    ids,
    ids.toSorted((a, b) => a - b),
  )
  assert.deepEqual((({ log: _log, ...job }) => job)((await here.ask('GET', `/api/v1/jobs/${id}`, { token })).json), jobs.at(-1))
})

test('a listener that comes again hears what it missed, and each event once', async () => {
  let last: number
  {
    await using listener = await listen()
    await say('first')
    last = (await listener.when((event) => textOf(event) === 'first')).id
  }
  await say('second')
  await say('third')
  await using again = await listen({ after: last })
  await say('fourth')
  await again.when((event) => textOf(event) === 'fourth')
  assert.deepEqual(again.events.map(textOf), ['second', 'third', 'fourth'])
  assert.deepEqual(again.others, [])
})

test('an event that was given its id early and committed late is heard, before those behind it', async () => {
  await using listener = await listen()
  await house().catalog.as(everything, async (slow) => {
    await publish(slow, said('slow'))
    await say('quick')
    await systemClock.sleep(300)
    assert.deepEqual(listener.events, [])
  })
  await assert.rejects(
    house().catalog.as(everything, async (tx) => {
      await publish(tx, said('taken back'))
      throw new Error('taken back')
    }),
  )
  await say('last')
  await listener.when((event) => textOf(event) === 'last')
  assert.deepEqual(listener.events.map(textOf), ['slow', 'quick', 'last'])
})

test('nobody hears of other tenants, neither live nor by coming again; who has a role in all hears all', async () => {
  const strangers = await testTenant(here.service, 'strangers')
  const admin = await testPerson(here.service, 'admin', [{ role: 'SYSTEM_ADMIN', tenantId: null }])
  await using listener = await listen()
  await using all = await listen({ token: admin.token })
  await say('theirs', strangers)
  await say('nobody’s', null)
  await say('ours')
  const ours = await listener.when((event) => textOf(event) === 'ours')
  assert.deepEqual(listener.events.map(textOf), ['ours'])
  await all.when((event) => textOf(event) === 'ours')
  assert.deepEqual(all.events.map(textOf), ['theirs', 'nobody’s', 'ours'])
  await using again = await listen({ after: ours.id - 3 })
  await again.when((event) => textOf(event) === 'ours')
  assert.deepEqual(again.events.map(textOf), ['ours'])
})

test('comments keep the connection; it ends with the session, and looking at the session is not using it', async () => {
  const person = await testPerson(here.service, 'leaving', [{ role: 'VIEWER', tenantId }])
  const session = () =>
    house().catalog.as(everything, (tx) =>
      tx.selectFrom('sessions').select(['used_at', 'idle_until']).where('user_id', '=', person.id).executeTakeFirstOrThrow(),
    )
  await using listener = await listen({ token: person.token })
  const before = await session()
  await systemClock.sleep(500)
  assert.ok(listener.comments.includes('alive'))
  assert.deepEqual(await session(), before)
  await house().catalog.as(everything, (tx) =>
    tx.updateTable('sessions').set({ ended_at: house().clock.now() }).where('user_id', '=', person.id).execute(),
  )
  await listener.ended
})

test('without a session there is no stream; what is no id resumes nothing; one that is kept no more is said to be missed', async () => {
  assertProblem(await here.ask('GET', '/api/v1/events'), 401, 'NOT_SIGNED_IN')
  assertProblem(await here.ask('GET', '/api/v1/events', { token, headers: { 'last-event-id': '1; drop' } }), 422, 'INPUT_INVALID')
  await house().catalog.as(everything, (tx) => tx.deleteFrom('events').where('id', '<', 5).execute())
  await using listener = await listen({ after: 1 })
  await say('now')
  await listener.when((event) => textOf(event) === 'now')
  assert.deepEqual(listener.others, ['missed'])
})

test('the stream ends when the service stops, and is resumed at the next one', async () => {
  await say('before the stop')
  const listener = await listen()
  const id = await addSteps(house(), tenantId, { trace: path.join(here.directory, 'stop'), steps: 1 })
  await jobWhen(house(), id, isOver)
  const last = (await listener.when(({ subjectId }) => subjectId === id)).id
  await here.restart()
  await listener.ended
  await house().catalog.as(within(tenantId), (tx) => publish(tx, said('after the stop')))
  await using again = await listen({ after: last })
  await again.when((event) => textOf(event) === 'after the stop')
})
