import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { readFile, readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { MiB, durations } from '#base/units.ts'
import type { Job } from '#contract/jobs.ts'
import { everything } from '#service/catalog/scope.ts'
import { startWorkerProcess, type TestProcess } from '#test/support/processes.ts'
import { eventsOf } from '#test/support/protected-system.ts'
import { RestoredSystem } from '#test/support/restored-system.ts'
import { isOver, jobWhen } from '#test/support/test-jobs.ts'

// Two workers, each a process of its own, and none in the service.

let app: RestoredSystem
const workers: TestProcess[] = []
const house = () => app.here.service.house
const dataDirectory = () => path.join(app.here.directory, 'data')
const takeoverMsMax = 60 * durations.second
const largeFiles = 24
const largeBytes = 8 * MiB

before(async () => {
  app = await RestoredSystem.make(async (here) => {
    for (let count = 0; count < 2; count += 1) workers.push(await startWorkerProcess(path.join(here.directory, 'data')))
  })
})
after(async () => {
  for (const worker of workers) await worker[Symbol.asyncDispose]()
  await app[Symbol.asyncDispose]()
})

/** New content of the same size, so that nothing of it is in the repository yet. */
async function writeLarge(word: string): Promise<void> {
  await app.write(word)
  for (let number = 0; number < largeFiles; number += 1) await writeFile(path.join(app.root, `large-${number}`), randomBytes(largeBytes))
}

async function allFiles(): Promise<string> {
  const hash = createHash('sha256')
  for (const name of (await readdir(app.root)).toSorted()) hash.update(name).update(await readFile(path.join(app.root, name)))
  return hash.digest('hex')
}

/** SIGKILL to the worker that has it, at that moment, and another worker in its place. */
async function killWorkerOf(runId: string, isMoment: (job: Job) => boolean): Promise<Job> {
  const job = await jobWhen(house(), runId, (one) => one.status === 'in_progress' && isMoment(one))
  const index = workers.findIndex(({ pid }) => job.worker!.endsWith(` ${pid}`))
  workers[index]!.signal('SIGKILL')
  await workers[index]!.ended
  workers[index] = await startWorkerProcess(dataDirectory())
  return job
}

function millisecondsOf({ createdAt, endedAt }: Job): number {
  return Date.parse(endedAt!) - Date.parse(createdAt)
}

const isStoring = ({ stage }: Job) => stage === 'store'
const askBackup = () => app.expect(202, 'POST', '/api/v1/backup/create', { systemId: app.systemId, type: 'full' })

test('a worker killed in the middle of a backup: the backup is completed once, whole, soon, and no lock is left', async (t) => {
  await writeLarge('first')
  const usual = await app.ended((await askBackup()).runId)
  await writeLarge('backed up')
  const { runId, backupId } = await askBackup()
  const killed = await killWorkerOf(runId, isStoring)
  const over = await app.ended(runId)
  assert.ok(over.attempt > killed.attempt && over.worker !== killed.worker)
  assert.ok(millisecondsOf(over) - millisecondsOf(usual) < takeoverMsMax, `${millisecondsOf(over)} ms instead of ${millisecondsOf(usual)}`)
  t.diagnostic(
    `${millisecondsOf(usual)} ms usually, ${millisecondsOf(over)} ms with its worker killed at ${Math.round(killed.doneBytes! / MiB)} MiB`,
  )
  const backup = await app.expect(200, 'GET', `/api/v1/backup/${backupId}`)
  assert.deepEqual([backup.status, backup.fault], ['completed', null])
  assert.equal((await eventsOf(app.here, 'backup.completed')).filter(({ subject_id }) => subject_id === backupId).length, 1)
  assert.deepEqual(await readdir(path.join(app.here.directory, 'backups', 'locks')), [])
  const verifying = await app.expect(202, 'POST', `/api/v1/backup/${backupId}/verify`, {})
  await app.ended(verifying.runId)
  assert.equal((await app.expect(200, 'GET', `/api/v1/backup/${backupId}`)).standing, 'intact')
  app.backupId = backupId
})

/** Restores what was backed up over something else, while its worker is killed. */
async function restoreKilled(isMoment: (job: Job) => boolean): Promise<{ readonly killed: Job; readonly over: Job }> {
  const wanted = await allFiles()
  const seen = await app.look()
  await writeLarge('something else')
  const plan = await app.plan()
  const { restoreId, runId } = await app.execute(plan.id, await app.signer())
  const killed = await killWorkerOf(runId, isMoment)
  const over = await jobWhen(house(), runId, isOver, 120_000)
  assert.deepEqual([over.status, over.fault], ['completed', null])
  assert.deepEqual(await app.look(), seen)
  assert.equal(await allFiles(), wanted)
  const details = await app.expect(200, 'GET', `/api/v1/restore/${restoreId}`)
  assert.deepEqual([details.status, details.mayUndo], ['completed', true])
  assert.equal((await eventsOf(app.here, 'restore.completed')).filter(({ subject_id }) => subject_id === restoreId).length, 1)
  const staged = await app.cluster.psql('postgres', "select count(*) from pg_database where datname ~ '^integrum_stage'")
  assert.equal(staged.trim(), '0')
  assert.ok(millisecondsOf(over) < millisecondsOf(usualRestore ?? over) + takeoverMsMax)
  return { killed, over }
}

let usualRestore: Job | undefined

test('a worker killed while a restore is built beside: the restore is completed, and the data is what was backed up', async (t) => {
  {
    await writeLarge('before')
    const { runId } = await app.execute((await app.plan()).id, await app.signer())
    usualRestore = await app.ended(runId)
  }
  const { killed, over } = await restoreKilled(
    ({ stage }) => stage !== null && !['store', 'safety backup', 'swap', 'finish'].includes(stage),
  )
  assert.ok(over.attempt > killed.attempt)
  t.diagnostic(`${millisecondsOf(usualRestore!)} ms usually, ${millisecondsOf(over)} ms with its worker killed in ${killed.stage}`)
})

test('a worker killed in the swap itself: it is finished or taken back by the journal, and the restore is completed', async (t) => {
  const hasBegunSwap = async (): Promise<boolean> => {
    const row = await house().catalog.as(everything, (tx) =>
      tx.selectFrom('runs').select('trail').where('kind', '=', 'restore').where('status', '=', 'in_progress').executeTakeFirst(),
    )
    return row?.trail['isUninterruptible'] === true
  }
  const watching = new AbortController()
  let isSwapping = false
  const watch = (async () => {
    while (!watching.signal.aborted && !isSwapping) {
      isSwapping = await hasBegunSwap()
      await systemClock.sleep(5)
    }
  })()
  const { over } = await restoreKilled(() => isSwapping)
  t.diagnostic(`${millisecondsOf(over)} ms with its worker killed in the swap`)
  watching.abort()
  await watch
})
