import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { everything } from '#service/catalog/scope.ts'
import { isAlive, startWorkerProcess, whenGone, type TestProcess } from '#test/support/processes.ts'
import { testService, testTenant, type TestService } from '#test/support/service.ts'
import { addSteps, isGoing, isOver, jobNow, jobWhen, readTrace, settledEnd, stepsKind } from '#test/support/test-jobs.ts'

let here: TestService
let tenantId: string
const house = () => here.service.house
const trace = (name: string) => path.join(here.directory, name)
const aWorker = () => startWorkerProcess(path.join(here.directory, 'data'))

before(async () => {
  here = await testService({ kinds: [stepsKind] })
  tenantId = await testTenant(here.service, 'clinic')
})
after(() => here[Symbol.asyncDispose]())

/** A job that goes on in one of two workers. */
async function goingIn(
  workers: readonly TestProcess[],
  name: string,
  order: Partial<Parameters<typeof addSteps>[2]> = {},
): Promise<{ readonly id: string; readonly owner: TestProcess; readonly childPid: number }> {
  const id = await addSteps(house(), tenantId, { trace: trace(name), steps: 20, ...order })
  const { worker } = await jobWhen(house(), id, ({ status, worker }) => status === 'in_progress' && worker !== null)
  for (;;) {
    const [first] = await readTrace(trace(name))
    if (first) return { id, owner: workers.find(({ pid }) => worker!.endsWith(` ${pid}`))!, childPid: first.pid }
    await systemClock.sleep(20)
  }
}

test('a worker that is killed: its child dies with it, another takes the job up within seconds and knows what was left to know', async () => {
  await using one = await aWorker()
  await using two = await aWorker()
  const { id, owner, childPid } = await goingIn([one, two], 'killed', { steps: 40 })
  await jobWhen(house(), id, isGoing)
  owner.signal('SIGKILL')
  const killedMs = systemClock.monotonicMs()
  await whenGone(childPid, 20_000)
  const again = await jobWhen(house(), id, ({ attempt }) => attempt === 2, 20_000)
  assert.ok(systemClock.monotonicMs() - killedMs < 16_000, `taken up after ${systemClock.monotonicMs() - killedMs} ms`)
  assert.notEqual(again.worker, null)
  const over = await jobWhen(house(), id, isOver)
  assert.deepEqual([over.status, over.attempt, over.fault], ['completed', 2, null])
  assert.deepEqual(await settledEnd(house(), id), { kind: 'completed', output: { steps: 40, previousTrail: { begun: 1 } } })
  assert.deepEqual(
    (await readTrace(trace('killed'))).map(({ what, attempt }) => `${what} ${attempt}`),
    ['begin 1', 'begin 2', 'end 2'],
  )
})

test('a worker that is frozen is fenced off: its child ends before another begins, and when it comes back it changes nothing', async () => {
  await using one = await aWorker()
  await using two = await aWorker()
  const { id, owner, childPid } = await goingIn([one, two], 'frozen', { act: 'deaf', badAttempts: 1, steps: 30 })
  owner.signal('SIGSTOP')
  await jobWhen(house(), id, ({ attempt }) => attempt === 2, 20_000)
  assert.equal(isAlive(childPid) && (await isRunning(childPid)), false)
  const before = await jobNow(house(), id)
  owner.signal('SIGCONT')
  const over = await jobWhen(house(), id, isOver)
  assert.deepEqual([over.status, over.attempt, over.worker], ['completed', 2, before.worker])
  assert.ok(isAlive(owner.pid), `it goes on, with other jobs: ${owner.output()}`)
  assert.deepEqual(
    (await readTrace(trace('frozen'))).map(({ what, attempt }) => `${what} ${attempt}`),
    ['begin 1', 'begin 2', 'end 2'],
  )
})

test('a worker that is stopped hands its job over at once, and that counts as no failure', async () => {
  await using one = await aWorker()
  await using two = await aWorker()
  const { id, owner } = await goingIn([one, two], 'stopped')
  const stoppedMs = systemClock.monotonicMs()
  owner.signal('SIGTERM')
  const again = await jobWhen(house(), id, ({ attempt, status }) => attempt === 2 && status === 'in_progress', 10_000)
  assert.ok(systemClock.monotonicMs() - stoppedMs < 4_000, `taken up after ${systemClock.monotonicMs() - stoppedMs} ms`)
  assert.equal(again.fault, null)
  assert.deepEqual(await owner.ended, { exitCode: 0, signal: null })
  assert.equal((await jobWhen(house(), id, isOver)).status, 'completed')
  const failures = await house().catalog.as(everything, (tx) =>
    tx.selectFrom('runs').select('failures').where('id', '=', id).executeTakeFirst(),
  )
  assert.deepEqual(failures, { failures: 0 })
})

test('work that must not be interrupted is let finish what it is at when its worker stops', async () => {
  await using one = await aWorker()
  const { id } = await goingIn([one], 'swap', { act: 'swap', badAttempts: 1, steps: 50 })
  await systemClock.sleep(300)
  one.signal('SIGTERM')
  await one.ended
  const waiting = await jobNow(house(), id)
  assert.deepEqual([waiting.status, waiting.worker], ['pending', null])
  assert.deepEqual(
    (await readTrace(trace('swap'))).map(({ what }) => what),
    ['begin', 'swapped'],
  )
  await here.ask('GET', '/healthz')
  await house().catalog.as(everything, (tx) => house().queue.cancel(tx, id, 'the test'))
  assert.equal((await settledEnd(house(), id))!.kind, 'cancelled')
})

test('a job whose worker is lost is cancelled by whoever takes it up', async () => {
  await using one = await aWorker()
  const { id } = await goingIn([one], 'lost', { steps: 600 })
  one.signal('SIGKILL')
  await house().catalog.as(everything, (tx) => house().queue.cancel(tx, id, 'the test'))
  assert.equal((await jobNow(house(), id)).status, 'in_progress')
  await using _two = await aWorker()
  const over = await jobWhen(house(), id, isOver, 20_000)
  assert.equal(over.status, 'cancelled')
  assert.equal((await readTrace(trace('lost'))).length, 1)
})

/** One that has ended and whose end nobody has asked for is there by its name only. */
async function isRunning(pid: number): Promise<boolean> {
  return !/\) [ZX] /.test(await readFile(`/proc/${pid}/stat`, 'utf8'))
}
