import assert from 'node:assert/strict'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { everything, within } from '#service/catalog/scope.ts'
import { assertProblem, testPerson, testService, testTenant, type TestService } from '#test/support/service.ts'
import { addSteps, isGoing, isOver, jobNow, jobWhen, readTrace, settledEnd, stepsKind } from '#test/support/test-jobs.ts'

let here: TestService
let tenantId: string
let token: string
const trace = (name: string) => path.join(here.directory, name)
const house = () => here.service.house

before(async () => {
  here = await testService({ isWorker: true, kinds: [stepsKind], jobsAtOnce: 3 })
  tenantId = await testTenant(here.service, 'clinic')
  token = (await testPerson(here.service, 'operator', [{ role: 'BACKUP_OPERATOR', tenantId }])).token
})
after(() => here[Symbol.asyncDispose]())

test('a job is done in a process of its own; its run tells stage, percent, speed and log, and is settled with its end', async () => {
  const id = await addSteps(house(), tenantId, { trace: trace('one'), steps: 30 })
  const going = await jobWhen(house(), id, (job) => isGoing(job) && job.bytesPerSecond !== null)
  assert.equal(going.stage, 'store')
  assert.ok(going.percent! > 0 && going.percent! < 100)
  assert.ok(going.bytesPerSecond! > 2_000_000 && going.bytesPerSecond! < 12_000_000, String(going.bytesPerSecond))
  assert.ok(going.leftSeconds! > 0 && going.leftSeconds! < 3)
  const over = await jobWhen(house(), id, isOver)
  assert.equal(over.status, 'completed')
  assert.equal(over.attempt, 1)
  assert.deepEqual(await settledEnd(house(), id), { kind: 'completed', output: { steps: 30, previousTrail: {} } })
  const { json } = await here.ask('GET', `/api/v1/jobs/${id}`, { token })
  assert.equal(json.status, 'completed')
  assert.deepEqual(
    json.log.map(({ line }: { line: string }) => line),
    ['attempt 1 begins'],
  )
  const [begin] = await readTrace(trace('one'))
  assert.notEqual(begin!.pid, process.pid)
})

test('jobs of one lane run one after the other in the order they came, those of another lane beside them', async () => {
  const file = trace('lanes')
  const lane = house().random.uuid()
  const first = await addSteps(house(), tenantId, { trace: file, steps: 12, lane })
  const second = await addSteps(house(), tenantId, { trace: file, steps: 2, lane })
  const third = await addSteps(house(), tenantId, { trace: file, steps: 2, lane })
  const other = await addSteps(house(), tenantId, { trace: trace('other'), steps: 2 })
  assert.equal((await jobWhen(house(), other, isOver)).status, 'completed')
  assert.equal((await jobNow(house(), first)).status, 'in_progress')
  assert.equal((await jobNow(house(), second)).status, 'pending')
  await jobWhen(house(), third, isOver)
  assert.deepEqual(
    (await readTrace(file)).map(({ what }) => what),
    ['begin', 'end', 'begin', 'end', 'begin', 'end'],
  )
  const [one, two, three] = await Promise.all([first, second, third].map((id) => jobNow(house(), id)))
  assert.ok(one!.endedAt! <= two!.startedAt! && two!.endedAt! <= three!.startedAt!)
})

test('a job that waits is taken back before anybody has it; one that goes on ends cancelled; one that is over is not cancelled', async () => {
  const lane = house().random.uuid()
  const going = await addSteps(house(), tenantId, { trace: trace('cancel'), steps: 300, lane })
  const waiting = await addSteps(house(), tenantId, { trace: trace('never'), steps: 1, lane })
  await jobWhen(house(), going, isGoing)
  const taken = await here.ask('POST', `/api/v1/jobs/${waiting}/cancel`, { token, body: { reason: 'not needed' } })
  assert.equal(taken.json.status, 'cancelled')
  assert.deepEqual(await settledEnd(house(), waiting), { kind: 'cancelled', by: 'operator' })
  const asked = await here.ask('POST', `/api/v1/jobs/${going}/cancel`, { token, body: {} })
  assert.equal(asked.status, 200)
  assert.equal(asked.json.cancelRequestedBy, 'operator')
  const over = await jobWhen(house(), going, isOver, 3_000)
  assert.equal(over.status, 'cancelled')
  assert.deepEqual(await settledEnd(house(), going), { kind: 'cancelled', by: 'operator' })
  assert.deepEqual(await readTrace(trace('never')), [])
  assertProblem(await here.ask('POST', `/api/v1/jobs/${going}/cancel`, { token, body: {} }), 409, 'JOB_OVER')
  const events = await house().catalog.as(everything, (tx) =>
    tx
      .selectFrom('audit_events')
      .select(['action', 'outcome', 'subject_id', 'reason'])
      .where('action', '=', 'jobs.cancel')
      .orderBy('seq')
      .execute(),
  )
  assert.deepEqual(
    events.map(({ outcome, subject_id, reason }) => ({ outcome, subject_id, reason })),
    [
      { outcome: 'done', subject_id: waiting, reason: 'not needed' },
      { outcome: 'done', subject_id: going, reason: null },
      { outcome: 'refused', subject_id: going, reason: null },
    ],
  )
})

