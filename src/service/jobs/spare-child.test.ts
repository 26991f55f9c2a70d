import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { systemClock, type Clock } from '#base/clock.ts'
import { isAlive, whenGone } from '#test/support/processes.ts'
import type { TalkingInput, TalkingOutput } from '#test/support/job-work/talking.work.ts'
import { startJobProcess } from './job-process.ts'
import { SpareChild } from './spare-child.ts'

/** Waits for nothing. */
const eager: Clock = { ...systemClock, sleep: async () => undefined }
const password = { host: 'db', port: '*', database: '*', user: 'postgres', password: 'sword:fish' } as const

async function told(spare: SpareChild, isPressing = false): Promise<TalkingOutput> {
  const process = await startJobProcess({
    work: new URL('../../../test/support/job-work/talking.work.ts', import.meta.url),
    prepared: { input: { secret: 'swordfish', act: 'tell' } satisfies TalkingInput, databasePasswords: [password] },
    isPressing,
    spare,
    attempt: 1,
    previousTrail: {},
    clock: systemClock,
    onProgress: () => undefined,
    onLog: () => undefined,
    onTrail: async () => true,
  })
  const end = await process.ended
  assert.ok(end.kind === 'done', JSON.stringify(end))
  return end.output as TalkingOutput
}

/** The one child of this process that loads ahead. */
function sparesOfOurs(): number[] {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ').filter(Boolean)
  return children.filter((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes('ahead')).map(Number)
}

const niceness = (pid: number) => Number(/^\d+ \(.*\) (?:\S+ ){16}(\S+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))![1])

/** Of its whole session, where the kernel shares processors between sessions: without it the process's own says nothing to others. */
function sessionNiceness(pid: number): number {
  const place = `/proc/${pid}/autogroup`
  return existsSync(place) ? Number(/nice (-?\d+)/.exec(readFileSync(place, 'utf8'))![1]) : niceness(pid)
}

test('a job is done by the process that waits for one, with its own secrets and passwords; the next one starts its own', async () => {
  await using spare = new SpareChild({ clock: eager, isBusy: () => false })
  await spare.refill()
  await spare.refill()
  const [pid, ...more] = sparesOfOurs()
  assert.ok(pid !== undefined && more.length === 0)
  assert.equal(niceness(pid), 10)
  assert.equal(sessionNiceness(pid), 10)
  const first = await told(spare)
  assert.equal(first.pid, pid)
  assert.equal(first.passwords, 'db:*:*:postgres:sword\\:fish\n')
  assert.doesNotMatch(first.argumentsAndEnvironment, /sword|PGPASSFILE/)
  assert.equal(isAlive(pid), false)
  assert.notEqual((await told(spare)).pid, pid)
})

test('a job that somebody waits for starts its own process, with the priority of the service', async () => {
  await using spare = new SpareChild({ clock: eager, isBusy: () => false })
  await spare.refill()
  assert.notEqual((await told(spare, true)).pid, sparesOfOurs()[0])
  assert.equal(sparesOfOurs().length, 1)
})

test('none is started beside a job, one that died is not handed out, and it ends with its worker', async () => {
  let isBusy = true
  const spare = new SpareChild({ clock: eager, isBusy: () => isBusy })
  await spare.refill()
  assert.deepEqual(sparesOfOurs(), [])
  isBusy = false
  await spare.refill()
  const [killed] = sparesOfOurs()
  process.kill(killed!, 'SIGKILL')
  await whenGone(killed!, 5_000)
  assert.notEqual((await told(spare)).pid, killed)
  await spare.refill()
  const [last] = sparesOfOurs()
  await spare[Symbol.asyncDispose]()
  assert.equal(isAlive(last!), false)
})
