import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { RestoreJournal, type JournalState } from '#engine/restore/journal.ts'
import { everything } from '#service/catalog/scope.ts'
import { isOver, jobWhen } from '#test/support/test-jobs.ts'
import { RestoredSystem } from '#test/support/restored-system.ts'

const backedUp = { database: 'backed up 100', file: 'backed up' }
const live = { database: 'live 100', file: 'live' }

/** A real application that is asked to stop before a swap: it lets the first one wait for ever while it is told to. */
const hook = { isHeld: false }
const server = createServer((_request, response) => {
  if (!hook.isHeld) response.writeHead(204).end()
  hook.isHeld = false
})

let app: RestoredSystem
before(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  app = await RestoredSystem.make()
})
after(async () => {
  server.closeAllConnections()
  server.close()
  await app[Symbol.asyncDispose]()
})

async function settings(more: Record<string, unknown>): Promise<void> {
  await app.expect(200, 'PATCH', `/api/v1/systems/${app.systemId}`, { settings: more })
}

const heldHook = () => ({ hooks: { beforeSwap: { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/stop` } } })
const stateDirectory = () => path.join(app.here.directory, 'data', 'state')

async function when(id: string, isWanted: (state: JournalState) => boolean): Promise<void> {
  for (let attempt = 0; attempt < 3_000; attempt += 1) {
    try {
      if (isWanted((await RestoreJournal.open(stateDirectory(), id)).state)) return
    } catch {
      // It has not begun yet.
    }
    await systemClock.sleep(20)
  }
  assert.fail('the restore never came so far')
}

/** Its work stands between the journal's word and the first fence. */
async function whenSwapping(id: string): Promise<void> {
  await when(id, ({ step }) => step === 'swapping' && !hook.isHeld)
}

/** SIGKILL for the process that does the work of the restore, which is held: other jobs, such as a copy of the catalog, end by themselves. */
async function killChild(): Promise<void> {
  let children: readonly string[] = []
  for (let attempt = 0; attempt < 500; attempt += 1) {
    children = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isJobOfOurs(name))
    if (children.length === 1) break
    await systemClock.sleep(20)
  }
  assert.equal(children.length, 1)
  process.kill(Number(children[0]), 'SIGKILL')
}

function isJobOfOurs(pid: string): boolean {
  try {
    const parent = /^\d+ \(.*\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1]
    return parent === String(process.pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('job-child')
  } catch {
    // It ended meanwhile.
    return false
  }
}

const leftOvers = async () =>
  (
    await app.cluster.psql(
      'postgres',
      "select count(*) from pg_database where datname ~ '^integrum_stage' or (datname = 'app' and not datallowconn)",
    )
  ).trim()

test('a restore that is killed while it stages is carried out again by the same plan, and completes', async () => {
  await settings({ assertions: [{ name: 'takes its time', database: 'main', sql: 'select true from pg_sleep(2)' }] })
  await app.write('live')
  const plan = await app.plan()
  const { runId } = await app.execute(plan.id, await app.signer())
  await when(plan.id, ({ step }) => step === 'staging')
  await killChild()
  const job = await app.ended(runId)
  assert.equal(job.attempt, 2)
  assert.deepEqual(await app.look(), backedUp)
  const done = await app.expect(200, 'GET', `/api/v1/restore/${plan.id}`)
  assert.deepEqual([done.status, done.mayUndo], ['completed', true])
  assert.equal(await leftOvers(), '0')
  assert.ok(done.safetyBackupId)
})

test('one that is killed while it swaps is taken back by its successor, then carried out; so is its undo', async () => {
  await settings(heldHook())
  await app.write('live')
  const plan = await app.plan()
  hook.isHeld = true
  const { runId } = await app.execute(plan.id, await app.signer())
  await whenSwapping(plan.id)
  await killChild()
  assert.equal((await app.ended(runId)).attempt, 2)
  assert.deepEqual(await app.look(), backedUp)

  const signer = await app.signer()
  hook.isHeld = true
  const undo = await app.ask('POST', `/api/v1/restore/${plan.id}/undo`, {
    token: signer.token,
    body: { confirm: 'app', reason: 'taken back', signature: signer.sign() },
  })
  assert.equal(undo.status, 202, undo.text)
  await whenSwapping(undo.json.restoreId)
  await killChild()
  assert.equal((await app.ended(undo.json.runId)).attempt, 2)
  assert.deepEqual(await app.look(), live)
  assert.ok((await app.expect(200, 'GET', `/api/v1/restore/${plan.id}`)).undoneAt)
  assert.equal(await leftOvers(), '0')
})

test('one that nobody carries on any more is recovered when the service starts, and the trail says so', async () => {
  await settings(heldHook())
  await app.write('live')
  const plan = await app.plan()
  hook.isHeld = true
  const { runId } = await app.execute(plan.id, await app.signer())
  await whenSwapping(plan.id)
  const { catalog } = app.here.service.house
  await catalog.as(everything, (tx) => tx.updateTable('runs').set({ failures: 99 }).where('id', '=', runId).execute())
  await killChild()
  const job = await jobWhen(app.here.service.house, runId, isOver, 60_000)
  assert.deepEqual([job.status, job.fault?.code], ['failed', 'JOB_CRASHED'])
  await app.here.restart()
  const { state } = await RestoreJournal.open(stateDirectory(), plan.id)
  assert.equal(state.step, 'abandoned')
  assert.deepEqual(await app.look(), live)
  assert.equal(await leftOvers(), '0')
  const event = await app.here.service.house.catalog.as(everything, (tx) =>
    tx.selectFrom('audit_events').selectAll().where('action', '=', 'restore.recovered').executeTakeFirstOrThrow(),
  )
  assert.deepEqual(event.facts, { backupId: app.backupId, step: 'abandoned' })
})
