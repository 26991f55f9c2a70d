import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { systemClock, type Clock } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import type { TalkingInput, TalkingOutput } from '#test/support/job-work/talking.work.ts'
import type { DatabasePassword, Trail } from './job-kind.ts'
import { startJobProcess, type JobEnd, type JobProcess } from './job-process.ts'

interface Heard {
  readonly process: JobProcess
  readonly stages: string[]
  readonly lines: string[]
  readonly trail: Trail[]
}

async function started(
  act: TalkingInput['act'],
  options: { readonly clock?: Clock; readonly databasePasswords?: readonly DatabasePassword[] } = {},
): Promise<Heard> {
  const { clock = systemClock, ...passwords } = options
  const heard = { stages: [] as string[], lines: [] as string[], trail: [] as Trail[] }
  const process = await startJobProcess({
    work: new URL('../../../test/support/job-work/talking.work.ts', import.meta.url),
    prepared: { input: { secret: 'swordfish', act } satisfies TalkingInput, ...passwords },
    attempt: 2,
    previousTrail: { locks: ['b'.repeat(64)] },
    clock,
    onProgress: ({ stage }) => heard.stages.push(stage),
    onLog: (line) => heard.lines.push(line),
    onTrail: async (patch) => heard.trail.push(patch) > 0,
  })
  return { process, ...heard }
}

function outputOf(end: JobEnd): TalkingOutput {
  assert.equal(end.kind, 'done', JSON.stringify(end))
  return (end as { output: TalkingOutput }).output
}

const password = { host: 'db:1', port: '*', database: '*', user: 'postgres', password: String.raw`sword\fish:1` } as const

test('the work is done in a process of its own; progress, log, trail and result come back; secrets stand in no argument and no environment', async () => {
  const { process, stages, lines, trail } = await started('tell', { databasePasswords: [password] })
  const output = outputOf(await process.ended)
  assert.deepEqual(stages, ['first'])
  assert.deepEqual(lines, ['begun'])
  assert.deepEqual(trail, [{ step: 'tell' }, { locks: ['b'.repeat(64), 'a'.repeat(64)] }])
  assert.deepEqual(output.previousTrail, { locks: ['b'.repeat(64)] })
  assert.ok(output.argumentsAndEnvironment.includes('job-child.ts'))
  assert.doesNotMatch(output.argumentsAndEnvironment, /sword(fish|\\)|INTEGRUM_DATABASE/)
})

test('database passwords are a file for the child alone, escaped as libpq reads it, and gone with the child', async () => {
  const { process } = await started('tell', { databasePasswords: [password] })
  const output = outputOf(await process.ended)
  assert.equal(output.passwords, String.raw`db\:1:*:*:postgres:sword\\fish\:1` + '\n')
  assert.deepEqual(output.modes, [0o600, 0o700])
  assert.notEqual(output.passwordFile, '')
  assert.equal(existsSync(path.dirname(output.passwordFile)), false)
})

test('a fault arrives with its code and facts, a mistake with its stack, an end without a word with its exit code', async () => {
  const fault = await (await started('fault')).process.ended
  assert.ok(fault.kind === 'fault')
  assert.equal(fault.fault.code, 'STORAGE_UNREACHABLE')
  assert.deepEqual(fault.fault.facts, { disk: 'a' })
  const mistake = await (await started('mistake')).process.ended
  assert.ok(mistake.kind === 'mistake')
  assert.match(mistake.stack, /TypeError: undefined is not a function\n.*talking\.work\.ts/)
  const gone = await (await started('exit')).process.ended
  assert.ok(gone.kind === 'gone')
  assert.match(gone.how, /^exit code 9/)
})

test('cancelling aborts the signal of the work; work that does not hear is killed after the grace time', async () => {
  const hearing = await started('wait')
  await atWork(hearing)
  hearing.process.cancel(new Fault('CANCELLED', 'cancelled by somebody'))
  const end = await hearing.process.ended
  assert.ok(end.kind === 'fault')
  assert.equal(end.fault.code, 'CANCELLED')
  const graceful: Clock = { ...systemClock, sleep: async () => undefined }
  const deaf = await started('deaf', { clock: graceful })
  await atWork(deaf)
  deaf.process.cancel(new Fault('CANCELLED', 'cancelled by somebody'))
  const killed = await deaf.process.ended
  assert.ok(killed.kind === 'gone')
  assert.match(killed.how, /^SIGKILL/)
})

test('a process whose worker is frozen, and so says nothing any more, ends by itself before the job is handed to another', async () => {
  const silent: Clock = { ...systemClock, every: () => ({ [Symbol.dispose]: () => undefined }) }
  const startedMs = systemClock.monotonicMs()
  const end = await (await started('deaf', { clock: silent })).process.ended
  assert.ok(end.kind === 'gone')
  assert.match(end.how, /^exit code 70/)
  assert.ok(systemClock.monotonicMs() - startedMs < 12_000)
})

async function atWork({ trail }: Heard): Promise<void> {
  while (trail.length < 2) await systemClock.sleep(20)
}
