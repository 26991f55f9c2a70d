import assert from 'node:assert/strict'
import { mkdir, rename } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { systemClock } from '#base/clock.ts'
import { recordSystemEvent } from '#service/audit/audit.ts'
import { enqueueCopies, signCheckpoint } from '#service/audit/checkpointing.ts'
import { everything } from '#service/catalog/scope.ts'
import { run } from '#host/run.ts'
import { program } from '#test/support/command-line.ts'
import { testPerson, testService, testTenant, type TestService } from '#test/support/service.ts'

let here: TestService
let tenant: string
let admin: string
let sql: pg.Client
let place: string

before(async () => {
  here = await testService({ isWorker: true })
  tenant = await testTenant(here.service, 'ours')
  admin = (await testPerson(here.service, 'admin', [{ role: 'SYSTEM_ADMIN', tenantId: null }])).token
  sql = new pg.Client({ ...here.service.house.catalog.connection, user: 'postgres' })
  await sql.connect()
  await mkdir(path.join(here.directory, 'places'))
  place = path.join(here.directory, 'places', 'main')
  const body = { tenantId: tenant, name: 'main', place: `local:${place}`, mode: 'create' }
  const made = await here.ask('POST', '/api/v1/repositories', { token: admin, body })
  assert.equal(made.status, 201, made.text)
})
after(async () => {
  await sql.end()
  await here[Symbol.asyncDispose]()
})

async function happen(count: number): Promise<void> {
  const { house } = here.service
  for (let index = 0; index < count; index += 1)
    await house.catalog.as(everything, (tx) => recordSystemEvent(tx, house, { action: 'backup.completed', tenantId: tenant }))
}

/** As the hour does it, and waits for the job. */
async function copied(): Promise<void> {
  const { house } = here.service
  await sql.query("update runs set created_at = created_at - interval '2 hours' where kind = 'audit-copy'")
  await enqueueCopies(house)
  for (;;) {
    const { rows } = await sql.query("select status, fault from runs where kind = 'audit-copy' order by created_at desc limit 1")
    if (rows[0]?.status === 'completed') return
    assert.notEqual(rows[0]?.status, 'failed', JSON.stringify(rows[0]))
    await systemClock.sleep(50)
  }
}

async function verify(body: object = {}): Promise<any> {
  const answer = await here.ask('POST', '/api/v1/audit/verify', { token: admin, body })
  assert.equal(answer.status, 200, answer.text)
  return answer.json
}

test('a copy of the newest checkpoint lies in the repository, once, and is asked for it', async () => {
  await happen(5)
  const checkpoint = await signCheckpoint(here.service.house)
  await copied()
  await enqueueCopies(here.service.house)
  assert.equal((await sql.query("select count(*)::int as n from runs where kind = 'audit-copy'")).rows[0].n, 1)
  const report = await verify()
  assert.deepEqual(report.findings, [])
  assert.deepEqual(
    report.repositories.map(({ copies, lastSeq, problem }: any) => [copies, lastSeq, problem]),
    [[1, checkpoint!.seq, null]],
  )
  const backups = await here.ask('GET', '/api/v1/backup/list', { token: admin })
  assert.equal(backups.json.total, 0, 'a copy is no backup')
})

test('a trail that was cut off together with its checkpoints, back to an end that was signed once, is found by the copies', async () => {
  await happen(3)
  await signCheckpoint(here.service.house)
  const { rows } = await sql.query('select * from audit_head')
  const old = rows[0]
  await happen(4)
  const checkpoint = await signCheckpoint(here.service.house)
  await copied()
  const tables = ['audit_events', 'audit_checkpoints', 'audit_head']
  for (const name of tables) await sql.query(`alter table ${name} disable trigger all`)
  await sql.query('delete from audit_events where seq > $1', [old.seq])
  await sql.query('delete from audit_checkpoints where seq > $1', [old.seq])
  await sql.query('delete from audit_copies')
  await sql.query('update audit_head set seq = $1, hash = $2, signed = $3', [old.seq, old.hash, JSON.stringify(old.signed)])
  for (const name of tables) await sql.query(`alter table ${name} enable trigger all`)
  const data = path.join(here.directory, 'data')
  const told = await run(program, ['audit', 'verify', '--data', data, '--json'], { env: { PATH: process.env['PATH'] } })
  assert.equal(told.exitCode, 1, told.stdout + told.stderr)
  const report = JSON.parse(told.stdout.trim().split('\n').at(-1)!)
  assert.deepEqual([report.findings[0].kind, report.findings[0].seq], ['truncated', Number(old.seq) + 1])
  assert.match(report.findings[0].fact, new RegExp(`the checkpoint of event ${checkpoint!.seq} .* in repository main`))
  // What nobody asks, nobody hears.
  const alone = await run(program, ['audit', 'verify', '--data', data, '--no-repositories'], { env: { PATH: process.env['PATH'] } })
  assert.equal(alone.exitCode, 0, alone.stdout)
})

test('a repository that does not answer is named, and the catalog is verified all the same', async () => {
  await rename(place, `${place}-away`)
  const report = await verify()
  await rename(`${place}-away`, place)
  assert.match(report.repositories[0].problem, /no repository|ENOENT|not/)
  assert.ok(report.events > 5)
})