test('what may succeed later is tried again after a pause, with the fault shown meanwhile; damage and mistakes of ours are not', async () => {
  const again = await addSteps(house(), tenantId, { trace: trace('again'), act: 'unreachable', badAttempts: 1, steps: 1 })
  const damage = await addSteps(house(), tenantId, { trace: trace('damage'), act: 'damage' })
  const mistake = await addSteps(house(), tenantId, { trace: trace('mistake'), act: 'mistake' })
  const waiting = await jobWhen(house(), again, ({ status, attempt }) => status === 'pending' && attempt === 1)
  assert.equal(waiting.fault!.code, 'STORAGE_UNREACHABLE')
  const damaged = await jobWhen(house(), damage, isOver)
  assert.deepEqual([damaged.status, damaged.attempt, damaged.fault!.code], ['failed', 1, 'DAMAGE_BLOB'])
  const mistaken = await jobWhen(house(), mistake, isOver)
  assert.deepEqual([mistaken.status, mistaken.attempt, mistaken.fault!.code], ['failed', 1, 'INTERNAL'])
  assert.doesNotMatch(JSON.stringify(mistaken), /undefined is not a function/)
  assert.equal((await settledEnd(house(), damage))!.kind, 'failed')
  const over = await jobWhen(house(), again, isOver)
  assert.deepEqual([over.status, over.attempt, over.fault], ['completed', 2, null])
})

test('after the last attempt the run has failed, with the fault of that attempt', async () => {
  const id = await addSteps(house(), tenantId, { trace: trace('last'), act: 'crash' })
  await house().catalog.as(within(tenantId), (tx) => tx.updateTable('runs').set({ failures: 3 }).where('id', '=', id).execute())
  const over = await jobWhen(house(), id, isOver)
  assert.deepEqual([over.status, over.fault!.code], ['failed', 'JOB_CRASHED'])
  // Which of the two depends on whether the attempt had begun when its failures were counted.
  assert.match(over.fault!.fact, /SIGKILL|worker was lost/)
})

test('what came out says whether there are gaps; a kind that nobody knows is a failure', async () => {
  const gaps = await addSteps(house(), tenantId, { trace: trace('gaps'), steps: 7 })
  const unknown = await house().catalog.as(within(tenantId), (tx) =>
    house().queue.add(tx, {
      kind: 'of-tomorrow',
      tenantId,
      systemId: null,
      repositoryId: null,
      subjectId: null,
      title: 'of tomorrow',
      order: {},
      createdBy: { id: null, name: 'a test' },
      lane: house().random.uuid(),
    }),
  )
  assert.equal((await jobWhen(house(), gaps, isOver)).status, 'completed_with_gaps')
  const over = await jobWhen(house(), unknown, isOver)
  assert.deepEqual([over.status, over.fault!.code], ['failed', 'JOB_KIND'])
})

test('jobs are listed, filtered and paged in the tenants that the caller sees; those of others are not there', async () => {
  const strangers = await testTenant(here.service, 'strangers')
  const stranger = await testPerson(here.service, 'stranger', [{ role: 'SYSTEM_ADMIN', tenantId: strangers }])
  const page = await here.ask('GET', '/api/v1/jobs?pageSize=2&page=2', { token })
  assert.equal(page.json.rows.length, 2)
  assert.equal(page.json.page, 2)
  const all = await here.ask('GET', '/api/v1/jobs?pageSize=200&order=oldest', { token })
  assert.equal(all.json.total, all.json.rows.length)
  const times = all.json.rows.map(({ createdAt }: { createdAt: string }) => createdAt)
  assert.deepEqual(times, times.toSorted())
  const cancelled = await here.ask('GET', '/api/v1/jobs?status=cancelled&kind=test-steps', { token })
  assert.equal(cancelled.json.total, 2)
  assert.equal((await here.ask('GET', '/api/v1/jobs?isOpen=true', { token })).json.total, 0)
  assert.deepEqual((await here.ask('GET', '/api/v1/jobs', { token: stranger.token })).json.total, 0)
  const { id } = all.json.rows[0]
  for (const place of [`/api/v1/jobs/${id}`, `/api/v1/jobs/${id}/log`])
    assertProblem(await here.ask('GET', place, { token: stranger.token }), 404, 'NOT_FOUND')
  assertProblem(await here.ask('POST', `/api/v1/jobs/${id}/cancel`, { token: stranger.token, body: {} }), 404, 'NOT_FOUND')
  assertProblem(await here.ask('GET', '/api/v1/jobs?status=running', { token }), 422, 'INPUT_INVALID')
  const log = await here.ask('GET', `/api/v1/jobs/${id}/log?pageSize=1`, { token })
  assert.equal(log.json.rows[0].line, 'attempt 1 begins')
  assert.equal(log.json.total, 1)
})
